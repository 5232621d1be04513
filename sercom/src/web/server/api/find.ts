import { CliError } from '../../../cli-error.js';
import { escapeText } from '../../../text/escape.js';
import type { FindAnswer } from '../../protocol.js';
import { FILTER_CHARACTERS } from '../../request-limits.js';
import { find } from '../../store/find.js';
import { parseWanted, type Wanted } from '../../store/wanted.js';
import type { Feeds } from '../feeds.js';
import type { Slots } from '../limits.js';
import type { PageModel } from '../page-model.js';
import { Refusal } from '../refusal.js';
import type { Route } from '../web-server.js';

/** POST /api/find: the next row that contains something. */
export function findRoute({ store, hasIds }: PageModel, feeds: Feeds, slots: Slots): Route {
  return {
    method: 'POST',
    async answer(exchange) {
      const fields = await exchange.fields();
      const { matching } = feeds.get(fields.text('feed'));
      const position = fields.integer('position', 0);
      const isBackward = fields.flag('backward');
      const wanted = wantedOf(fields.text('what', FILTER_CHARACTERS));
      if ('problem' in wanted) {
        exchange.json(wanted);
        return;
      }
      if (!slots.take()) {
        throw new Refusal('busy', `${slots.used} searches are in progress; wait for them`, { 'Retry-After': '1' });
      }
      // A search among many rows takes seconds.
      const answered = exchange.awaitAnswer();
      const { signal } = exchange;
      try {
        const found = await find({ store, rows: matching, wanted, position, isBackward, signal });
        exchange.json((found ?? {}) satisfies FindAnswer);
      } catch (error) {
        if (!signal.aborted) {
          throw error;
        }
        // The client has left, or looks for something else.
      } finally {
        answered();
        slots.free();
      }
    },
  };

  function wantedOf(what: string): Wanted | { problem: string } {
    try {
      return parseWanted(what, hasIds);
    } catch (error) {
      if (error instanceof CliError) {
        return { problem: escapeText(error.message) };
      }
      throw error;
    }
  }
}
