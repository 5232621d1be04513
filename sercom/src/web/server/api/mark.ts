import { isoTime } from '../../../formats/times.js';
import { nowUs } from '../../../records/clock.js';
import { escapeText } from '../../../text/escape.js';
import type { PageModel } from '../page-model.js';
import type { Route } from '../web-server.js';
import { allowed } from './send.js';

/** The longest text of a marker. */
const MAX_CHARACTERS = 200;

/** POST /api/mark: sets a marker, here and in the log. */
export function markRoute(model: PageModel): Route {
  let markers = 0;
  return {
    method: 'POST',
    async answer(exchange) {
      const sender = allowed(model);
      const fields = await exchange.fields();
      // A line end would begin another line of the log.
      const text = fields.has('text') ? escapeText(fields.text('text', MAX_CHARACTERS)) : '';
      // Like that of the key m. The log has no other time for it.
      sender.mark(`${text === '' ? `marker ${++markers} of the page` : text}  ${isoTime(nowUs())}`);
      exchange.json({});
    },
  };
}
