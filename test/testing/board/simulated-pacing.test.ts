import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CHIPS, openBoard } from '../fixtures/board.js';

const CYCLES_PER_MS = 16_000;

/** Real time as the board sees it. It advances each time it is read, as on an otherwise idle machine. */
let nowMs: number;
let msPerRead: number;

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function until(count: () => number, atLeast: number): Promise<void> {
  while (count() < atLeast) {
    await nextTurn();
  }
}

describe.each(CHIPS)('simulated time of the %s', (chip) => {
  beforeEach(() => {
    nowMs = 1000;
    msPerRead = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => {
      nowMs += msPerRead;
      return nowMs;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('begins as if opening had taken 1 ms, then reaches real time and is never further ahead of it', async () => {
    await using echo = await openBoard('echo-polled', { chip });
    for (let ms = 1; ms <= 50; ms++) {
      await until(() => echo.board.stats.cycles, ms * CYCLES_PER_MS);
      // The last instruction may take a few more cycles.
      expect(echo.board.stats.cycles).toBeLessThan(ms * CYCLES_PER_MS + 10);
      nowMs++;
    }
    expect(echo.board.stats.lagMs).toBe(0);
  });

  it('lets the program set up its receiver before a byte that is written as soon as the port is open', async () => {
    await using echo = await openBoard('echo-interrupt', { chip });
    await echo.write('a');
    nowMs++;
    await until(() => echo.board.stats.bytesReceived, 1);
    expect(echo.board.stats.bytesLost.receiverOff).toBe(0);
  });

  it('blocks the event loop for at most 2 ms at a time on a slow machine, and falls behind', async () => {
    await using echo = await openBoard('echo-polled', { chip });
    // It is 15 ms behind, on a machine no faster than the board.
    nowMs += 15;
    msPerRead = 0.05;
    let longestMs = 0;
    for (let slices = 0; slices < 100; ) {
      const beforeMs = nowMs;
      await nextTurn();
      slices += nowMs > beforeMs ? 1 : 0;
      longestMs = Math.max(longestMs, nowMs - beforeMs);
    }
    expect(longestMs).toBeGreaterThan(1);
    expect(longestMs).toBeLessThanOrEqual(2);
    expect(echo.board.stats.cycles).toBeLessThan((nowMs - 1000) * CYCLES_PER_MS);
  });

  it('catches up on about 20 ms after the event loop was blocked', async () => {
    await using echo = await openBoard('echo-polled', { chip });
    nowMs += 1;
    await until(() => echo.board.stats.cycles, CYCLES_PER_MS);
    const before = { cycles: echo.board.stats.cycles, ms: nowMs };
    nowMs += 10_000;
    msPerRead = 0.005;
    // From here on real time hardly advances: what the board simulates now is what it catches up on.
    for (let slice = 0; slice < 50; slice++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const simulatedMs = (echo.board.stats.cycles - before.cycles) / CYCLES_PER_MS;
    const caughtUpMs = simulatedMs - (nowMs - before.ms - 10_000);
    // In addition to the 20 ms, what the first slice simulated before it noticed.
    expect(caughtUpMs).toBeGreaterThan(15);
    expect(caughtUpMs).toBeLessThan(50);
    // The rest is lost for good, and counted.
    expect(echo.board.stats.lagMs).toBeGreaterThan(9_900);
    expect(echo.board.stats.lagMs + simulatedMs).toBeCloseTo(nowMs - before.ms, -2);
  });
});
