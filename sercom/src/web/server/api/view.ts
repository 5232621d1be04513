import { CliError } from '../../../cli-error.js';
import { escapeText } from '../../../text/escape.js';
import type { ViewAnswer } from '../../protocol.js';
import { FILTER_CHARACTERS, MAX_ROWS } from '../../request-limits.js';
import type { Feeds } from '../feeds.js';
import type { Route } from '../web-server.js';

/** POST /api/view: what a feed is to send from now on. */
export function viewRoute(feeds: Feeds): Route {
  return {
    method: 'POST',
    async answer(exchange) {
      const fields = await exchange.fields();
      const feed = feeds.get(fields.text('feed'));
      const filter = fields.has('filter') ? fields.text('filter', FILTER_CHARACTERS).trim() : '';
      const view = {
        view: fields.integer('view', 1),
        filter: filter === '' ? undefined : filter,
        follow: fields.integer('follow', 0, MAX_ROWS),
        kinds: fields.flag('kinds'),
      };
      exchange.json(show());

      function show(): ViewAnswer {
        try {
          feed.show(view);
        } catch (error) {
          if (error instanceof CliError) {
            return { problem: escapeText(error.message) };
          }
          throw error;
        }
        feeds.changed();
        return {};
      }
    },
  };
}
