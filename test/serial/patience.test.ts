import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Binding, SerialCommunicator, type SerialConnection } from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { PatientTimer } from '../../src/timing/patient-timer.js';
import { kernelBinding } from '../support/kernel-port.js';
import { settled } from '../support/mock-connection.js';

/** Keeps the event loop from running, as a long computation does. */
function block(ms: number): void {
  const endAt = performance.now() + ms;
  while (performance.now() < endAt) {
    // Until the time is up.
  }
}

/** A callback that runs when the event loop has polled `turns` times, like those of the operating system. */
function afterPolls(turns: number, callback: () => void): void {
  setImmediate(() => (turns === 1 ? callback() : afterPolls(turns - 1, callback)));
}

async function start(binding: Binding, settings: Partial<SerialConnection>, shutdownTimeoutMs = 2_000) {
  const serial = new SerialCommunicator({ binding, shutdownTimeoutMs });
  serial.addConnection('arm', { path: '/dev/a', baudRate: 9_600, syncOnOpen: false, ...settings });
  onTestFinished(() => serial[Symbol.asyncDispose]());
  await serial.initialize();
  return serial;
}

describe('while the application blocks the event loop', () => {
  test.each([1, 3])('sendTimeoutMs does not expire, if the device accepts the bytes %i polls later', async (polls) => {
    const { binding, ports } = kernelBinding();
    const serial = await start(binding, { sendTimeoutMs: 50 });
    const sent = settled(serial.send('arm', Uint8Array.of(1, 2)));
    await new Promise((resolve) => setImmediate(resolve));
    afterPolls(polls, () => ports[0]!.take(100));
    block(200);
    expect(await sent).toBe('resolved');
  });

  test('sendTimeoutMs still expires for a stalled device', async () => {
    const serial = await start(kernelBinding().binding, { sendTimeoutMs: 50 });
    const sent = settled(serial.send('arm', Uint8Array.of(1, 2)));
    block(200);
    expect(await sent).toBe('SEND_TIMEOUT');
  });

  test('sendTimeoutMs expires in a loop that is blocked again and again', async () => {
    const serial = await start(kernelBinding().binding, { sendTimeoutMs: 50 });
    const blocking = setInterval(block, 1, 30);
    onTestFinished(() => clearInterval(blocking));
    expect(await settled(serial.send('arm', Uint8Array.of(1, 2)))).toBe('SEND_TIMEOUT');
  });

  test('openTimeoutMs does not expire, if the port opens some polls later', async () => {
    const device = new MockDevice({ path: '/dev/a' });
    const inner = mockBinding(device);
    const binding: Binding = {
      list: () => inner.list(),
      async open(options) {
        await new Promise<void>((resolve) => afterPolls(4, resolve));
        return inner.open(options);
      },
    };
    const started = start(binding, { openTimeoutMs: 50 });
    block(200);
    expect((await started).connectionState('arm')).toBe('connected');
  });

  test('shutdown still waits for the device to accept the packets', async () => {
    const { binding, ports } = kernelBinding();
    const serial = await start(binding, {}, 60);
    const sent = settled(serial.send('arm', Uint8Array.of(1, 2)));
    await new Promise((resolve) => setImmediate(resolve));
    const stopped = serial.shutdown();
    await new Promise((resolve) => setImmediate(resolve));
    afterPolls(2, () => ports[0]!.take(100));
    block(200);
    await stopped;
    expect(await sent).toBe('resolved');
  });
});

test('the clock does not go back after a slice that is late', async () => {
  const timer = new PatientTimer(2_000);
  const due = new Promise<void>((resolve) => timer.start(5, resolve));
  block(60);
  const blockedMs = timer.watchedMs;
  await due;
  expect(timer.watchedMs).toBeGreaterThanOrEqual(blockedMs);
});

test('a packet does not time out with an earlier one', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const { binding, ports } = kernelBinding();
  const serial = await start(binding, { sendTimeoutMs: 200 });
  const first = settled(serial.send('arm', Uint8Array.of(1)));
  await vi.advanceTimersByTimeAsync(150);
  const second = settled(serial.send('arm', Uint8Array.of(2)));
  await vi.advanceTimersByTimeAsync(60);
  expect(await first).toBe('SEND_TIMEOUT');
  ports[0]!.take(100);
  expect(await second).toBe('resolved');
});
