import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import type { Binding, PortListener } from '../../../src/index.js';
import { asPort } from '../../../src/serial/read-port-adapter.js';
import { FaultyLine, MockDevice, mockBinding } from '../../../src/testing/index.js';
import { gate, someTurns } from '../../contract/harness.js';
import { connected, settled } from '../../support/mock-connection.js';
import { expectNothingUncounted } from '../../support/stats.js';
import { errorOf, names, packet, startAcknowledged, startHost } from './rig.js';

const IDS = { requestIds: { bytes: 1 as const } };

function disconnected(serial: Awaited<ReturnType<typeof startHost>>['serial']): Promise<unknown> {
  return new Promise((resolve) => serial.once('disconnected', resolve));
}

/** Numbered packets of many lengths. */
function numbered(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const bytes = new Uint8Array(2 + ((index * 7) % 60)).fill(index % 3);
    bytes[0] = index >> 8;
    bytes[1] = index & 0xff;
    return bytes;
  });
}

test('a device that is unplugged and plugged in continues the session: nothing is lost, and nothing comes twice', async () => {
  const { serial, device, events } = await startAcknowledged({}, { link: { window: 4 } });
  const received: Uint8Array[] = [];
  serial.setReceiveHandler((_, bytes) => void received.push(bytes));
  const packets = numbered(300);
  const done = Promise.all([
    ...packets.map((one) => serial.send('arm', one)),
    ...packets.map((one) => device.send(one)),
  ]);
  for (const count of [20, 90, 180]) {
    await vi.waitFor(() => expect(device.receivedCount).toBeGreaterThan(count));
    const reconnected = connected(serial);
    device.unplug();
    device.plug();
    await reconnected;
  }
  await done;
  expect(device.received).toEqual(packets);
  expect(received).toEqual(packets);
  expect(names(events)).toEqual(['sessionStarted', 'disconnected', 'disconnected', 'disconnected']);
  expect(serial.stats('arm').delivery).toMatchObject({ sessions: 1, peerResets: 0 });
  expectNothingUncounted(serial.stats('arm'));
});

test('what a port still returns after it was lost is dropped and counted', async () => {
  const device = new MockDevice({ path: '/dev/mock', delivery: 'acknowledged' });
  const mock = mockBinding(device);
  let listener: PortListener | undefined;
  const binding: Binding = {
    list: () => mock.list(),
    open: async (options) => {
      const port = asPort(await mock.open(options));
      const start = port.start.bind(port);
      port.start = (given) => {
        listener = given;
        start(given);
      };
      return port;
    },
  };
  const { serial } = await startHost(binding);
  await serial.ready('arm');
  let latest = new Uint8Array();
  serial.on('chunk', ({ bytes }) => {
    latest = new Uint8Array(bytes);
  });
  await device.sendDatagram(packet(7));
  await vi.waitFor(() => expect(serial.stats('arm').delivery!.datagramsTaken).toBe(1));
  const datagram = latest;
  await device.send(packet(8));
  await vi.waitFor(() => expect(serial.stats('arm').delivery!.packetsTaken).toBe(1));
  const data = latest;
  const { received } = listener!;
  const lost = disconnected(serial);
  device.unplug();
  await lost;
  received(datagram);
  received(data);
  expect(serial.stats('arm').delivery).toMatchObject({
    datagramsReceived: 2,
    datagramsDropped: 1,
    dataFramesReceived: 2,
    packetsDropped: 1,
  });
  expectNothingUncounted(serial.stats('arm'));
});

test('a device that restarts while it is unplugged is reported, and what it had not acknowledged rejects', async () => {
  const { serial, device, events } = await startAcknowledged({}, { link: { window: 4 } });
  await serial.ready('arm');
  device.pause();
  const sends = Array.from({ length: 6 }, (_, index) => errorOf(serial.send('arm', packet(index))));
  await vi.waitFor(() => expect(serial.stats('arm').delivery!.unacknowledged).toBe(4));
  device.unplug();
  device.reset();
  device.resume();
  device.plug();
  const errors = await Promise.all(sends);
  expect(errors.map(({ code }) => code)).toEqual(Array(6).fill('PEER_RESET'));
  expect(errors.map(({ delivered }) => delivered)).toEqual([...Array(4).fill('unknown'), 'no', 'no']);
  expect(errors[0]!.message).toBe(
    'send to "arm": the device restarted before it acknowledged the packet; it may have been delivered',
  );
  expect(errors[5]!.message).toBe(
    'send to "arm": the device restarted before it acknowledged the packet; it was never sent',
  );
  await serial.send('arm', packet(9));
  expect(device.received).toEqual([packet(9)]);
  expect(names(events)).toEqual(['sessionStarted', 'disconnected', 'peerReset', 'sessionStarted']);
  expect(events.find(({ event }) => event === 'peerReset')).toMatchObject({
    name: 'arm',
    error: { code: 'PEER_RESET' },
  });
  expectNothingUncounted(serial.stats('arm'));
});

test('what is sent while the device is unplugged was never sent if the device has restarted', async () => {
  const { serial, device } = await startAcknowledged();
  await serial.ready('arm');
  const lost = disconnected(serial);
  device.unplug();
  await lost;
  const sends = [serial.send('arm', packet(1)), serial.send('arm', packet(2), { acknowledged: false })].map(errorOf);
  device.reset();
  device.plug();
  for (const error of await Promise.all(sends)) {
    expect(error).toMatchObject({ code: 'PEER_RESET', delivered: 'no' });
  }
  await serial.send('arm', packet(3));
  expect(device.received).toEqual([packet(3)]);
});

test('a device that restarts with its port open is reported, and requests that wait for their replies reject', async () => {
  const { serial, device, events } = await startAcknowledged(IDS, { ...IDS, onRequest: () => undefined });
  const request = errorOf(serial.request('arm', packet(1), { timeoutMs: 60_000 }));
  await vi.waitFor(() => expect(serial.stats('arm').packetsSent).toBe(1));
  device.reset();
  expect(await request).toMatchObject({ code: 'PEER_RESET', delivered: 'unknown' });
  expect((await request).message).toBe(
    'request to "arm": the session ended before the reply came: connection "arm" (/dev/mock): the device restarted',
  );
  await serial.ready('arm');
  expect(names(events)).toEqual(['sessionStarted', 'peerReset', 'sessionStarted']);
  expectNothingUncounted(serial.stats('arm'));
});

test('requests wait while the device is unplugged, and get their replies', async () => {
  const { serial, device } = await startAcknowledged(IDS, { ...IDS, onRequest: ([value]) => packet(value! + 1) });
  await serial.ready('arm');
  device.pause();
  const before = serial.request('arm', packet(1), { timeoutMs: 2_000 });
  await vi.waitFor(() => expect(serial.stats('arm').delivery!.unacknowledged).toBe(1));
  const lost = disconnected(serial);
  device.unplug();
  await lost;
  const meanwhile = serial.request('arm', packet(5), { timeoutMs: 2_000 });
  device.resume();
  device.plug();
  expect(await Promise.all([before, meanwhile])).toEqual([packet(2), packet(6)]);
});

test('a handler of a request of the device may be busy across an unplugging: its reply arrives', async () => {
  // A request of a mock device ends when it is unplugged. So this device has no ids, and the test makes them.
  const { serial, device } = await startAcknowledged(IDS);
  const entered = gate();
  const busy = gate();
  serial.onRequest('arm', async ([value]) => {
    entered.open();
    await busy.opened;
    return packet(value! + 1);
  });
  await device.send(packet(0x81, 7));
  await entered.opened;
  const reconnected = connected(serial);
  device.unplug();
  device.plug();
  await reconnected;
  busy.open();
  expect(await device.nextPacket()).toEqual(packet(0x81, 8));
});

test('ACK_TIMEOUT counts the time in which the device is unplugged', async () => {
  const { serial, device, events } = await startAcknowledged({ ackTimeoutMs: 200 });
  await serial.ready('arm');
  device.pause();
  const sent = errorOf(serial.send('arm', packet(1)));
  await vi.waitFor(() => expect(serial.stats('arm').delivery!.unacknowledged).toBe(1));
  device.unplug();
  const error = await sent;
  expect(error).toMatchObject({ code: 'ACK_TIMEOUT', delivered: 'unknown' });
  expect(error.message).toContain('the port was not open; check that the device is plugged in');
  device.resume();
  device.plug();
  await serial.ready('arm');
  await serial.send('arm', packet(2));
  expect(names(events)).toEqual(['sessionStarted', 'disconnected', 'sessionFailed', 'sessionStarted']);
});

test('without reconnecting, everything rejects with CONNECTION_LOST', async () => {
  const { serial, device } = await startAcknowledged({ reconnect: false, ...IDS }, IDS);
  await serial.ready('arm');
  device.pause();
  const pending = [errorOf(serial.send('arm', packet(1))), errorOf(serial.request('arm', packet(2)))];
  await vi.waitFor(() => expect(serial.stats('arm').delivery!.unacknowledged).toBe(2));
  device.unplug();
  for (const error of await Promise.all(pending)) {
    expect(error).toMatchObject({ code: 'CONNECTION_LOST', delivered: 'unknown' });
  }
  expect(await settled(serial.send('arm', packet(3)))).toBe('CONNECTION_LOST');
  expect(await settled(serial.ready('arm'))).toBe('CONNECTION_LOST');
  expectNothingUncounted(serial.stats('arm'));
});

test("with whenDisconnected: 'reject', packets sent while the port is away reject, and those before wait", async () => {
  const { serial, device } = await startAcknowledged({ whenDisconnected: 'reject' });
  await serial.ready('arm');
  device.pause();
  const before = serial.send('arm', packet(1));
  await vi.waitFor(() => expect(serial.stats('arm').delivery!.unacknowledged).toBe(1));
  const lost = disconnected(serial);
  device.unplug();
  await lost;
  expect(await settled(serial.send('arm', packet(2)))).toBe('CONNECTION_LOST');
  device.resume();
  device.plug();
  await before;
  expect(device.received).toEqual([packet(1)]);
});

test('when the host restarts, the device keeps its application, and begins another session', async () => {
  const device = new MockDevice({ path: '/dev/mock', delivery: 'acknowledged', echo: true });
  for (const value of [1, 2, 3]) {
    const { serial } = await startHost(mockBinding(device));
    const echo = new Promise((resolve) => serial.setReceiveHandler((_, bytes) => resolve(bytes)));
    await serial.send('arm', packet(value));
    expect(await echo).toEqual(packet(value));
    await serial.shutdown();
  }
  expect(device.received).toEqual([packet(1), packet(2), packet(3)]);
});

test.each([
  { dropRate: 0.0005 },
  { flipRate: 0.0005 },
  { insertRate: 0.0005, duplicateRate: 0.0005 },
  { dropRate: 0.0003, flipRate: 0.0003, insertRate: 0.0003, duplicateRate: 0.0003, cutRate: 0.01, maxDelayMs: 3 },
])('over a line with the faults %o, every packet arrives once and in order', async (faults) => {
  const device = new MockDevice({ path: '/dev/mock', delivery: 'acknowledged', link: { window: 4 } });
  const line = new FaultyLine(mockBinding(device), { path: '/dev/mock', toDevice: faults, toHost: faults });
  const { serial } = await startHost(line.binding, { ackTimeoutMs: 60_000 }, 20_000);
  const received: Uint8Array[] = [];
  serial.setReceiveHandler((_, bytes) => void received.push(bytes));
  const packets = numbered(300);
  const seed = `TEST_SEED=${line.seed}`;
  await Promise.all([...packets.map((one) => serial.send('arm', one)), ...packets.map((one) => device.send(one))]);
  await vi.waitFor(() => expect(received.length, seed).toBe(packets.length));
  expect(device.received, seed).toEqual(packets);
  expect(received, seed).toEqual(packets);
  const stats = serial.stats('arm');
  const { resentLost, resentTimedOut, sessions } = stats.delivery!;
  expect(resentLost + resentTimedOut, seed).toBeGreaterThan(0);
  expect(sessions, seed).toBe(1);
  expectNothingUncounted(stats);
});

test('when the last packet that shutdown waits for is aborted, shutdown ends before anything else happens', async () => {
  const { serial } = await startAcknowledged({}, { delivery: 'plain' }, 60_000);
  const abort = new AbortController();
  const aborted = serial.send('arm', packet(1), { signal: abort.signal });
  // The next one follows after a second.
  await vi.waitFor(() => expect(serial.stats('arm').delivery!.handshakesSent).toBe(3), { timeout: 5_000 });
  const stopping = serial.shutdown();
  await someTurns();
  abort.abort();
  await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
  expect(await Promise.race([stopping.then(() => 'stopped'), delay(500, 'waiting')])).toBe('stopped');
});
