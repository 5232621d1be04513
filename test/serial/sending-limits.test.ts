import { expect, onTestFinished, test, vi } from 'vitest';
import { SerialCommunicator, type SerialConnection } from '../../src/index.js';
import { kernelBinding } from '../support/kernel-port.js';
import { connected, FAST, nextPackets, settled, start, startReconnecting } from '../support/mock-connection.js';

async function startKernel(settings: Partial<SerialConnection> = {}) {
  const { binding, ports } = kernelBinding();
  const serial = new SerialCommunicator({ binding, shutdownTimeoutMs: 100 });
  serial.addConnection('arm', { path: '/dev/a', baudRate: 9_600, syncOnOpen: false, reconnect: FAST, ...settings });
  onTestFinished(() => serial[Symbol.asyncDispose]());
  await serial.initialize();
  return { serial, ports };
}

test('writes no stale bytes when a frame has about the length of the one before', async () => {
  const { serial, device } = await start({ syncOnOpen: false }, { echo: true });
  const packets = [new Uint8Array(508).fill(7), new Uint8Array(509).fill(9)];
  packets[1]![200] = 0;
  packets[1]![400] = 0;
  const received = nextPackets(serial, 2);
  for (const packet of packets) {
    await serial.send('arm', packet);
  }
  expect(device.received).toEqual(packets);
  expect(await received).toEqual(packets);
});

test('send accepts empty options', async () => {
  const { serial, device } = await start();
  await serial.send('arm', Uint8Array.of(1), {});
  expect(device.received).toEqual([Uint8Array.of(1)]);
});

test.each([
  ['nothing is written', 0, 0],
  ['a frame is partly written', 2, 1],
  ['one frame is written and the next is not begun', 5, 0],
  ['the second frame is partly written', 6, 1],
])('a disconnect when %s counts truncated frames right', async (_when, writtenBytes, framesTruncated) => {
  const { serial, ports } = await startKernel();
  // Two frames of five bytes in one write.
  const sent = [1, 2].map((tag) => settled(serial.send('arm', Uint8Array.of(tag, tag, tag))));
  await vi.waitFor(() => expect(ports[0]!.isWriting).toBe(true));
  ports[0]!.take(writtenBytes);
  ports[0]!.hangUp();
  await Promise.all(sent);
  expect(serial.stats('arm').framesTruncated).toBe(framesTruncated);
  // The next opening begins with bytes that invalidate the frame, and only then.
  await vi.waitFor(() => expect(ports).toHaveLength(2));
  await serial.ready('arm');
  const next = settled(serial.send('arm', Uint8Array.of(3)));
  await vi.waitFor(() => expect(ports[1]!.isWriting).toBe(true));
  while (ports[1]!.isWriting) {
    ports[1]!.take(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await next).toBe('resolved');
  expect(ports[1]!.taken.length).toBe((framesTruncated === 0 ? 0 : 256) + 3);
});

test('sendTimeoutMs of many packets is over at the same time', async () => {
  const { serial, device } = await start({ sendTimeoutMs: 200 });
  device.stall();
  const startedAt = performance.now();
  const durations = await Promise.all(
    Array.from({ length: 2_000 }, async () => {
      expect(await settled(serial.send('arm', Uint8Array.of(1)))).toBe('SEND_TIMEOUT');
      return performance.now() - startedAt;
    }),
  );
  expect(Math.max(...durations)).toBeLessThan(4 * durations[0]!);
});

test('a send after a loss rejects with reconnect: false, even with whenDisconnected: wait', async () => {
  const { serial, device, events } = await startReconnecting({ reconnect: false, whenDisconnected: 'wait' });
  const lost = new Promise((resolve) => serial.once('disconnected', resolve));
  device.unplug();
  await lost;
  expect(events).toContain('disconnected false');
  const outcome = settled(serial.send('arm', Uint8Array.of(1)));
  expect(await Promise.race([outcome, new Promise((resolve) => setTimeout(resolve, 200, 'pending'))])).toBe(
    'CONNECTION_LOST',
  );
});

test('a lost connection that is connected again sends again', async () => {
  const { serial, device } = await startReconnecting();
  const again = connected(serial);
  device.unplug();
  device.plug();
  await again;
  await serial.send('arm', Uint8Array.of(1));
  expect(device.received).toEqual([Uint8Array.of(1)]);
});
