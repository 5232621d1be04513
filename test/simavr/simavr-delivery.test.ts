import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SerialCommunicator } from '../../src/index.js';
import { FaultyLine, type FaultyLineOptions } from '../../src/testing/index.js';
import { command, LinkTraffic } from '../support/link-traffic.js';
import { NATIVE_BINDINGS } from '../support/native-bindings.js';
import { runSeed } from '../support/random.js';
import { expectNothingUncounted } from '../support/stats.js';
import { skipSimavr, useSimavr } from './simavr-runner.js';

/*
 * The host against link.c on simavr, through a pseudo-terminal: what test/testing/board/delivery-board.test.ts does with
 * our own simulation of the chip. test/testing/fixtures/link-device.c describes the commands of the device.
 */

const FIXTURES = path.resolve(import.meta.dirname, '../testing/fixtures');

const seed = runSeed();

const BAD = { dropRate: 0.0008, flipRate: 0.0008, insertRate: 0.0004, duplicateRate: 0.0004, cutRate: 0.01 };

const startSimavr = useSimavr();

const SPEEDS: [number, string][] = [
  [115_200, 'link-device.hex'],
  [500_000, 'link-device-500000.hex'],
];

describe.skipIf(skipSimavr).each(SPEEDS)(
  'acknowledged delivery on simavr at %i baud (needs cc and libsimavr-dev)',
  { timeout: 120_000 },
  (baudRate, image) => {
    /** Starts a board and connects to it. Its port is behind a faulty line. */
    async function start(faults: Partial<FaultyLineOptions> = {}, binding = NATIVE_BINDINGS[0]![1]) {
      const board = await startSimavr(path.join(FIXTURES, image));
      const line = new FaultyLine(binding, { path: board.path, seed, ...faults });
      const serial = new SerialCommunicator({ binding: line.binding });
      serial.addConnection('arm', {
        path: board.path,
        baudRate,
        delivery: 'acknowledged',
        requestIds: { bytes: 1 },
        ackTimeoutMs: 60_000,
        reconnect: { minDelayMs: 5, maxDelayMs: 10 },
      });
      const traffic = new LinkTraffic(serial, 'arm');
      onTestFinished(async () => {
        await serial[Symbol.asyncDispose]();
        await board.end();
        expectNothingUncounted(serial.stats('arm'));
      });
      await serial.initialize();
      await serial.ready('arm');
      return { line, serial, traffic };
    }

    test.each(NATIVE_BINDINGS)('delivers in both directions, through %s', async (_name, binding) => {
      const { traffic } = await start({}, binding);
      await Promise.all([traffic.send(100), traffic.stream(100, 64)]);
      await traffic.expectAll();
      expect(traffic.streamed).toEqual(Array.from({ length: 100 }, (_, index) => index));
      expect(await traffic.deviceCounts()).toMatchObject({ sessions: 1, damaged: 0, dropped: 0, lostBytes: 0 });
    });

    test(`delivers everything over a line that loses and damages bytes, and is unplugged (TEST_SEED=${seed})`, async () => {
      const { line, serial, traffic } = await start({ toDevice: BAD, toHost: BAD });
      const sent = Promise.all([traffic.send(150), traffic.stream(150, 40)]);
      for (const count of [30, 90]) {
        await traffic.until(() => traffic.echoes.length >= count);
        line.unplug();
        line.plug();
      }
      await sent;
      await traffic.expectAll();
      expect(traffic.streamed).toEqual(Array.from({ length: 150 }, (_, index) => index));
      const { damaged, sessions } = await traffic.deviceCounts();
      expect(damaged).toBeGreaterThan(0);
      expect(sessions).toBe(1);
      const { delivery, losses } = serial.stats('arm');
      expect(losses).toBe(2);
      expect(delivery!.resentLost + delivery!.resentTimedOut).toBeGreaterThan(0);
    });

    test(`reports each restart in mid-transfer, over a bad line (TEST_SEED=${seed})`, async () => {
      const { traffic } = await start({ toDevice: BAD, toHost: BAD });
      for (const round of [1, 2]) {
        const sent = traffic.send(20);
        // The device restarts when it has taken this, and does not get to acknowledge it.
        const restarted = expect(traffic.request(command('w'))).rejects.toMatchObject({ code: 'PEER_RESET' });
        await Promise.all([sent, traffic.send(20), restarted]);
        await traffic.until(() => traffic.sessions === round + 1);
      }
      await traffic.send(20);
      await traffic.until(() => traffic.echoes.at(-1) === 99);
      traffic.expectJustified(2);
      expect(traffic.rejected('no') + traffic.rejected('unknown')).toBeGreaterThan(0);
      expect(await traffic.deviceCounts()).toMatchObject({ taken: 21, sessions: 1 });
    });
  },
);
