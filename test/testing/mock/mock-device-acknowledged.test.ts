import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { SerialCommunicator, type SerialConnection } from '../../../src/index.js';
import { FaultyLine, type LineFaults, MockDevice, type MockDeviceOptions } from '../../../src/testing/index.js';
import { mockBinding } from '../../../src/testing/mock/mock-binding.js';
import { gate, outcome, someTurns } from '../../contract/harness.js';
import { Inbox } from '../../support/inbox.js';
import { FAST } from '../../support/mock-connection.js';
import { expectNothingUncounted } from '../../support/stats.js';
import { errorOf } from './hand-made-session.js';
import { bytes, path } from './rig.js';

/** A device and a started communicator with one connection, `a`, to it, both with acknowledged delivery. */
async function joined(
  options: Partial<MockDeviceOptions> = {},
  settings: Partial<SerialConnection> = {},
  faults: LineFaults = {},
) {
  const device = new MockDevice({ path, delivery: 'acknowledged', ...options });
  const line = new FaultyLine(mockBinding(device), { path, toDevice: faults, toHost: faults });
  const communicator = new SerialCommunicator({ binding: line.binding });
  communicator.addConnection('a', {
    path,
    baudRate: 115_200,
    delivery: 'acknowledged',
    reconnect: FAST,
    ...settings,
  });
  const inbox = new Inbox();
  communicator.setReceiveHandler(inbox.handler);
  onTestFinished(() => communicator[Symbol.asyncDispose]());
  await communicator.initialize();
  await communicator.ready('a');
  return { device, communicator, inbox };
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  return (await Promise.race([outcome(promise), someTurns().then(() => 'pending')])) === 'pending';
}

const ids = { requestIds: { bytes: 1 } } as const;

afterEach(() => {
  vi.useRealTimers();
});

test.each([
  ['without ids', {}],
  ['with ids', ids],
])('packets arrive both ways, %s', async (_what, options) => {
  const { device, communicator, inbox } = await joined({ ...options, maxPacketBytes: 64 }, options);
  await communicator.send('a', bytes(1, 0, 2));
  expect(device.received).toEqual([bytes(1, 0, 2)]);
  await device.send(bytes(3));
  expect(inbox.packets('a')).toEqual([bytes(3)]);
  await device.send(bytes());
  expect(inbox.packets('a')).toEqual([bytes(3), bytes()]);
});

test('the window of the device is that of the option, and its packets are as long as the host accepts', async () => {
  const { communicator } = await joined({ link: { window: 32 } }, { maxPacketBytes: 100 });
  expect(communicator.stats('a').delivery?.session).toEqual({
    sendWindow: 32,
    receiveWindow: 32,
    sendMaxPacketBytes: 65_535,
    receiveMaxPacketBytes: 100,
  });
});

test('a device that may send longer packets than the host accepts is incompatible', async () => {
  const device = new MockDevice({ path, delivery: 'acknowledged', maxPacketBytes: 101 });
  const communicator = new SerialCommunicator({ binding: mockBinding(device) });
  communicator.addConnection('a', { path, baudRate: 115_200, delivery: 'acknowledged', maxPacketBytes: 100 });
  onTestFinished(() => communicator[Symbol.asyncDispose]());
  await communicator.initialize();
  await expect(communicator.ready('a')).rejects.toMatchObject({ code: 'PEER_INCOMPATIBLE' });
});

test('every packet arrives once and in order over a bad line, both ways, and datagrams at most once', async () => {
  const faults = { dropRate: 0.001, flipRate: 0.001, insertRate: 0.001, duplicateRate: 0.001, maxDelayMs: 1 };
  const { device, communicator, inbox } = await joined({}, {}, faults);
  const numbers = Array.from({ length: 300 }, (_, number) => number);
  const packet = (number: number) => Uint8Array.of(1, number >> 8, number & 0xff, 0);
  const datagram = (number: number) => Uint8Array.of(2, number >> 8, number & 0xff, 0);
  await Promise.all(
    numbers.flatMap((number) => [
      communicator.send('a', packet(number)),
      device.send(packet(number)),
      communicator.send('a', datagram(number), { acknowledged: false }),
      device.sendDatagram(datagram(number)),
    ]),
  );
  for (const received of [device.received, inbox.packets('a')]) {
    expect(received.filter(([kind]) => kind === 1)).toEqual(numbers.map(packet));
    const datagrams = received.filter(([kind]) => kind === 2).map(([, high, low]) => high! * 256 + low!);
    expect(datagrams.length).toBeGreaterThan(numbers.length / 2);
    expect(datagrams).toEqual([...new Set(datagrams)].sort((a, b) => a - b));
  }
  expect(device.linkStats?.resent).toBeGreaterThan(0);
  expect(device.linkStats?.damaged).toBeGreaterThan(0);
  expectNothingUncounted(communicator.stats('a'));
});

describe('a paused application', () => {
  test('holds the host, and no packet is lost', async () => {
    const { device, communicator } = await joined();
    device.pause();
    const sent = [1, 2, 3, 4, 5, 6].map((content) => communicator.send('a', bytes(content)));
    expect(await isPending(sent[0]!)).toBe(true);
    expect(communicator.stats('a').delivery?.unacknowledged).toBe(4);
    device.resume();
    await Promise.all(sent);
    expect(device.received).toEqual([1, 2, 3, 4, 5, 6].map((content) => bytes(content)));
    expect(device.linkStats).toMatchObject({ resent: 0, duplicates: 0, damaged: 0, dropped: 0 });
  });

  test('that is paused too long has the packet rejected', async () => {
    const { device, communicator } = await joined({}, { ackTimeoutMs: 50 });
    device.pause();
    await expect(communicator.send('a', bytes(1))).rejects.toMatchObject({ code: 'ACK_TIMEOUT', delivered: 'unknown' });
    device.resume();
    await communicator.ready('a');
    await communicator.send('a', bytes(2));
    expect(device.received.at(-1)).toEqual(bytes(2));
  });
});

describe('a request of the device', () => {
  test('gets its reply, also when the handler needs time', async () => {
    const { device, communicator } = await joined(ids, ids);
    const handled = gate();
    communicator.onRequest('a', async (packet) => {
      await handled.opened;
      return packet;
    });
    const reply = device.request(bytes(7));
    expect(await isPending(reply)).toBe(true);
    handled.open();
    expect(await reply).toEqual(bytes(7));
  });

  test('rejects with the code of an error reply', async () => {
    const { device } = await joined(ids, ids);
    await expect(device.request(bytes(7))).rejects.toMatchObject({ replyCode: 2 });
  });

  test('leaves no timer behind when its reply comes with its acknowledgement', async () => {
    const { device, communicator } = await joined(ids, ids);
    communicator.onRequest('a', (packet) => packet);
    const timers = vi.spyOn(globalThis, 'setTimeout');
    onTestFinished(() => timers.mockRestore());
    expect(await device.request(bytes(7), { timeoutMs: 12_345 })).toEqual(bytes(7));
    await someTurns();
    expect(timers.mock.calls.map(([, delayMs]) => delayMs)).not.toContain(12_345);
  });

  test('waits while the device is unplugged, and rejects when it is reset', async () => {
    const { device, communicator } = await joined(ids, ids);
    communicator.onRequest('a', ([kind]) => (kind === 1 ? bytes(9) : new Promise<never>(() => {})));
    device.unplug();
    const reply = device.request(bytes(1));
    expect(await isPending(reply)).toBe(true);
    device.plug();
    expect(await reply).toEqual(bytes(9));
    const unanswered = errorOf(device.request(bytes(2), { timeoutMs: 20_000 }));
    await someTurns();
    device.reset();
    expect(await unanswered).toBe(`MockDevice ${path}: request: no reply, it was reset`);
  });

  test('times out from when the host has taken it', async () => {
    const { device, communicator } = await joined(ids, ids);
    communicator.onRequest('a', () => new Promise<never>(() => {}));
    expect(await errorOf(device.request(bytes(2), { timeoutMs: 20 }))).toBe(
      `MockDevice ${path}: request: no reply within 20 ms`,
    );
  });
});

test('the host is told of a reset, and the device of a new session', async () => {
  const { device, communicator } = await joined();
  const reset = new Promise((resolve) => communicator.once('peerReset', resolve));
  device.reset();
  await reset;
  await communicator.ready('a');
  const pending = gate();
  communicator.setReceiveHandler(() => pending.opened);
  // The second one waits for the handler.
  await device.send(bytes(1));
  const waiting = errorOf(device.send(bytes(2)));
  await communicator.connection('a').release();
  await communicator.connection('a').reopen();
  pending.open();
  expect(await waiting).toBe(`MockDevice ${path}: cannot send, the host has begun another session`);
});

test('fake timers stop its time-outs, and nothing else', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const { device, communicator, inbox } = await joined({ echo: true });
  await communicator.send('a', bytes(1));
  await inbox.count(1);
  device.stall();
  const sent = device.send(bytes(2));
  await someTurns(5);
  expect(inbox.packets('a')).toEqual([bytes(1), bytes(2)]);
  expect(device.linkStats?.resent).toBe(0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(device.linkStats?.resent).toBeGreaterThan(0);
  device.resume();
  await sent;
  expect(inbox.packets('a')).toEqual([bytes(1), bytes(2)]);
  await communicator.shutdown();
  expect(vi.getTimerCount()).toBe(0);
});
