import type { LocateAnswer } from '../../protocol.js';
import type { Feeds } from '../feeds.js';
import type { Fields } from '../fields.js';
import type { PageModel } from '../page-model.js';
import { Refusal } from '../refusal.js';
import type { Route } from '../web-server.js';

/** POST /api/locate: where a time or a row is. */
export function locateRoute({ store }: PageModel, feeds: Feeds): Route {
  return {
    method: 'POST',
    async answer(exchange) {
      const fields = await exchange.fields();
      const { matching } = feeds.get(fields.text('feed'));
      const position = matching.positionOf(wantedRow(fields));
      const row = matching.rowAt(position);
      exchange.json({ position, ...(row !== undefined && { row }) } satisfies LocateAnswer);
    },
  };

  function wantedRow(fields: Fields): number {
    if (fields.has('row') === fields.has('timeUs')) {
      throw new Refusal('body', 'either "row" or "timeUs" must be set');
    }
    return fields.has('row') ? fields.integer('row', 0) : store.rowAtTime(fields.number('timeUs'));
  }
}
