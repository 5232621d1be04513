import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type RequestOptions, SerialCommunicator, type SerialConnection } from '../../src/index.js';
import { FaultyLine, MockDevice, type MockDeviceOptions, mockBinding } from '../../src/testing/index.js';
import { gate, outcome, settledAtOnce, someTurns } from '../contract/harness.js';
import { connected, FAST, settled, startReconnecting } from '../support/mock-connection.js';
import { randomNumbers, runSeed } from '../support/random.js';
import { expectNothingUncounted, expectRequestsCounted } from '../support/stats.js';

const packet = (kind: number, ...rest: number[]) => Uint8Array.of(kind, ...rest);
const IDS = { requestIds: { bytes: 1 as const } };
const WAITS: RequestOptions = { matches: () => false, timeoutMs: 60_000 };

/** Where a request can be when something happens to it. `reach` returns the requests in that state. */
interface State {
  settings: Partial<SerialConnection>;
  reach(serial: SerialCommunicator, device: MockDevice): Promise<Promise<unknown>[]>;
}

const STATES: Record<string, State> = {
  'waits for its turn': {
    settings: {},
    async reach(serial, device) {
      const first = serial.request('arm', packet(1), WAITS);
      const second = serial.request('arm', packet(2), WAITS);
      await device.nextPacket();
      return [first, second];
    },
  },
  'waits for an id': {
    settings: IDS,
    async reach(serial, device) {
      const all = Array.from({ length: 130 }, () => serial.request('arm', packet(1), WAITS));
      await vi.waitFor(() => expect(device.receivedCount).toBe(127));
      return all;
    },
  },
  'is queued': {
    settings: IDS,
    async reach(serial, device) {
      device.stall();
      const before = outcome(serial.send('arm', packet(1)));
      await someTurns();
      const requests = [1, 2].map(() => serial.request('arm', packet(2), WAITS));
      await someTurns();
      return [...requests, before.then((result) => ('error' in result ? Promise.reject(result.error) : undefined))];
    },
  },
  'is being written': {
    settings: IDS,
    async reach(serial, device) {
      device.stall();
      const request = serial.request('arm', packet(1), WAITS);
      await someTurns();
      return [request];
    },
  },
  'waits for its reply': {
    settings: {},
    async reach(serial, device) {
      const request = serial.request('arm', packet(1), WAITS);
      await device.nextPacket();
      return [request];
    },
  },
  'is awaited by a busy handler': {
    settings: { requestBacklogBytes: 10_000 },
    async reach(serial, device) {
      const made = gate();
      let request: Promise<unknown> | undefined;
      serial.setReceiveHandler(async () => {
        request ??= serial.request('arm', packet(1), WAITS);
        made.open();
        await request.catch(() => {});
      });
      await device.send(packet(7));
      await made.opened;
      await device.nextPacket();
      await device.send(packet(8));
      return [request!];
    },
  },
};

describe.each(Object.entries(STATES))('a request that %s', (_state, { settings, reach }) => {
  test('rejects with CONNECTION_LOST when the device is unplugged; the next one gets its reply', async () => {
    const { serial, device } = await startReconnecting(settings);
    const requests = (await reach(serial, device)).map(settled);
    const reconnected = connected(serial);
    device.unplug();
    expect(new Set(await Promise.all(requests))).toEqual(new Set(['CONNECTION_LOST']));
    const received = device.receivedCount;
    device.resume();
    device.plug();
    await reconnected;
    const next = serial.request('arm', packet(5), { matches: ([kind]) => kind === 6 });
    // Nothing of the lost ones is written later.
    await vi.waitFor(() => expect(device.receivedCount).toBe(received + 1));
    const [id] = device.received.at(-1)!;
    await device.send('requestIds' in settings ? packet(id!, 6) : packet(6));
    expect(await next).toEqual(packet(6));
    expectRequestsCounted(serial.stats('arm'));
  });

  test('rejects with CONNECTION_LOST if the connection does not reconnect, and so does every later one', async () => {
    const { serial, device } = await startReconnecting({ ...settings, reconnect: false });
    const requests = (await reach(serial, device)).map(settled);
    device.unplug();
    expect(new Set(await Promise.all(requests))).toEqual(new Set(['CONNECTION_LOST']));
    expect(await settled(serial.request('arm', packet(1), WAITS))).toBe('CONNECTION_LOST');
    expectRequestsCounted(serial.stats('arm'));
  });

  test('rejects with SHUTDOWN_TIMEOUT at once when shutdown is called', async () => {
    const { serial, device } = await startReconnecting(settings);
    const requests = await reach(serial, device);
    const before = serial.stats('arm').requestsWaiting;
    const ended = requests.slice(0, before).map((request) => settled(request));
    const rest = requests.slice(before).map((request) => settled(request));
    const stopping = serial.shutdown();
    for (const request of ended) {
      expect(await settledAtOnce(request)).toEqual({ value: 'SHUTDOWN_TIMEOUT' });
    }
    await stopping;
    await Promise.all(rest);
    expectRequestsCounted(serial.stats('arm'));
  });
});

test('a request made while the port is disconnected rejects, or waits for the port as send does', async () => {
  const { serial, device } = await startReconnecting();
  const lost = new Promise((resolve) => serial.once('disconnected', resolve));
  device.unplug();
  await lost;
  expect(await settled(serial.request('arm', packet(1), WAITS))).toBe('CONNECTION_LOST');

  const replying = new MockDevice({ path: '/dev/mock', onRequest: (request) => request });
  const { serial: patient } = await startReconnecting({ whenDisconnected: 'wait' }, replying);
  const lostToo = new Promise((resolve) => patient.once('disconnected', resolve));
  replying.unplug();
  await lostToo;
  // Its time limit does not begin before it is written.
  const request = patient.request('arm', packet(2), { matches: ([kind]) => kind === 2, timeoutMs: 100 });
  await someTurns();
  replying.plug();
  expect(await request).toEqual(packet(2));
  expect(replying.received).toEqual([packet(2)]);
});

test('a reply to a request of the connection before is late on the new one', async () => {
  const { serial, device } = await startReconnecting(IDS);
  const lost = settled(serial.request('arm', packet(1)));
  const [lostId] = await device.nextPacket();
  const reconnected = connected(serial);
  device.unplug();
  expect(await lost).toBe('CONNECTION_LOST');
  device.plug();
  await reconnected;
  const next = serial.request('arm', packet(2));
  const [nextId] = await device.nextPacket();
  expect(nextId).not.toBe(lostId);
  await device.send(packet(lostId!, 1));
  await device.send(packet(nextId!, 2));
  expect(await next).toEqual(packet(2));
  expect(serial.stats('arm')).toMatchObject({ lateReplies: 1, requestsReplied: 1, requestsFailed: 1 });
});

test('an iterator continues across reconnects', async () => {
  const { serial, device } = await startReconnecting();
  const packets = serial.packets('arm');
  for (const kind of [1, 2, 3]) {
    await device.send(packet(kind));
    expect(await packets.next()).toEqual({ done: false, value: packet(kind) });
    const waiting = packets.next();
    const reconnected = connected(serial);
    device.unplug();
    device.plug();
    await reconnected;
    await device.send(packet(kind, 0));
    expect(await waiting).toEqual({ done: false, value: packet(kind, 0) });
  }
  await serial.shutdown();
  expect(await packets.next()).toEqual({ done: true, value: undefined });
});

test('a request of the device whose handler is busy when the device is unplugged blocks nothing', async () => {
  const device = new MockDevice({ path: '/dev/mock', ...IDS });
  const { serial } = await startReconnecting(IDS, device);
  const busy = gate();
  const entered = gate();
  serial.onRequest('arm', async (request) => {
    entered.open();
    await busy.opened;
    return request;
  });
  const events: unknown[] = [];
  serial.on('handlerError', (event) => events.push(event));
  const lost = expect(device.request(packet(1))).rejects.toThrow('it was unplugged');
  await entered.opened;
  const reconnected = connected(serial);
  device.unplug();
  await lost;
  device.plug();
  await reconnected;
  busy.open();
  expect(await device.request(packet(2))).toEqual(packet(2));
});

test('a request of the device that waits for a busy handler when the device is unplugged gets no reply', async () => {
  const device = new MockDevice({ path: '/dev/mock' });
  const { serial } = await startReconnecting(IDS, device);
  const busy = gate();
  const entered = gate();
  serial.setReceiveHandler(() => {
    entered.open();
    return busy.opened;
  });
  serial.onRequest('arm', (request) => request);
  const failed = new Promise((resolve) => serial.once('handlerError', ({ error }) => resolve(error)));
  await Promise.all([device.send(packet(0, 1)), device.send(packet(0x81, 7))]);
  await entered.opened;
  const reconnected = connected(serial);
  device.unplug();
  device.plug();
  await reconnected;
  busy.open();
  expect(await failed).toMatchObject({ code: 'CONNECTION_LOST' });
  await serial.send('arm', packet(3));
  expect(device.received).toEqual([packet(0, 3)]);
  expectNothingUncounted(serial.stats('arm'));
});

/** Started with ids, with a device that answers as `onPacket` says. */
async function startWithIds(onPacket: NonNullable<MockDeviceOptions['onPacket']>) {
  const device = new MockDevice({ path: '/dev/mock', onPacket });
  const serial = new SerialCommunicator({ binding: mockBinding(device) });
  serial.addConnection('arm', { path: '/dev/mock', baudRate: 115_200, reconnect: FAST, requestIds: { bytes: 2 } });
  onTestFinished(() => serial[Symbol.asyncDispose]());
  await serial.initialize();
  return { device, serial };
}

test('replies that are late, missing, repeated or wrong never satisfy another request', async () => {
  const seed = runSeed();
  const random = randomNumbers(seed);
  let sent = 0;
  const timers = new Set<NodeJS.Timeout>();
  const { device, serial } = await startWithIds((received, device) => {
    const reply = (bytes: Uint8Array) => {
      sent++;
      void device.send(bytes);
    };
    switch (random(6)) {
      case 0:
        break;
      case 1: {
        const timer = setTimeout(() => {
          timers.delete(timer);
          reply(received);
        }, random(20));
        timers.add(timer);
        break;
      }
      case 2:
        reply(received);
        reply(received);
        break;
      case 3:
        // An id that is not in use, since the others are close to this one.
        reply(Uint8Array.of(received[0]! ^ 0x40, ...received.subarray(1)));
        break;
      default:
        reply(received);
    }
  });
  let late = 0;
  serial.on('lateReply', () => late++);
  const ends = await Promise.all(
    Array.from({ length: 400 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, random(100)));
      const request = packet(index >> 8, index & 0xff);
      const end = await outcome(serial.request('arm', request, { timeoutMs: 1 + random(15) }));
      if ('error' in end) {
        return (end.error as { code: string }).code;
      }
      expect(end.value, `TEST_SEED=${seed}`).toEqual(request);
      return 'replied';
    }),
  );
  await vi.waitFor(() => expect(timers.size).toBe(0));
  await vi.waitFor(() => expect(serial.stats('arm').packetsReceived).toBe(sent));
  const stats = serial.stats('arm');
  expect(new Set(ends)).toEqual(new Set(['replied', 'REPLY_TIMEOUT']));
  // A wrong id can be 0, that of other packets.
  expect(stats.repliesReceived + stats.lateReplies + stats.packetsWithoutHandler).toBe(sent);
  expect(stats.lateReplies).toBe(late);
  expect(device.receivedCount).toBe(400);
  expectRequestsCounted(stats);
  expectNothingUncounted(stats);
});

test('over a noisy line, requests in both directions get their own reply, at last', async () => {
  const checksum = 'crc32';
  const device = new MockDevice({
    path: '/dev/mock',
    checksum,
    requestIds: { bytes: 2 },
    onRequest: (request) => Uint8Array.of(...request, 0x0d),
  });
  const noise = { dropRate: 0.004, flipRate: 0.004, insertRate: 0.004, duplicateRate: 0.004, cutRate: 0.1 };
  const line = new FaultyLine(mockBinding(device), { path: '/dev/mock', toDevice: noise, toHost: noise });
  const serial = new SerialCommunicator({ binding: line.binding });
  serial.addConnection('arm', { path: '/dev/mock', baudRate: 115_200, checksum, requestIds: { bytes: 2 } });
  onTestFinished(() => serial[Symbol.asyncDispose]());
  serial.onRequest('arm', (request) => Uint8Array.of(...request, 0x40));
  await serial.initialize();

  const retry = async (request: () => Promise<Uint8Array>) => {
    for (let attempts = 1; ; attempts++) {
      const end = await outcome(request());
      if ('value' in end) {
        return { attempts, reply: end.value };
      }
    }
  };
  const all = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const own = packet(index, 0, 1, 2, 3);
      const toDevice = await retry(() => serial.request('arm', own, { timeoutMs: 30 }));
      expect(toDevice.reply, `TEST_SEED=${line.seed}`).toEqual(Uint8Array.of(...own, 0x0d));
      const toHost = await retry(() => device.request(own, { timeoutMs: 30 }));
      expect(toHost.reply, `TEST_SEED=${line.seed}`).toEqual(Uint8Array.of(...own, 0x40));
      return toDevice.attempts + toHost.attempts;
    }),
  );
  expect(all.reduce((sum, attempts) => sum + attempts, 0)).toBeGreaterThan(400);
  await serial.shutdown();
  expectRequestsCounted(serial.stats('arm'));
  expectNothingUncounted(serial.stats('arm'));
});
