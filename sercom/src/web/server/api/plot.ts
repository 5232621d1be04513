import type { PlotAnswer, PlotRequest } from '../../protocol.js';
import { MAX_COLUMNS, MAX_PLOT_SERIES } from '../../request-limits.js';
import { type PlotSources, plot } from '../../series/plot.js';
import { PlotRequestError } from '../../series/plot-request.js';
import type { Fields } from '../fields.js';
import type { PageModel } from '../page-model.js';
import { Refusal } from '../refusal.js';
import type { Route } from '../web-server.js';

/** POST /api/plot: points of series for a range of time, as many as a screen can show. */
export function plotRoute({ store, series, plotMarks, rows }: PageModel): Route {
  const sources: PlotSources = {
    series,
    marks: plotMarks,
    held: store,
    markRow(row) {
      const mark = store.markAt(row);
      return mark && rows.markRow(row, mark);
    },
  };
  return {
    method: 'POST',
    async answer(exchange) {
      const fields = await exchange.fields();
      const request: PlotRequest = { ...rangeOf(fields), columns: fields.integer('columns', 1, MAX_COLUMNS) };
      exchange.json((await refusing(() => plot(request, sources))) satisfies PlotAnswer);
    },
  };
}

/** The series and the range of a request. */
export function rangeOf(fields: Fields): Pick<PlotRequest, 'series' | 'fromUs' | 'toUs'> {
  return {
    series: fields.integers('series', MAX_PLOT_SERIES),
    ...(fields.has('fromUs') && { fromUs: fields.number('fromUs') }),
    ...(fields.has('toUs') && { toUs: fields.number('toUs') }),
  };
}

/** Refuses a request for a plot that makes no sense. */
export async function refusing<Answer>(answer: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return await answer();
  } catch (error) {
    throw error instanceof PlotRequestError ? new Refusal('body', error.message) : error;
  }
}
