/** How far the two clocks may drift apart before the fine one is set again. */
const MAX_DRIFT_MS = 5;

/** How often to compare the clocks: doing so for each packet would take longer than everything else. */
const COMPARE_INTERVAL_MS = 1;

let comparedAtMs = Number.NEGATIVE_INFINITY;
let originMs = performance.timeOrigin;

/**
 * The time in microseconds since 1970 (UTC). It never steps back, except when the system's clock is corrected. The fine
 * clock stops while the machine sleeps, so it is set again when the two disagree.
 */
export function nowUs(): number {
  const elapsedMs = performance.now();
  if (elapsedMs - comparedAtMs > COMPARE_INTERVAL_MS) {
    comparedAtMs = elapsedMs;
    const driftMs = Date.now() - (originMs + elapsedMs);
    if (Math.abs(driftMs) > MAX_DRIFT_MS) {
      originMs += driftMs;
    }
  }
  return Math.floor((originMs + elapsedMs) * 1000);
}
