import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SimulatedBoard } from '../../../src/testing/index.js';
import { openPort, readExactly } from '../fixtures/board.js';
import { cortexFixture, rp2040 } from './rig.js';

const CYCLES_PER_MS = 125_000;
const PROBE = readFileSync(cortexFixture('rp2040-probe.bin'));

/** A packet that makes rp2040-probe.c spin, as a frame, and its echo. */
const SPIN = [2, 's'.charCodeAt(0), 0];

/** A board whose program never sleeps, and its port. */
async function spinningBoard() {
  const board = rp2040({ image: PROBE, uart: 0 });
  const port = await openPort(board);
  await port.write(Buffer.from(SPIN));
  expect(await readExactly(port, 1 + SPIN.length)).toEqual([0, ...SPIN]);
  return { board, port };
}

/** The cycles of a board when they no longer change. */
async function settledCycles(board: SimulatedBoard): Promise<number> {
  let { cycles } = board.stats;
  for (let unchanged = 0; unchanged < 10; unchanged++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (board.stats.cycles !== cycles) {
      ({ cycles } = board.stats);
      unchanged = 0;
    }
  }
  return cycles;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('the time of a simulated RP2040', () => {
  /** Real time as the board sees it. */
  let nowMs: number;
  let msPerRead = 0;

  function fakeTime(): void {
    nowMs = performance.now();
    msPerRead = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => {
      nowMs += msPerRead;
      return nowMs;
    });
  }

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('reaches real time and is never further ahead of it', async () => {
    const { board, port } = await spinningBoard();
    fakeTime();
    // While time stands still, one slice reaches it, whatever it takes.
    let cycles = await settledCycles(board);
    for (let ms = 1; ms <= 10; ms++) {
      nowMs++;
      const next = await settledCycles(board);
      // The last instruction may take a few more cycles.
      expect(Math.abs(next - cycles - CYCLES_PER_MS)).toBeLessThan(100);
      cycles = next;
    }
    vi.restoreAllMocks();
    await port.close();
  });

  it('falls behind on a slow machine, and blocks the event loop for at most 2 ms at a time', async () => {
    const { board, port } = await spinningBoard();
    fakeTime();
    // It is 15 ms behind, on a machine no faster than the board.
    nowMs += 15;
    msPerRead = 0.05;
    const before = { ms: nowMs, cycles: board.stats.cycles };
    let longestMs = 0;
    for (let slices = 0; slices < 100; ) {
      const beforeMs = nowMs;
      await nextTurn();
      slices += nowMs > beforeMs ? 1 : 0;
      longestMs = Math.max(longestMs, nowMs - beforeMs);
    }
    expect(longestMs).toBeGreaterThan(1);
    expect(longestMs).toBeLessThanOrEqual(2);
    expect(board.stats.cycles - before.cycles).toBeLessThan((nowMs - before.ms + 15) * CYCLES_PER_MS);
    vi.restoreAllMocks();
    await port.close();
  });
});

describe('what a simulated RP2040 needs', () => {
  it('is little: the test prints it', async () => {
    const { board, port } = await spinningBoard();
    const before = { ms: performance.now(), ...board.stats };
    await expect.poll(() => board.stats.instructions - before.instructions, { timeout: 60_000 }).toBeGreaterThan(5e6);
    const realSeconds = (performance.now() - before.ms) / 1000;
    const instructions = board.stats.instructions - before.instructions;
    const simulatedSeconds = (board.stats.cycles - before.cycles) / (1000 * CYCLES_PER_MS);
    await port.close();

    const others = Array.from({ length: 10 }, (_, index) => rp2040({ path: `/dev/ttyACM${index + 1}` }));
    const used = process.memoryUsage();
    const more = Array.from({ length: 10 }, (_, index) => rp2040({ path: `/dev/ttyACM${index + 11}` }));
    const { heapUsed, rss } = process.memoryUsage();
    const mib = (bytes: number) => (bytes / more.length / 1_048_576).toFixed(1);
    console.log(
      `RP2040: ${(instructions / realSeconds / 1e6).toFixed(1)} million instructions per second, ` +
        `${(simulatedSeconds / realSeconds).toFixed(2)} simulated seconds per second while its program spins; ` +
        `${mib(heapUsed - used.heapUsed)} MiB of heap and ${mib(rss - used.rss)} MiB of memory per board`,
    );
    expect(others.length + more.length).toBe(20);
    expect((rss - used.rss) / more.length).toBeLessThan(30 * 1_048_576);
  });
});
