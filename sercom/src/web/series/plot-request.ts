import { MAX_PLOT_SERIES } from '../request-limits.js';
import type { Series } from './series.js';
import type { SeriesStore } from './series-store.js';
import type { TimeRange } from './time-range.js';

/** A request that makes no sense. The message says why. */
export class PlotRequestError extends Error {
  override readonly name = 'PlotRequestError';
}

/** The times of all rows that are held. */
export interface HeldTimes {
  readonly firstTimeUs: number | undefined;
  readonly lastTimeUs: number | undefined;
}

/**
 * The series of a request.
 *
 * @throws PlotRequestError if there are too many, or one does not exist
 */
export function checkSeries(indices: readonly number[], store: SeriesStore): Series[] {
  if (!Array.isArray(indices) || indices.length > MAX_PLOT_SERIES) {
    throw new PlotRequestError(`expected a list of at most ${MAX_PLOT_SERIES} series`);
  }
  return indices.map((index) => {
    const series = Number.isInteger(index) ? store.at(index) : undefined;
    if (series === undefined) {
      throw new PlotRequestError('unknown series');
    }
    return series;
  });
}

/**
 * The range of a request. Default: all that is held.
 *
 * @throws PlotRequestError if it ends before it begins, or is not finite
 */
export function checkRange(
  { fromUs, toUs }: { readonly fromUs?: number; readonly toUs?: number },
  { firstTimeUs = 0, lastTimeUs = firstTimeUs }: HeldTimes,
): TimeRange {
  // An end that is given may be beyond what is held.
  const startUs = fromUs ?? Math.min(firstTimeUs, toUs ?? firstTimeUs);
  const endUs = toUs ?? Math.max(lastTimeUs, startUs);
  if (!(Number.isFinite(startUs) && Number.isFinite(endUs) && startUs <= endUs)) {
    throw new PlotRequestError('the range of time ends before it begins, or is not finite');
  }
  return { fromUs: startUs, toUs: endUs };
}
