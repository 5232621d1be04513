/** What the axis of values shows. `min` is less than `max`, and both are finite. */
export interface Limits {
  readonly min: number;
  readonly max: number;
}

/** Space above and below the lines, as a share of the axis. */
const MARGIN = 0.06;
/** Half of the largest double, so that a difference of limits is finite. */
const LARGEST = Number.MAX_VALUE / 2;
/** Smaller numbers have fewer digits, and are 0 here. */
const SMALLEST = 1e-280;

/** The limits in which all these extremes fit, with some space around them. */
export function fitted(extremes: Iterable<Limits>): Limits {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const { min: low, max: high } of extremes) {
    if (low < min) min = low;
    if (high > max) max = high;
  }
  if (!(min <= max)) return { min: 0, max: 1 };
  if (min === max) return aroundOne(min);
  const margin = (max / 2 - min / 2) * 2 * MARGIN;
  return legalLimits(min - margin, max + margin);
}

/** Shows `factor` times as much; `at` stays at its place. */
export function zoomedLimits({ min, max }: Limits, factor: number, at = min / 2 + max / 2): Limits {
  return legalLimits(at - (at - min) * factor, at + (max - at) * factor);
}

/** Moves by a share of the axis; to larger values if positive. */
export function pannedLimits({ min, max }: Limits, share: number): Limits {
  const shift = (max - min) * share;
  return legalLimits(min + shift, max + shift);
}

/** The limits in order, finite, and far enough apart that numbers lie between them. */
export function legalLimits(one: number, other: number): Limits {
  const min = within(Math.min(one, other));
  const max = within(Math.max(one, other));
  const least = Math.max(SMALLEST, Math.max(Math.abs(min), Math.abs(max)) * 1e-13);
  return max - min > least ? { min, max } : aroundOne(min / 2 + max / 2);
}

/** The number that a user typed as a limit. Not defined if it is none. */
export function parseLimit(text: string): number | undefined {
  const value = text.trim() === '' ? Number.NaN : Number(text.trim().replace('−', '-').replace(',', '.'));
  return Number.isFinite(value) && Math.abs(value) <= LARGEST ? value : undefined;
}

/** A flat line lies in the middle. */
function aroundOne(value: number): Limits {
  const center = within(value);
  const half = Math.abs(center) < SMALLEST ? 1 : Math.abs(center) * 0.1;
  return { min: within(center - half), max: within(center + half) };
}

function within(value: number): number {
  return Number.isNaN(value) ? 0 : Math.min(LARGEST, Math.max(-LARGEST, value));
}
