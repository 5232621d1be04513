import { PlotCsv } from '../../series/plot-csv.js';
import type { Slots } from '../limits.js';
import type { PageModel } from '../page-model.js';
import type { Route } from '../web-server.js';
import { rangeOf, refusing } from './plot.js';
import { reportMissed, withSlot } from './save.js';

/** POST /api/save-plot: all points of series in a range, as CSV. */
export function savePlotRoute({ store, series }: PageModel, slots: Slots): Route {
  return {
    method: 'POST',
    async answer(exchange) {
      const request = rangeOf(await exchange.fields());
      await withSlot(slots, async () => {
        const nameOf = (index: number) => store.names.at(index);
        const csv = await refusing(() => new PlotCsv(request, { series, held: store, nameOf }));
        await exchange.file('text/csv; charset=utf-8', csv);
        reportMissed(csv.missedPoints, 'point');
      });
    },
  };
}
