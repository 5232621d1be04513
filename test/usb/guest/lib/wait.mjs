import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until the test holds; fails after the limit, which is long, as emulation is slow. */
export async function until(what, test, limitMs = 40_000) {
  const start = performance.now();
  while (!test()) {
    if (performance.now() - start > limitMs) {
      throw new Error(`waited in vain until ${what}`);
    }
    await sleep(5);
  }
  return performance.now() - start;
}

/** A process that takes less than this share of one processor is quiet. One that spins takes all of it. */
const QUIET_SHARE = 0.1;
const WINDOW_MS = 100;

/** How long it takes until this process is quiet, in milliseconds; null if it never is. */
export async function untilQuiet(limitMs) {
  const start = performance.now();
  while (performance.now() - start < limitMs) {
    const from = performance.now();
    const before = process.cpuUsage();
    await sleep(WINDOW_MS);
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1000 < QUIET_SHARE * (performance.now() - from)) {
      return Math.round(from - start);
    }
  }
  return null;
}
