/**
 * Returns the smallest sample that at least the share `quantile` of the samples does not exceed.
 *
 * @param {ArrayLike<number>} samples
 * @param {number} quantile from 0 to 1
 */
export function percentile(samples, quantile) {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.max(0, Math.ceil(sorted.length * quantile) - 1)];
}

/** @param {number[]} samples */
function median(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Returns the median, minimum and maximum of the rounds.
 *
 * @param {number[]} values one per round
 */
export function summarize(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** @param {{ median: number, min: number, max: number }} summary */
export function show({ median, min, max }) {
  return `${figure(median)} (${figure(min)} to ${figure(max)})`;
}

/** Formats a value with three digits: no result is more precise. */
export function figure(value) {
  if (!Number.isFinite(value)) {
    return 'none';
  }
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}
