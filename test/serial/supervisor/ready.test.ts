import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { SerialCommunicator, type SerialConnection } from '../../../src/index.js';
import { MockDevice, mockBinding } from '../../../src/testing/index.js';
import { countListeners, someTurns } from '../../contract/harness.js';

const PACKET = Uint8Array.of(1, 2, 3);

const SETTLE_MS = 2_000;

/** A started communicator with one mock device. Time stands still, except in `advance`. */
async function start(settings: Partial<SerialConnection> = {}, { isPlugged = true } = {}) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const device = new MockDevice({ path: '/dev/mock' });
  if (!isPlugged) {
    device.unplug();
  }
  const serial = new SerialCommunicator({ binding: mockBinding(device), shutdownTimeoutMs: 200 });
  serial.addConnection('arm', {
    path: '/dev/mock',
    baudRate: 9_600,
    settleMs: SETTLE_MS,
    syncOnOpen: false,
    reconnect: { minDelayMs: 10, maxDelayMs: 10 },
    ...settings,
  });
  onTestFinished(async () => {
    vi.useRealTimers();
    await serial[Symbol.asyncDispose]();
  });
  await serial.initialize();
  return { serial, device };
}

/** How a promise has settled so far. */
function watched(promise: Promise<void>): { outcome: string } {
  const result = { outcome: 'pending' };
  promise.then(
    () => {
      result.outcome = 'ready';
    },
    (error) => {
      result.outcome = error.code ?? String(error);
    },
  );
  return result;
}

async function advance(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await someTurns();
}

describe('ready', () => {
  test('resolves when settleMs is over: a packet sent in the same turn does not wait', async () => {
    const { serial, device } = await start();
    const ready = watched(serial.ready('arm'));
    const sent = serial.ready('arm').then(() => serial.send('arm', PACKET));
    await advance(SETTLE_MS - 1);
    expect(ready.outcome).toBe('pending');
    expect(device.writes).toEqual([]);
    await advance(1);
    expect(ready.outcome).toBe('ready');
    await sent;
    expect(device.received).toEqual([PACKET]);
    // No time passes now.
    await serial.ready('arm');
    await serial.send('arm', PACKET);
    expect(device.received).toEqual([PACKET, PACKET]);
  });

  test('waits for a device that is missing at first', async () => {
    const { serial, device } = await start({ required: false }, { isPlugged: false });
    const ready = watched(serial.ready('arm'));
    await advance(60_000);
    expect(ready.outcome).toBe('pending');
    device.plug();
    // The attempt comes 10 ms after the one before at the latest.
    await advance(SETTLE_MS);
    expect(ready.outcome).toBe('pending');
    await advance(10);
    expect(ready.outcome).toBe('ready');
  });

  test('waits across a reconnect, and for the new device to settle', async () => {
    const { serial, device } = await start();
    const ready = watched(serial.ready('arm'));
    await advance(SETTLE_MS - 1);
    device.unplug();
    await advance(SETTLE_MS);
    expect(serial.connectionState('arm')).not.toBe('connected');
    device.plug();
    await advance(SETTLE_MS - 1);
    expect(ready.outcome).toBe('pending');
    await advance(20);
    expect(ready.outcome).toBe('ready');
    expect(serial.stats('arm').opens).toBe(2);
  });

  test('waits again after a connection that was ready is lost', async () => {
    const { serial, device } = await start({ settleMs: 0 });
    await serial.ready('arm');
    device.unplug();
    await someTurns();
    const ready = watched(serial.ready('arm'));
    await advance(60_000);
    expect(ready.outcome).toBe('pending');
    device.plug();
    await advance(20);
    expect(ready.outcome).toBe('ready');
  });

  test('can be called in a connected listener', async () => {
    const { serial, device } = await start();
    let ready = { outcome: 'not called' };
    serial.on('connected', ({ name }) => {
      ready = watched(serial.ready(name));
    });
    device.unplug();
    await someTurns();
    device.plug();
    await advance(20);
    expect(ready.outcome).toBe('pending');
    await advance(SETTLE_MS);
    expect(ready.outcome).toBe('ready');
  });

  test('rejects with CONNECTION_LOST when the connection is lost for good, and from then on', async () => {
    const { serial, device } = await start({ reconnect: false });
    const ready = serial.ready('arm');
    device.unplug();
    for (const rejected of [ready, serial.ready('arm')]) {
      await expect(rejected).rejects.toMatchObject({
        code: 'CONNECTION_LOST',
        connection: 'arm',
        message: expect.stringMatching(
          /^ready "arm": not connected, will not reconnect: connection "arm" \(\/dev\/mock\)/,
        ),
      });
    }
    await expect(serial.ready('arm')).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });

  test.each([
    ['settling', true],
    ['missing', false],
  ])('rejects with SHUTDOWN_TIMEOUT when shutdown comes while the device is %s', async (_, isPlugged) => {
    const { serial } = await start({ required: false }, { isPlugged });
    const ready = serial.ready('arm');
    await Promise.all([
      expect(ready).rejects.toMatchObject({
        code: 'SHUTDOWN_TIMEOUT',
        connection: 'arm',
        message: expect.stringMatching(/^ready "arm" \(\/dev\/mock\): shutdown ended before the connection was ready/),
      }),
      serial.shutdown(),
    ]);
    await expect(serial.ready('arm')).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  });

  test('rejects with the reason as soon as its signal aborts, and the other calls wait on', async () => {
    const { serial } = await start();
    const controller = new AbortController();
    const other = watched(serial.ready('arm', { signal: new AbortController().signal }));
    const ready = serial.ready('arm', { signal: controller.signal });
    controller.abort('no more');
    await expect(ready).rejects.toBe('no more');
    await someTurns();
    expect(other.outcome).toBe('pending');
    await advance(SETTLE_MS);
    expect(other.outcome).toBe('ready');
  });

  test.each<[string, string, (parts: Awaited<ReturnType<typeof start>>, controller: AbortController) => void]>([
    ['it resolves', 'ready', () => {}],
    ['its signal aborts', 'aborted', (_, controller) => controller.abort('aborted')],
    ['the connection is lost', 'CONNECTION_LOST', ({ device }) => device.unplug()],
    ['shutdown ends', 'SHUTDOWN_TIMEOUT', ({ serial }) => void serial.shutdown()],
  ])('leaves no listener at a shared signal when %s', async (_, outcome, end) => {
    const parts = await start({ reconnect: false });
    const controller = new AbortController();
    const listeners = countListeners(controller.signal);
    const calls = Array.from({ length: 20 }, () => watched(parts.serial.ready('arm', { signal: controller.signal })));
    await someTurns();
    expect(listeners).toEqual({ now: 1, most: 1 });
    end(parts, controller);
    await advance(SETTLE_MS);
    expect(new Set(calls.map((call) => call.outcome))).toEqual(new Set([outcome]));
    // A listener that has been called is removed by Node.
    expect(listeners.now).toBe(outcome === 'aborted' ? 1 : 0);
  });
});
