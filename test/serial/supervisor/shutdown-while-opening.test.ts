import { expect, onTestFinished, test, vi } from 'vitest';
import { type Binding, SerialCommunicator } from '../../../src/index.js';
import { MockDevice, mockBinding } from '../../../src/testing/index.js';
import { gate, someTurns } from '../../contract/harness.js';

/** A connection whose device is missing during `initialize`. Every attempt waits for `opening`. */
async function start(openTimeoutMs: number) {
  const device = new MockDevice({ path: '/dev/mock' });
  const inner = mockBinding(device);
  const opening = gate();
  const open = vi.fn<Binding['open']>(async (options) => {
    await opening.opened;
    return inner.open(options);
  });
  const serial = new SerialCommunicator({ binding: { list: inner.list, open }, shutdownTimeoutMs: 2_000 });
  serial.addConnection('arm', {
    path: '/dev/mock',
    baudRate: 9_600,
    required: false,
    openTimeoutMs,
    reconnect: { minDelayMs: 1, maxDelayMs: 2 },
  });
  return { serial, device, open, opening };
}

test('shutdown during an attempt closes the port that it opens, and resolves after that', async () => {
  const { serial, device, open, opening } = await start(60_000);
  open.mockRejectedValueOnce(new Error('not yet'));
  await serial.initialize();
  await vi.waitFor(() => expect(open).toHaveBeenCalledTimes(2));
  expect(serial.connectionState('arm')).toBe('connecting');
  const steps: string[] = [];
  const stopped = serial.shutdown().then(() => steps.push('shutdown'));
  await someTurns();
  steps.push('opening');
  opening.open();
  await stopped;
  expect(steps).toEqual(['opening', 'shutdown']);
  expect(device.openOptions).toBeUndefined();
  expect(serial.stats('arm').opens).toBe(0);
});

test('shutdown while a timed-out attempt still hangs: no other attempt follows when it ends', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const { serial, device, open, opening } = await start(10);
  const initialized = serial.initialize();
  await vi.advanceTimersByTimeAsync(10);
  await initialized;
  expect(serial.connectionError('arm')).toMatchObject({ code: 'OPEN_TIMEOUT' });
  // The next attempt is due after 2 ms.
  await vi.advanceTimersByTimeAsync(5);
  const stopped = serial.shutdown();
  await someTurns();
  opening.open();
  await stopped;
  await someTurns();
  expect(open).toHaveBeenCalledOnce();
  expect(device.openOptions).toBeUndefined();
});
