import { parseFilter } from '../../../records/filter.js';
import { printMessage } from '../../../terminal/message.js';
import { count } from '../../../text/count.js';
import type { SaveRequest } from '../../protocol.js';
import type { Feeds } from '../feeds.js';
import type { Slots } from '../limits.js';
import type { PageModel } from '../page-model.js';
import { Refusal } from '../refusal.js';
import { SAVE_FORMATS } from '../saving/save-formats.js';
import { SavedRows } from '../saving/saved-rows.js';
import type { Route } from '../web-server.js';

const FORMATS = ['log', 'pcapng', 'csv'] as const satisfies readonly SaveRequest['format'][];

/** POST /api/save: what is held, as a file. */
export function saveRoute(model: PageModel, feeds: Feeds, slots: Slots): Route {
  return {
    method: 'POST',
    async answer(exchange) {
      const fields = await exchange.fields();
      const { type, make } = SAVE_FORMATS[fields.choice('format', FORMATS)];
      const filter = fields.has('feed') ? feeds.get(fields.text('feed')).filter : undefined;
      const matches = filter === undefined ? undefined : parseFilter(filter, 'filter', model.hasIds);
      await withSlot(slots, async () => {
        const rows = new SavedRows(model.store, matches, make(model), exchange.signal);
        await exchange.file(type, rows);
        reportMissed(rows.missedRows, 'row');
      });
    },
  };
}

/** Saves, unless too much is being saved already. */
export async function withSlot(slots: Slots, save: () => Promise<void>): Promise<void> {
  if (!slots.take()) {
    throw new Refusal('busy', `${slots.used} files are being saved; wait for them`, { 'Retry-After': '5' });
  }
  try {
    await save();
  } finally {
    slots.free();
  }
}

/**
 * Reports what was dropped before it could be saved. Not every format has a place for that.
 *
 * @param what - one of what is missing, such as `row`
 */
export function reportMissed(missed: number, what: string): void {
  if (missed > 0) {
    printMessage(`saving from the page was too slow: ${count(missed, what)} dropped before; raise --web-memory`);
  }
}
