import { describe, expect, test } from 'vitest';
import type { SerialConnection, SerialEvents } from '../../src/index.js';
import { outcome, someTurns } from '../contract/harness.js';
import { Inbox } from '../support/inbox.js';
import { connected, settled, start, startReconnecting } from '../support/mock-connection.js';
import { expectNothingUncounted, expectRequestsCounted } from '../support/stats.js';

const bytes = (...values: number[]) => Uint8Array.from(values);
const IDS = { requestIds: { bytes: 1 as const } };
const IDS2 = { requestIds: { bytes: 2 as const } };

/** A communicator with ids, whose device sees them: it is a `MockDevice` without `requestIds`. */
async function startOnWire(settings: typeof IDS | typeof IDS2 = IDS) {
  const parts = await start(settings);
  const { serial } = parts;
  const inbox = new Inbox();
  serial.setReceiveHandler(inbox.handler);
  const late: SerialEvents['lateReply'][] = [];
  serial.on('lateReply', (event) => late.push(event));
  return { ...parts, inbox, late };
}

describe('the message of REPLY_TIMEOUT says what to check when packets arrived', () => {
  const repeats = 'check that the device repeats the id of the request';

  test.each([
    ['without matches', {}, `${repeats}, or raise timeoutMs`],
    ['with matches', { matches: () => false }, `${repeats} and that matches accepts the reply, or raise timeoutMs`],
  ])('%s', async (_what, options, advice) => {
    const { serial, device } = await startOnWire();
    const request = serial.request('arm', bytes(7), { timeoutMs: 60, ...options });
    await device.nextPacket();
    await device.send(bytes(0, 5));
    await expect(request).rejects.toThrow(`meanwhile 1 other packet arrived; ${advice}`);
  });
});

describe('on the wire', () => {
  test('a request has an id from 1 to 127, any other packet 0', async () => {
    const { serial, device } = await startOnWire();
    const request = serial.request('arm', bytes(7, 8));
    await serial.send('arm', bytes(9));
    const [[id, ...rest], plain] = [await device.nextPacket(), await device.nextPacket()];
    expect(id).toBeGreaterThanOrEqual(1);
    expect(id).toBeLessThanOrEqual(127);
    expect({ rest, plain }).toEqual({ rest: [7, 8], plain: bytes(0, 9) });
    await device.send(bytes(id!, 5, 6));
    expect(await request).toEqual(bytes(5, 6));
  });

  test('ids of 2 bytes have their most significant byte first', async () => {
    const { serial, device } = await startOnWire(IDS2);
    const first = serial.request('arm', bytes(7));
    const second = serial.request('arm', bytes(8));
    await serial.send('arm', bytes(9));
    const [a, b, plain] = [await device.nextPacket(), await device.nextPacket(), await device.nextPacket()];
    const ids = [a, b].map(([high, low]) => high! * 256 + low!);
    expect(ids[1]).toBe(ids[0] === 32_767 ? 1 : ids[0]! + 1);
    expect(plain).toEqual(bytes(0, 0, 9));
    await device.send(bytes(b[0]!, b[1]!, 18));
    await device.send(bytes(a[0]!, a[1]!, 17));
    expect([await first, await second]).toEqual([bytes(17), bytes(18)]);
  });

  test('the first id is random, the next ones follow in order', async () => {
    const runs: number[][] = [];
    for (let run = 0; run < 8; run++) {
      const { serial, device } = await startOnWire();
      const requests = [1, 2, 3].map((value) => settled(serial.request('arm', bytes(value))));
      runs.push([0, 0, 0]);
      for (let index = 0; index < 3; index++) {
        runs[run]![index] = (await device.nextPacket())[0]!;
      }
      await serial.shutdown();
      await Promise.all(requests);
    }
    for (const [first, ...others] of runs) {
      expect(others).toEqual([(first! % 127) + 1, ((first! + 1) % 127) + 1]);
    }
    expect(new Set(runs.map(([first]) => first)).size).toBeGreaterThan(1);
  });

  test('error replies: the id 128 or 32,768, the id of the request, and one byte', async () => {
    const { serial, device } = await startOnWire();
    for (const [code, text] of [
      [1, /error 1: its handler failed/],
      [2, /error 2: it has no handler/],
      [77, /error 77/],
    ] as const) {
      const request = outcome(serial.request('arm', bytes(7)));
      const [id] = await device.nextPacket();
      await device.send(bytes(128, id!, code));
      expect(await request).toMatchObject({
        error: { code: 'REPLY_ERROR', connection: 'arm', replyCode: code, message: expect.stringMatching(text) },
      });
    }
    const { serial: other, device: otherDevice } = await startOnWire(IDS2);
    const request = settled(other.request('arm', bytes(7)));
    const [high, low] = await otherDevice.nextPacket();
    await otherDevice.send(bytes(128, 0, high!, low!, 2));
    expect(await request).toBe('REPLY_ERROR');
    expect(serial.stats('arm')).toMatchObject({ repliesReceived: 3, requestsFailed: 3, lateReplies: 0 });
    expectNothingUncounted(serial.stats('arm'));
  });

  test('an error reply of another length, or to an id that nobody uses, is a late reply', async () => {
    const { serial, device, inbox, late } = await startOnWire();
    const request = settled(serial.request('arm', bytes(7)));
    const [id] = await device.nextPacket();
    const unused = id === 1 ? 2 : 1;
    await device.send(bytes(128, id!));
    await device.send(bytes(128, id!, 1, 1));
    await device.send(bytes(128));
    await device.send(bytes(128, unused, 1));
    await device.send(bytes(id!));
    expect(await request).toBe('resolved');
    expect(late.map(({ packet }) => packet)).toEqual([bytes(id!), bytes(id!, 1, 1), bytes(), bytes(unused, 1)]);
    expect(serial.stats('arm')).toMatchObject({ lateReplies: 4, repliesReceived: 1, packetsDelivered: 0 });
    expect(inbox.arrivals).toEqual([]);
  });

  test.each([
    [IDS, [1, 0], 1],
    [IDS2, [1, 0, 2, 5, 0], 2],
  ])('a packet too short for its id is rejected and counted: %j', async (settings, wire, count) => {
    const { serial, device, inbox, events } = await startOnWire(settings as typeof IDS);
    await device.sendRaw(Uint8Array.from(wire));
    await device.send(bytes(0, 0, 7));
    expect(await inbox.next()).toMatchObject({ name: 'arm' });
    expect(serial.stats('arm')).toMatchObject({ tooShortFrames: count, malformedFrames: 0, packetsDelivered: 1 });
    expect(events.map(({ event, reason }) => [event, reason])).toEqual(
      Array(count).fill(['rejectedFrame', 'too-short']),
    );
    expectNothingUncounted(serial.stats('arm'));
  });
});

describe('late replies', () => {
  test('the second reply is late', async () => {
    const { serial, device, inbox, late } = await startOnWire();
    const first = serial.request('arm', bytes(1));
    const second = serial.request('arm', bytes(2));
    const ids = [(await device.nextPacket())[0]!, (await device.nextPacket())[0]!];
    await device.send(bytes(ids[0]!, 1));
    await device.send(bytes(ids[0]!, 2));
    await device.send(bytes(ids[1]!, 3));
    expect([await first, await second]).toEqual([bytes(1), bytes(3)]);
    expect(late).toEqual([{ name: 'arm', id: ids[0], packet: bytes(2) }]);
    expect(serial.stats('arm')).toMatchObject({ lateReplies: 1, repliesReceived: 2 });
    expect(inbox.arrivals).toEqual([]);
  });

  test('a reply that nobody has asked for is late, even before the first request', async () => {
    const { serial, device, late } = await startOnWire();
    await device.send(bytes(5, 6));
    await expect.poll(() => late).toEqual([{ name: 'arm', id: 5, packet: bytes(6) }]);
    expectNothingUncounted(serial.stats('arm'));
  });

  test.each([
    ['times out', { timeoutMs: 20 }],
    ['is aborted', { signal: AbortSignal.timeout(20), timeoutMs: 60_000 }],
  ])('the id of a request that %s is not used again before all others', async (_how, options) => {
    const { serial, device, late } = await startOnWire();
    const given = 'signal' in options ? { ...options, signal: AbortSignal.timeout(20) } : options;
    const lost = settled(serial.request('arm', bytes(1), given));
    const [lostId] = await device.nextPacket();
    await lost;
    for (let count = 0; count < 126; count++) {
      const reply = serial.request('arm', bytes(2));
      const [id] = await device.nextPacket();
      expect(id).not.toBe(lostId);
      // At any time, the late reply satisfies no other request.
      if (count % 50 === 0) {
        await device.send(bytes(lostId!, 1));
      }
      await device.send(bytes(id!, count));
      expect(await reply).toEqual(bytes(count));
    }
    expect(late).toEqual([1, 1, 1].map((value) => ({ name: 'arm', id: lostId, packet: bytes(value) })));
    const reply = serial.request('arm', bytes(2));
    expect((await device.nextPacket())[0]).toBe(lostId);
    await device.send(bytes(lostId!));
    expect(await reply).toEqual(bytes());
    expectRequestsCounted(serial.stats('arm'));
  });

  test('when all ids are in use, a request waits until one is free', async () => {
    const { serial, device } = await startOnWire();
    const all = Array.from({ length: 128 }, () => outcome(serial.request('arm', bytes(1), { timeoutMs: 60_000 })));
    const ids: number[] = [];
    for (let count = 0; count < 127; count++) {
      ids.push((await device.nextPacket())[0]!);
    }
    await someTurns();
    expect(device.receivedCount).toBe(127);
    expect(new Set(ids).size).toBe(127);
    await device.send(bytes(ids[50]!, 50));
    expect(await all[50]).toEqual({ value: bytes(50) });
    expect(await device.nextPacket()).toEqual(bytes(ids[50]!, 1));
    await device.send(bytes(ids[50]!, 51));
    expect(await all[127]).toEqual({ value: bytes(51) });
    await serial.shutdown();
    expect((await Promise.all(all)).filter((end) => 'error' in end)).toHaveLength(126);
    expectRequestsCounted(serial.stats('arm'));
  });
});

describe('requests of the device', () => {
  test('are replied to with their id, in both lengths', async () => {
    for (const [settings, request, reply] of [
      [IDS, bytes(129, 7), bytes(129, 8)],
      [IDS, bytes(255, 7), bytes(255, 8)],
      [IDS2, bytes(128, 1, 7), bytes(128, 1, 8)],
    ] as const) {
      const { serial, device } = await startOnWire(settings);
      serial.onRequest('arm', ([value]) => bytes(value! + 1));
      await device.send(request);
      expect(await device.nextPacket()).toEqual(reply);
    }
  });

  test('get error 2 without a handler and error 1 if it fails', async () => {
    const { serial, device, events } = await startOnWire();
    await device.send(bytes(130, 7));
    expect(await device.nextPacket()).toEqual(bytes(128, 130, 2));
    serial.onRequest('arm', () => {
      throw new Error('failed on purpose');
    });
    await device.send(bytes(131, 7));
    expect(await device.nextPacket()).toEqual(bytes(128, 131, 1));
    expect(events).toEqual([
      { event: 'handlerError', name: 'arm', error: new Error('failed on purpose'), packet: bytes(7) },
    ]);
    const { serial: other, device: otherDevice } = await startOnWire(IDS2);
    await otherDevice.send(bytes(128, 3, 7));
    expect(await otherDevice.nextPacket()).toEqual(bytes(128, 0, 128, 3, 2));
    for (const { stats } of [serial.connection('arm'), other.connection('arm')]) {
      expectNothingUncounted(stats);
    }
  });

  test('are handled in order with the packets, one at a time', async () => {
    const { serial, device } = await startOnWire();
    const log: string[] = [];
    serial.setReceiveHandler(async (_name, [value]) => {
      log.push(`packet ${value}`);
      await someTurns(3);
      log.push(`handled ${value}`);
    });
    serial.onRequest('arm', async ([value]) => {
      log.push(`request ${value}`);
      await someTurns(3);
      log.push(`replied ${value}`);
      return bytes(value!);
    });
    await device.send(bytes(0, 1));
    await device.send(bytes(129, 2));
    await device.send(bytes(130, 3));
    await device.send(bytes(0, 4));
    await expect.poll(() => log.length).toBe(8);
    expect(log).toEqual([
      ...['packet 1', 'handled 1', 'request 2', 'replied 2'],
      ...['request 3', 'replied 3', 'packet 4', 'handled 4'],
    ]);
    expect(serial.stats('arm')).toMatchObject({ packetsDelivered: 2, requestsReceived: 2 });
  });
});

describe('a reply to the device', () => {
  /** A connection whose handler for the request 7 of the device answers when the test says so. */
  async function startSlow(settings: Partial<SerialConnection> = {}) {
    const { serial, device } = await startReconnecting({ ...IDS, ...settings });
    const errors: unknown[] = [];
    serial.on('handlerError', ({ error }) => errors.push(error));
    let answer = (_reply: Uint8Array) => {};
    const isAsked = new Promise<void>((resolve) => {
      serial.onRequest('arm', ([value]) =>
        value === 7
          ? new Promise((resolveReply) => {
              answer = resolveReply;
              resolve();
            })
          : bytes(value!),
      );
    });
    await device.send(bytes(129, 7));
    await isAsked;
    return { serial, device, errors, answer: () => answer(bytes(70)) };
  }

  test('is not sent to a device that has reconnected meanwhile, and may have used the id again', async () => {
    const { serial, device, errors, answer } = await startSlow();
    device.unplug();
    device.plug();
    await connected(serial);
    answer();
    await device.send(bytes(129, 8));
    expect(await device.nextPacket()).toEqual(bytes(129, 8));
    expect(errors).toMatchObject([{ code: 'CONNECTION_LOST', message: expect.stringMatching(/^reply to "arm": /) }]);
  });

  test.each(['reject', 'wait'] as const)('is reported after shutdown, with whenDisconnected: %s', async (mode) => {
    const { serial, errors, answer } = await startSlow({ whenDisconnected: mode });
    await serial.shutdown();
    answer();
    await expect.poll(() => errors).toMatchObject([{ code: 'SHUTDOWN_TIMEOUT' }]);
    expect(serial.stats('arm').packetsWaiting).toBe(0);
  });
});
