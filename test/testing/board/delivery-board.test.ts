import { describe, expect, onTestFinished, test } from 'vitest';
import { SerialCommunicator, type SerialConnection } from '../../../src/index.js';
import { FaultyLine, type FaultyLineOptions, SimulatedBoard, simulatedBinding } from '../../../src/testing/index.js';
import { command, LinkTraffic } from '../../support/link-traffic.js';
import { runSeed } from '../../support/random.js';
import { expectNothingUncounted } from '../../support/stats.js';
import { type Fixture, fixtureImage } from '../fixtures/board.js';

/*
 * The host against link.c, on a simulated ATmega328P: fixtures/link-device.c describes the commands of the device. Limits
 * are generous, because boards run in real time, and this machine may be busy.
 */

const SPEEDS: [number, Fixture][] = [
  [115_200, 'link-device'],
  [500_000, 'link-device-500000'],
];

const seed = runSeed();

const BAD = { dropRate: 0.0008, flipRate: 0.0008, insertRate: 0.0004, duplicateRate: 0.0004, cutRate: 0.01 };

describe.each(SPEEDS)(
  'acknowledged delivery with a simulated board at %i baud',
  { timeout: 120_000 },
  (baudRate, image) => {
    function plugInBoard(faults: Partial<FaultyLineOptions> = {}) {
      const board = new SimulatedBoard({ path: '/dev/ttySIM0', image: fixtureImage(image) });
      return { board, line: new FaultyLine(simulatedBinding(board), { path: board.path, seed, ...faults }) };
    }

    async function connect(line: FaultyLine, settings: Partial<SerialConnection> = {}) {
      const serial = new SerialCommunicator({ binding: line.binding });
      serial.addConnection('arm', {
        path: line.path,
        baudRate,
        delivery: 'acknowledged',
        requestIds: { bytes: 1 },
        ackTimeoutMs: 60_000,
        settleMs: 5,
        reconnect: { minDelayMs: 5, maxDelayMs: 10 },
        ...settings,
      });
      const traffic = new LinkTraffic(serial, 'arm');
      onTestFinished(async () => {
        await serial[Symbol.asyncDispose]();
        expectNothingUncounted(serial.stats('arm'));
      });
      await serial.initialize();
      await serial.ready('arm');
      return { serial, traffic };
    }

    test('agrees on the sizes of the device, and delivers in both directions', async () => {
      const { board, line } = plugInBoard();
      const { serial, traffic } = await connect(line);
      expect(serial.stats('arm').delivery!.session).toEqual({
        sendWindow: 4,
        receiveWindow: 4,
        sendMaxPacketBytes: 64,
        receiveMaxPacketBytes: 64,
      });
      await Promise.all([traffic.send(150), traffic.stream(150, 64)]);
      await traffic.expectAll();
      expect(traffic.streamed).toEqual(Array.from({ length: 150 }, (_, index) => index));
      expect(await traffic.deviceCounts()).toMatchObject({ sessions: 1, damaged: 0, dropped: 0, lostBytes: 0 });
      expect(board.stats.bytesLost).toMatchObject({ overrun: 0, baudMismatch: 0, transmitterNotReady: 0 });
    });

    test(`delivers everything over a line that loses and damages bytes (TEST_SEED=${seed})`, async () => {
      const { line } = plugInBoard({ toDevice: BAD, toHost: BAD });
      const { serial, traffic } = await connect(line);
      await Promise.all([traffic.send(150), traffic.stream(150, 40)]);
      await traffic.expectAll();
      expect(traffic.streamed).toEqual(Array.from({ length: 150 }, (_, index) => index));
      expect(traffic.others).toEqual([]);
      const { damaged = 0 } = await traffic.deviceCounts();
      const { delivery, checksumFrames, malformedFrames, tooLongFrames } = serial.stats('arm');
      expect(damaged).toBeGreaterThan(0);
      expect(checksumFrames + malformedFrames + tooLongFrames).toBeGreaterThan(0);
      expect(delivery!.resentLost + delivery!.resentTimedOut).toBeGreaterThan(0);
      expect(delivery!.sessions).toBe(1);
    });

    test('continues the session when the cable was pulled and the device kept its power', async () => {
      const { board, line } = plugInBoard();
      // Otherwise, the closing port would drop DTR, and opening it would raise DTR and restart the board.
      const { serial, traffic } = await connect(line, { hupcl: false });
      const resets = board.stats.resets;
      const sent = traffic.send(120);
      for (const count of [20, 60]) {
        await traffic.until(() => traffic.echoes.length >= count);
        line.unplug();
        line.plug();
      }
      await sent;
      await traffic.expectAll();
      expect(board.stats.resets).toBe(resets);
      expect(serial.stats('arm')).toMatchObject({ opens: 3, losses: 2, delivery: { sessions: 1 } });
      expect(await traffic.deviceCounts()).toMatchObject({ sessions: 1 });
    });

    test('reports a restart when the board lost its power with the cable', async () => {
      const { board, line } = plugInBoard();
      const { traffic } = await connect(line);
      const sent = traffic.send(60);
      await traffic.until(() => traffic.echoes.length >= 20);
      board.unplug();
      board.plug();
      await sent;
      // Some were on the way. The others were never sent.
      expect(traffic.rejected('unknown')).toBeGreaterThan(0);
      expect(traffic.rejected('no')).toBeGreaterThan(0);
      await traffic.until(() => traffic.sessions === 2);
      await traffic.send(30);
      await traffic.until(() => traffic.echoes.at(-1) === 89);
      expect(traffic.echoes.slice(-30)).toEqual(Array.from({ length: 30 }, (_, index) => 60 + index));
      traffic.expectJustified(1);
    });

    test(`reports each restart in mid-transfer, also over a bad line (TEST_SEED=${seed})`, async () => {
      const { board, line } = plugInBoard({ toDevice: BAD, toHost: BAD });
      const { serial, traffic } = await connect(line);
      const before = board.stats.resets;
      for (const round of [1, 2, 3]) {
        const sent = traffic.send(40);
        const first = 40 * (round - 1);
        await traffic.until(() => traffic.echoes.filter((number) => number >= first).length >= 5);
        await serial.setSignals('arm', { dtr: false });
        await serial.setSignals('arm', { dtr: true });
        await sent;
        await traffic.until(() => traffic.sessions === round + 1);
      }
      await traffic.send(20);
      await traffic.until(() => traffic.echoes.at(-1) === 139);
      traffic.expectJustified(3);
      expect(board.stats.resets).toBe(before + 3);
      expect(traffic.rejected('unknown')).toBeGreaterThan(0);
      expect(await traffic.deviceCounts()).toMatchObject({ taken: 21, sessions: 1 });
    });

    test('reports a restart by the watchdog, and rejects the request that caused it', async () => {
      const { board, line } = plugInBoard();
      const { traffic } = await connect(line);
      await expect(traffic.request(command('w'))).rejects.toMatchObject({ code: 'PEER_RESET' });
      await traffic.until(() => traffic.sessions === 2);
      expect(board.stats.resets).toBe(2);
      await traffic.send(20);
      await traffic.until(() => traffic.echoes.length === 20);
      traffic.expectJustified(1);
    });

    test('begins another session when the host program restarts, and the device drops what it had', async () => {
      const { line } = plugInBoard();
      const first = await connect(line, { hupcl: false });
      first.traffic.stream(1_000, 64).catch(() => {});
      await first.traffic.until(() => first.traffic.streamed.length >= 20);
      await first.serial.shutdown();
      const { traffic } = await connect(line, { hupcl: false });
      await traffic.send(30);
      await traffic.expectAll();
      // The device does not go on with the stream of the last session.
      expect(traffic.streamed).toEqual([]);
      expect(await traffic.deviceCounts()).toMatchObject({ sessions: 2 });
    });

    test(`carries requests in both directions over a bad line (TEST_SEED=${seed})`, async () => {
      const { line } = plugInBoard({ toDevice: BAD, toHost: BAD });
      const { serial, traffic } = await connect(line);
      serial.onRequest('arm', (packet) => Uint8Array.of(...packet, 0xff));
      const values = Array.from({ length: 60 }, (_, index) => index);
      const replies = await Promise.all(values.map((value) => traffic.request(command('e', value, 0, 255))));
      expect(replies).toEqual(values.map((value) => Uint8Array.of(value, 0, 255)));
      await expect(traffic.request(command('?'))).rejects.toMatchObject({ code: 'REPLY_ERROR', replyCode: 2 });
      // The device asks the host, and replies with what the host has replied.
      for (const value of values.slice(0, 10)) {
        expect(await traffic.request(command('a', value))).toEqual(Uint8Array.of(value, 0xff));
      }
    });

    test('lets a slow main loop hold the host back, and loses nothing', async () => {
      const { line } = plugInBoard();
      const { traffic } = await connect(line);
      await traffic.request(command('b', 20));
      await traffic.send(60);
      await traffic.expectAll();
      expect(traffic.others).toEqual([]);
    });

    test('passes datagrams on beside packets', async () => {
      const { line } = plugInBoard();
      const { serial, traffic } = await connect(line);
      const sent = traffic.send(40);
      const datagrams = Array.from({ length: 40 }, (_, index) => Uint8Array.of('d'.charCodeAt(0), index));
      for (const datagram of datagrams) {
        await serial.send('arm', datagram, { acknowledged: false });
      }
      await sent;
      await traffic.expectAll();
      // The device echoes one at a time, and drops those that arrive before that.
      await traffic.request(command('e'));
      const arrived = traffic.others.map((packet) => packet[1]!);
      expect(arrived.length).toBeGreaterThan(0);
      expect(arrived).toEqual([...new Set(arrived)].toSorted((a, b) => a - b));
      const { dropped } = await traffic.deviceCounts();
      expect(arrived.length + dropped!).toBe(40);
    });
  },
);
