import type { RowsAnswer } from '../../protocol.js';
import { MAX_ROWS } from '../../request-limits.js';
import { rowsAt } from '../feed.js';
import type { Feeds } from '../feeds.js';
import type { PageModel } from '../page-model.js';
import type { Route } from '../web-server.js';

/** POST /api/rows: rows by their position. */
export function rowsRoute(model: PageModel, feeds: Feeds): Route {
  return {
    method: 'POST',
    async answer(exchange) {
      const fields = await exchange.fields();
      const { matching } = feeds.get(fields.text('feed'));
      const position = Math.max(fields.integer('position', 0), matching.first);
      const end = Math.min(position + fields.integer('count', 0, MAX_ROWS), matching.end);
      exchange.json({ position, rows: rowsAt(model, matching, position, end) } satisfies RowsAnswer);
    },
  };
}
