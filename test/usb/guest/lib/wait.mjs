import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until `test` returns true. Fails after the limit, which is long because emulation is slow. Returns the time in ms. */
export async function until(what, test, limitMs = 40_000) {
  const start = performance.now();
  while (!test()) {
    if (performance.now() - start > limitMs) {
      throw new Error(`timed out waiting until ${what}`);
    }
    await sleep(5);
  }
  return performance.now() - start;
}

/** An idle process uses less than this share of one processor. A spinning process uses all of it. */
const IDLE_SHARE = 0.1;
const WINDOW_MS = 100;

/** Waits until this process is idle. Returns how long that took, in milliseconds, or null if it exceeds the limit. */
export async function untilIdle(limitMs) {
  const start = performance.now();
  while (performance.now() - start < limitMs) {
    const from = performance.now();
    const before = process.cpuUsage();
    await sleep(WINDOW_MS);
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1000 < IDLE_SHARE * (performance.now() - from)) {
      return Math.round(from - start);
    }
  }
  return null;
}
