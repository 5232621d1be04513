import { setImmediate as turn } from 'node:timers/promises';
import type { MarkRow, PlotAnswer, PlotRequest, PlotSeries } from '../protocol.js';
import { MAX_COLUMNS } from '../request-limits.js';
import { Columns } from './columns.js';
import type { PlotMarks } from './plot-marks.js';
import { checkRange, checkSeries, type HeldTimes, PlotRequestError } from './plot-request.js';
import type { Series } from './series.js';
import type { SeriesStore } from './series-store.js';
import { summarize } from './summary.js';
import type { TimeRange } from './time-range.js';

/** The most columns of all series together, each of which may have four points. */
const MAX_COLUMNS_OF_ALL = 16 * MAX_COLUMNS;

/** The most marks of an answer. */
export const MAX_PLOT_MARKS = 200;

/** What plots are made of. */
export interface PlotSources {
  readonly series: SeriesStore;
  readonly marks: PlotMarks;
  /** The times of all rows that are held, which is the range of a plot by default. */
  readonly held: HeldTimes;
  /** A mark to show. `undefined` if it was dropped. */
  readonly markRow: (row: number) => MarkRow | undefined;
}

/**
 * Answers what a plot is to show. After each series, and some marks, other work gets a turn, so that a large plot never slows a port for
 * long.
 *
 * @throws PlotRequestError if the request makes no sense
 */
export async function plot(request: PlotRequest, { series, marks, held, markRow }: PlotSources): Promise<PlotAnswer> {
  const all = checkSeries(request.series, series);
  const range = checkRange(request, held);
  const columns = columnsOf(request, all.length);
  const names = request.series.map((index) => series.infos[index]!.name);
  const awayTimes = await marks.awayTimes(names);
  const answers: PlotSeries[] = [];
  for (const [position, each] of all.entries()) {
    answers.push(plotSeries(each, range, columns, awayTimes.get(names[position]!)!));
    await turn();
  }
  const { rows, more } = await marks.rowsIn(range, MAX_PLOT_MARKS);
  return {
    ...range,
    series: answers,
    marks: rows.map(markRow).filter((mark) => mark !== undefined),
    moreMarks: more,
  };
}

function columnsOf({ columns }: PlotRequest, seriesCount: number): number {
  if (!(Number.isInteger(columns) && columns >= 1 && columns <= MAX_COLUMNS)) {
    throw new PlotRequestError(`expected an integer from 1 to ${MAX_COLUMNS} as columns`);
  }
  return Math.min(columns, Math.floor(MAX_COLUMNS_OF_ALL / Math.max(1, seriesCount)));
}

function plotSeries(
  series: Series,
  range: TimeRange,
  columnCount: number,
  awayTimes: readonly TimeRange[],
): PlotSeries {
  const columns = new Columns(series, range, columnCount);
  const timesUs: number[] = [];
  const values: (number | null)[] = [];
  const rows: number[] = [];
  const add = (timeUs: number, value: number | null, row: number) => {
    timesUs.push(timeUs);
    values.push(value);
    rows.push(row);
  };
  let away = 0;
  let lastUs = Number.NEGATIVE_INFINITY;
  for (const point of columns.points()) {
    const timeUs = series.timeUs(point);
    while (away < awayTimes.length && awayTimes[away]!.toUs <= lastUs) {
      away++;
    }
    const gapUs = timesUs.length === 0 ? undefined : gapBetween(lastUs, timeUs, awayTimes[away]);
    if (gapUs !== undefined) {
      add(gapUs, null, -1);
    }
    add(timeUs, series.value(point), series.row(point));
    lastUs = timeUs;
  }
  const summary = summarize(series, range);
  return { timesUs, values, rows, ...(summary !== undefined && { summary }) };
}

/** When between two points the device was away: strictly between them, so that times remain in order. */
function gapBetween(startUs: number, endUs: number, away: TimeRange | undefined): number | undefined {
  const isGap = away !== undefined && startUs < endUs && away.fromUs < endUs && away.toUs > startUs;
  return isGap ? (Math.max(startUs, away.fromUs) + Math.min(endUs, away.toUs)) / 2 : undefined;
}
