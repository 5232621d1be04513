/** How far the two clocks may drift apart before the fine one is set again. */
const MAX_DRIFT_MS = 5;

/** How long a look at the other clock holds: to look each time would take as long as all the rest. */
const LOOK_HOLDS_MS = 1;

let lookedAtMs = Number.NEGATIVE_INFINITY;
let originMs = performance.timeOrigin;

/**
 * The time in microseconds since 1970 (UTC). Between corrections of the system's clock it never steps back. The fine
 * clock stands still while the machine sleeps, so it is set again when the two disagree.
 */
export function nowUs(): number {
  const elapsedMs = performance.now();
  if (elapsedMs - lookedAtMs > LOOK_HOLDS_MS) {
    lookedAtMs = elapsedMs;
    const driftMs = Date.now() - (originMs + elapsedMs);
    if (Math.abs(driftMs) > MAX_DRIFT_MS) {
      originMs += driftMs;
    }
  }
  return Math.floor((originMs + elapsedMs) * 1000);
}

/** The microseconds of a time, as the six digits behind its seconds. */
export function microsOf(timeUs: number): string {
  return String(1_000_000 + (timeUs % 1_000_000)).slice(1);
}
