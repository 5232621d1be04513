/** How far the two clocks may drift apart before the fine one is set again. */
const MAX_DRIFT_MS = 5;

let originMs = performance.timeOrigin;

/**
 * The time in microseconds since 1970 (UTC). Between corrections of the system's clock it never steps back. The fine
 * clock stands still while the machine sleeps, so it is set again when the two disagree.
 */
export function nowUs(): number {
  const elapsedMs = performance.now();
  const driftMs = Date.now() - (originMs + elapsedMs);
  if (Math.abs(driftMs) > MAX_DRIFT_MS) {
    originMs += driftMs;
  }
  return Math.floor((originMs + elapsedMs) * 1000);
}
