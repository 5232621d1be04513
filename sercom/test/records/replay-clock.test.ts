import { expect, test, vi } from 'vitest';
import { ReplayClock } from '../../src/records/replay-clock.js';

const delays = vi.hoisted(() => ({ nowMs: 0 }));

vi.mock('node:timers/promises', () => ({
  async setTimeout(ms: number) {
    delays.nowMs += ms;
  },
  async setImmediate() {
    delays.nowMs += 0.5;
  },
}));

test.each([
  ['forwards', [0, 1_000_000, 3_000_000], [0, 1_000, 3_000]],
  ['back once', [100_000_000, 101_000_000, 5_000_000, 6_000_000], [0, 1_000, 1_000, 2_000]],
  ['back by a record out of order', [100_000_000, 101_000_000, 100_995_000, 102_000_000], [0, 1_000, 1_000, 2_000]],
])('keeps the spacing of records whose clock goes %s', async (_, timesUs, dueMs) => {
  delays.nowMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => delays.nowMs);
  const clock = new ReplayClock(1, new AbortController().signal);
  const waited: number[] = [];
  for (const timeUs of timesUs) {
    await clock.due(timeUs);
    waited.push(Math.round(delays.nowMs));
  }
  expect(waited).toEqual(dueMs);
  vi.restoreAllMocks();
});
