import type { PlotSeries } from '../protocol.js';
import type { Series } from './series.js';
import type { TimeRange } from './time-range.js';

/** Sums up all points of a series in a range. `undefined` if there are none. */
export function summarize(series: Series, { fromUs, toUs }: TimeRange): PlotSeries['summary'] {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let mean = 0;
  let count = 0;
  series.visit((piece) => {
    if (piece.endUs < fromUs || piece.startUs > toUs) {
      return true;
    }
    if (piece.startUs < fromUs || piece.endUs > toUs) {
      return false;
    }
    min = Math.min(min, piece.min);
    max = Math.max(max, piece.max);
    // Weighted, because a sum may be larger than a double can be.
    const before = count;
    count += piece.count;
    mean = mean * (before / count) + piece.mean * (piece.count / count);
    return true;
  });
  // Rounding may lead out of the bounds, which looks odd if all values are the same.
  return count === 0 ? undefined : { min, max, mean: Math.min(max, Math.max(min, mean)), count };
}
