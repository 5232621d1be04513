import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { SerialCommunicator, type SerialEvents } from '../../src/index.js';
import { FaultyLine, SimulatedBoard, simulatedBinding } from '../../src/testing/index.js';
import { outcome } from '../contract/harness.js';
import { settled } from '../support/mock-connection.js';
import { expectNothingUncounted, expectRequestsCounted } from '../support/stats.js';
import { fixtureImage } from '../testing/fixtures/board.js';

/*
 * The host against the C of firmware/: test/testing/fixtures/request-device.c describes the commands of the device. Only
 * the device is to blame for what it does not reply in time, so every request that is to succeed has a generous limit.
 */

const bytes = (text: string, ...rest: number[]) => Uint8Array.from([...Buffer.from(text, 'latin1'), ...rest]);
const text = (packet: Uint8Array) => Buffer.from(packet).toString('latin1');
/** A command with a time in milliseconds. */
const timed = (command: string, ms: number, rest = '') => bytes(command, ms >> 8, ms & 0xff, ...Buffer.from(rest));

const PATIENT = { timeoutMs: 15_000 };
const EVENTUALLY = { timeout: 15_000, interval: 5 };
const GIVE_UP_MS = 30_000;

async function startBoard(settings: { requestBacklogBytes?: number } = {}) {
  const board = new SimulatedBoard({ path: '/dev/ttySIM0', image: fixtureImage('request-device') });
  const line = new FaultyLine(simulatedBinding(board), { path: board.path, toHost: { cutRate: 0.1 } });
  const serial = new SerialCommunicator({ binding: line.binding });
  serial.addConnection('arm', {
    path: board.path,
    baudRate: 115_200,
    settleMs: 5,
    requestIds: { bytes: 1 },
    reconnect: { minDelayMs: 5, maxDelayMs: 10 },
    ...settings,
  });
  const late: SerialEvents['lateReply'][] = [];
  serial.on('lateReply', (event) => late.push(event));
  onTestFinished(async () => {
    await serial[Symbol.asyncDispose]();
    expectRequestsCounted(serial.stats('arm'));
    expectNothingUncounted(serial.stats('arm'));
  });
  await serial.initialize();
  const request = (packet: Uint8Array) => serial.request('arm', packet, PATIENT);
  /** What the device has lost or rejected, and the late replies it got. */
  const counts = async () => {
    const [lateReplies, tooShort, malformed, tooLong, lost] = await request(bytes('c'));
    return { lateReplies, lost: [tooShort, malformed, tooLong, lost] };
  };
  return { board, line, serial, late, request, counts };
}

const NOTHING_LOST = { lateReplies: 0, lost: [0, 0, 0, 0] };

describe('requests to a board that runs requests.c', () => {
  test('get their replies, of every length, one by one and at the same time', async () => {
    const { serial, request, counts } = await startBoard();
    for (const length of [0, 1, 2, 252, 253, 254, 255]) {
      const payload = Uint8Array.from({ length }, (_, index) => index & 3);
      expect(await request(bytes('e', ...payload))).toEqual(payload);
    }
    const values = Array.from({ length: 150 }, (_, index) => [index, 255 - index]);
    const replies = await Promise.all(values.map((pair) => request(bytes('e', ...pair))));
    expect(replies).toEqual(values.map((pair) => bytes('', ...pair)));
    expect(await request(bytes('+', 200, 100))).toEqual(bytes('', 1, 44));
    expect(await counts()).toEqual(NOTHING_LOST);
    expect(serial.stats('arm').lateReplies).toBe(0);
  });

  test('reject with the code of an error reply', async () => {
    const { request } = await startBoard();
    expect(await outcome(request(bytes('f')))).toMatchObject({ error: { code: 'REPLY_ERROR', replyCode: 1 } });
    expect(await outcome(request(bytes('?')))).toMatchObject({ error: { code: 'REPLY_ERROR', replyCode: 2 } });
    expect(await outcome(request(bytes('')))).toMatchObject({ error: { code: 'REPLY_ERROR', replyCode: 2 } });
  });

  test('may be overtaken by other requests and by packets', async () => {
    const { serial, request } = await startBoard();
    const order: string[] = [];
    const packets = serial.packets('arm');
    const log = (reply: Uint8Array) => order.push(text(reply));
    await Promise.all([
      request(timed('s', 200, 'slow')).then(log),
      request(timed('s', 60, 'quicker')).then(log),
      request(bytes('efast')).then(log),
      serial.send('arm', bytes('packet')),
      packets.next().then(({ value }) => value && log(value)),
    ]);
    expect(order).toEqual(['fast', 'packet', 'quicker', 'slow']);
  });

  test('that get no reply, a late, a second or a wrong one, disturb no other', async () => {
    const { serial, request, late } = await startBoard();
    const timedOut = settled(serial.request('arm', timed('s', 400, 'late'), { timeoutMs: 100 }));
    expect(await request(bytes('2twice'))).toEqual(bytes('twice'));
    // One after the other: the wrong id is the next one.
    expect(await settled(serial.request('arm', bytes('wwrong'), { timeoutMs: 200 }))).toBe('REPLY_TIMEOUT');
    expect(await settled(serial.request('arm', bytes('x'), { timeoutMs: 200 }))).toBe('REPLY_TIMEOUT');
    expect(await timedOut).toBe('REPLY_TIMEOUT');
    await vi.waitFor(() => expect(late).toHaveLength(3), EVENTUALLY);
    expect(await request(bytes('eend'))).toEqual(bytes('end'));
    expect(late.map(({ packet }) => text(packet)).sort()).toEqual(['late', 'twice', 'wrong']);
  });

  test.each([
    ['get their replies', 5, 'replied'],
    ['reject with REQUEST_BLOCKED if the packets do not fit into the backlog', 60, 'REQUEST_BLOCKED'],
  ])('awaited in a handler while the board sends packets, %s; no packet is lost', async (_what, count, expected) => {
    const { serial, request, late } = await startBoard({ requestBacklogBytes: 100 });
    const log: unknown[] = [];
    serial.setReceiveHandler(async (_name, packet) => {
      if (text(packet) === 'go') {
        // The board sends the packets before its reply.
        const end = await outcome(request(bytes('p', count, ...Buffer.from('packet'))));
        log.push('error' in end ? (end.error as { code: string }).code : 'replied');
      } else {
        log.push(packet[0]);
      }
    });
    // It comes back under the id 0.
    await serial.send('arm', bytes('go'));
    await vi.waitFor(() => expect(log).toHaveLength(count + 1), EVENTUALLY);
    expect(log).toEqual([expected, ...Array.from({ length: count }, (_, index) => index)]);
    await vi.waitFor(() => expect(late).toHaveLength(expected === 'replied' ? 0 : 1), EVENTUALLY);
    expect(await request(bytes('eend'))).toEqual(bytes('end'));
  });
});

describe('requests of a board that runs requests.c', () => {
  test('get the reply of the handler, which may itself await a request to the board', async () => {
    const { serial, request, counts } = await startBoard();
    serial.onRequest('arm', async (packet) => bytes('', ...(await request(bytes('e', ...packet))), 0x21));
    const replies = ['one', 'two', 'three'].map((word) => request(timed('a', GIVE_UP_MS, word)));
    expect((await Promise.all(replies)).map(text)).toEqual(['rone!', 'rtwo!', 'rthree!']);
    expect(serial.stats('arm')).toMatchObject({ requestsReceived: 3, requestsUnhandled: 0 });
    expect(await counts()).toEqual(NOTHING_LOST);
  });

  test('get error 2 without a handler, and error 1 if it fails', async () => {
    const { serial, request, counts } = await startBoard();
    expect(await request(timed('a', GIVE_UP_MS))).toEqual(bytes('e', 2));
    const failed = new Promise<SerialEvents['handlerError']>((resolve) => serial.once('handlerError', resolve));
    serial.onRequest('arm', () => {
      throw new Error('failed on purpose');
    });
    expect(await request(timed('a', GIVE_UP_MS, 'why'))).toEqual(bytes('e', 1));
    expect(await failed).toEqual({ name: 'arm', error: new Error('failed on purpose'), packet: bytes('why') });
    expect(await counts()).toEqual(NOTHING_LOST);
  });

  test('that the board has given up get a late reply, which it counts', async () => {
    const { serial, request, counts } = await startBoard();
    let reply!: (reply: Uint8Array) => void;
    serial.onRequest('arm', () => new Promise((resolve) => (reply = resolve)));
    expect(await request(timed('a', 20, 'time?'))).toEqual(bytes('t'));
    reply(bytes('noon'));
    await vi.waitFor(async () => expect(await counts()).toEqual({ ...NOTHING_LOST, lateReplies: 1 }), EVENTUALLY);
  });
});

describe('faults of a board that runs requests.c', () => {
  test('a reset loses the requests it has received; the next ones get their replies', async () => {
    const { serial, request, late } = await startBoard();
    const lost = [1, 2].map(() => settled(serial.request('arm', timed('s', GIVE_UP_MS, 'never'), { timeoutMs: 300 })));
    expect(await request(bytes('ehere'))).toEqual(bytes('here'));
    await serial.setSignals('arm', { dtr: false });
    await serial.setSignals('arm', { dtr: true });
    expect(await Promise.all(lost)).toEqual(['REPLY_TIMEOUT', 'REPLY_TIMEOUT']);
    expect(await request(bytes('eagain'))).toEqual(bytes('again'));
    expect(late).toEqual([]);
  });

  test('unplugged: all requests reject with CONNECTION_LOST; plugged in again, it replies', async () => {
    const { serial, board, request, counts } = await startBoard();
    const lost = [1, 2, 3].map(() => settled(request(timed('s', GIVE_UP_MS, 'never'))));
    expect(await request(bytes('ehere'))).toEqual(bytes('here'));
    const reconnected = new Promise((resolve) => serial.once('connected', resolve));
    board.unplug();
    expect(await Promise.all(lost)).toEqual(Array(3).fill('CONNECTION_LOST'));
    board.plug();
    await reconnected;
    expect(await request(bytes('eagain'))).toEqual(bytes('again'));
    expect(await counts()).toEqual(NOTHING_LOST);
  });
});
