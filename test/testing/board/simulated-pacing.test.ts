import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openBoard } from '../fixtures/board.js';

const CYCLES_PER_MS = 16_000;

/** Real time as the board sees it: it passes only when somebody looks at it, as on a machine that does nothing else. */
let nowMs: number;
let msPerLook: number;

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function untilCycles(cycles: () => number, atLeast: number): Promise<void> {
  while (cycles() < atLeast) {
    await nextTurn();
  }
}

describe('simulated time', () => {
  beforeEach(() => {
    nowMs = 1000;
    msPerLook = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => {
      nowMs += msPerLook;
      return nowMs;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('reaches real time, and never leads', async () => {
    await using echo = await openBoard('echo-polled');
    for (let ms = 1; ms <= 50; ms++) {
      nowMs++;
      await untilCycles(() => echo.board.stats.cycles, ms * CYCLES_PER_MS);
      // The last instruction may take some cycles more.
      expect(echo.board.stats.cycles).toBeLessThan(ms * CYCLES_PER_MS + 10);
    }
  });

  it('holds the event loop for at most 2 ms at a time when the machine is too slow, and falls behind', async () => {
    await using echo = await openBoard('echo-polled');
    // 15 ms to make up for, on a machine that is no faster than the board.
    nowMs += 15;
    msPerLook = 0.05;
    let longestMs = 0;
    for (let turn = 0; turn < 200; turn++) {
      const beforeMs = nowMs;
      await nextTurn();
      longestMs = Math.max(longestMs, nowMs - beforeMs);
    }
    expect(longestMs).toBeGreaterThan(1);
    expect(longestMs).toBeLessThanOrEqual(2);
    expect(echo.board.stats.cycles).toBeLessThan((nowMs - 1000) * CYCLES_PER_MS);
  });

  it('makes up for some 20 ms after the event loop was blocked, and for no more', async () => {
    await using echo = await openBoard('echo-polled');
    nowMs += 1;
    await untilCycles(() => echo.board.stats.cycles, CYCLES_PER_MS);
    const before = { cycles: echo.board.stats.cycles, ms: nowMs };
    nowMs += 10_000;
    msPerLook = 0.005;
    // From here on real time stands nearly still: what the board still simulates is what it makes up for.
    for (let slice = 0; slice < 50; slice++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const simulatedMs = (echo.board.stats.cycles - before.cycles) / CYCLES_PER_MS;
    const madeUpForMs = simulatedMs - (nowMs - before.ms - 10_000);
    // Beyond the 20 ms, what the first slice did before it knew.
    expect(madeUpForMs).toBeGreaterThan(15);
    expect(madeUpForMs).toBeLessThan(50);
  });
});
