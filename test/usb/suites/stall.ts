import { describe, expect, test } from 'vitest';
import type { SerialStats } from '../../../src/index.js';
import { expectNothingUncounted } from '../../support/stats.js';
import { factsOf } from '../facts.js';

interface Times {
  medianMs: number;
  p99Ms: number;
  maxMs: number;
}

interface Sends {
  all: number;
  outcomes: Record<string, number>;
}

/**
 * Emulation is slow, and the machine under it may be busy, so times measured before the stall count. A single call may hit
 * a pause of the machine, but if the threads of the pool were blocked, no call would end.
 */
function expectFast(times: Times, unloaded: Times): void {
  console.log('fs.stat, in ms (emulation)', { unloaded, stalled: times });
  expect(times.medianMs).toBeLessThan(Math.max(50, 3 * unloaded.medianMs));
  expect(times.p99Ms).toBeLessThan(Math.max(50, 3 * unloaded.p99Ms));
}

export function describeStalls(): void {
  describe('four ports whose devices stall, with many sends on each', () => {
    const facts = factsOf<{
      statTimes: { unloaded: Times; stalled: Times };
      continued: Sends & { sentWhileStalled: number; bytesWritten: number; bytesRead: number };
      unplugged: Sends & { sentBefore: number };
      unpluggedStats: SerialStats[];
      shutdown: Sends & { shutdownMs: number; shutdownTimeoutMs: number };
      shutdownStats: SerialStats[];
      statTimesAfterShutdown: Times;
      silent: { shutdownMs: number; statTimes: Times };
      exitAfterMs: number;
    }>('stall');

    test('do not block fs.stat for 50 ms', async () => {
      const { unloaded, stalled } = (await facts()).statTimes;
      expectFast(stalled, unloaded);
    });

    test('send every packet when the devices read again, without a missing or extra byte', async () => {
      const { all, sentWhileStalled, outcomes, bytesWritten, bytesRead } = (await facts()).continued;
      expect(sentWhileStalled).toBeLessThan(all);
      expect(outcomes).toEqual({ sent: all });
      expect(bytesRead).toBe(bytesWritten);
    });

    test('reject every pending send with CONNECTION_LOST when the devices are unplugged', async () => {
      const { unplugged, unpluggedStats } = await facts();
      const { all, sentBefore, outcomes } = unplugged;
      expect(sentBefore).toBeLessThan(all);
      expect(outcomes).toEqual({ sent: sentBefore, CONNECTION_LOST: all - sentBefore });
      for (const stats of unpluggedStats) {
        expectNothingUncounted(stats);
      }
    });

    test('shut down within shutdownTimeoutMs, and reject every pending send with SHUTDOWN_TIMEOUT', async () => {
      const { shutdown, shutdownStats } = await facts();
      const { all, outcomes, shutdownMs, shutdownTimeoutMs } = shutdown;
      console.log(`shutdown took ${shutdownMs} ms (emulation)`);
      // Tolerance for timers on a slow machine.
      expect(shutdownMs).toBeLessThan(shutdownTimeoutMs + 500);
      expect(outcomes.SHUTDOWN_TIMEOUT).toBeGreaterThan(0);
      expect(outcomes).toEqual({
        sent: all - outcomes.SHUTDOWN_TIMEOUT!,
        SHUTDOWN_TIMEOUT: outcomes.SHUTDOWN_TIMEOUT,
      });
      for (const stats of shutdownStats) {
        expectNothingUncounted(stats);
      }
    });

    test('shut down in time even if the kernel holds bytes that the device never reads', async () => {
      const { silent, shutdown } = await facts();
      expect(silent.shutdownMs).toBeLessThan(shutdown.shutdownTimeoutMs + 500);
    });

    test('do not block fs.stat for 50 ms after shutdown', async () => {
      const { statTimes, statTimesAfterShutdown, silent } = await facts();
      expectFast(statTimesAfterShutdown, statTimes.unloaded);
      expectFast(silent.statTimes, statTimes.unloaded);
    });

    test('do not keep the process alive after shutdown', async () => {
      const { exitAfterMs } = await facts();
      expect(exitAfterMs).toBeLessThan(2_000);
    });
  });
}
