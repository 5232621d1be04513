import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  type Binding,
  type InitializeError,
  type PortInfo,
  SerialCommunicator,
  type SerialConnection,
} from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { expectNothingUncounted } from '../support/stats.js';

const PACKET = Uint8Array.of(1, 2, 3);

async function start(settings: Partial<SerialConnection> = {}, device = new MockDevice({ path: '/dev/mock' })) {
  const serial = new SerialCommunicator({ binding: mockBinding(device), shutdownTimeoutMs: 200 });
  const events: string[] = [];
  serial.on('connected', ({ path }) => events.push(`connected ${path}`));
  serial.on('disconnected', ({ willReconnect }) => events.push(`disconnected ${willReconnect}`));
  serial.addConnection('arm', { path: '/dev/mock', baudRate: 9_600, reconnect: FAST, ...settings });
  onTestFinished(async () => {
    await serial[Symbol.asyncDispose]();
    expectNothingUncounted(serial.stats('arm'));
  });
  await serial.initialize();
  return { serial, device, events };
}

const FAST = { minDelayMs: 2, maxDelayMs: 4 };

function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'sent',
    (error) => error.code ?? String(error),
  );
}

function connected(serial: SerialCommunicator): Promise<{ name: string; path: string; info: PortInfo }> {
  return new Promise((resolve) => serial.once('connected', resolve));
}

describe('reconnecting', () => {
  test('is on by default: the port is opened again with a new decoder, and the counts continue', async () => {
    const { serial, device, events } = await start();
    const received: Uint8Array[] = [];
    serial.setReceiveHandler((_, packet) => {
      received.push(packet);
    });
    await device.sendRaw(Uint8Array.of(2, 1, 0, 9, 9, 9)); // the second frame never ends
    await vi.waitFor(() => expect(received).toHaveLength(1));
    const again = connected(serial);
    device.unplug();
    device.plug();
    await again;
    await device.sendRaw(Uint8Array.of(2, 5, 0));
    await vi.waitFor(() => expect(received).toEqual([Uint8Array.of(1), Uint8Array.of(5)]));
    expect(events).toEqual(['connected /dev/mock', 'disconnected true', 'connected /dev/mock']);
    expect(serial.stats('arm')).toMatchObject({ opens: 2, losses: 1, packetsReceived: 2, unfinishedBytes: 3 });
  });

  test('can be off: the port is not opened again, and send says so', async () => {
    const { serial, device, events } = await start({ reconnect: false });
    device.unplug();
    await vi.waitFor(() => expect(events).toContain('disconnected false'));
    device.plug();
    expect(serial.connectionState('arm')).toBe('disconnected');
    await expect(serial.send('arm', PACKET)).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      message: expect.stringContaining('not connected, will not reconnect: connection "arm" (/dev/mock): disconnected'),
    });
    expect(serial.stats('arm')).toMatchObject({ opens: 1, losses: 1, openFailures: 0, packetsRefused: 1 });
  });

  test('doubles the delay with each attempt, and waits between half and all of it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const device = new MockDevice({ path: '/dev/mock' });
    const inner = mockBinding(device);
    const attemptsMs: number[] = [];
    const binding: Binding = {
      list: inner.list,
      open: (options) => {
        attemptsMs.push(performance.now());
        return inner.open(options);
      },
    };
    const serial = new SerialCommunicator({ binding });
    serial.addConnection('arm', { path: '/dev/mock', baudRate: 9_600 });
    await serial.initialize();
    device.unplug();
    for (let i = 0; i < 400; i++) {
      await vi.advanceTimersByTimeAsync(100);
    }
    const waits = attemptsMs.slice(1).map((time, i) => time - attemptsMs[i]!);
    const full = [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000];
    for (const [i, limit] of full.entries()) {
      expect(waits[i]).toBeGreaterThanOrEqual(limit / 2);
      expect(waits[i]).toBeLessThanOrEqual(limit + 2);
    }
    expect(serial.stats('arm').openFailures).toBe(attemptsMs.length - 1);
    vi.useRealTimers();
    await serial.shutdown();
  });

  test('continues while the port exists but cannot be opened yet', async () => {
    const device = new MockDevice({ path: '/dev/mock' });
    const inner = mockBinding(device);
    let refusals = 3;
    const binding: Binding = {
      list: inner.list,
      open: async (options) => {
        if (device.isPlugged && losses > 0 && refusals-- > 0) {
          throw new Error('Error: Permission denied, cannot open /dev/mock');
        }
        return inner.open(options);
      },
    };
    let losses = 0;
    const serial = new SerialCommunicator({ binding });
    serial.on('disconnected', () => {
      losses++;
    });
    serial.addConnection('arm', { path: '/dev/mock', baudRate: 9_600, reconnect: FAST });
    await serial.initialize();
    const again = connected(serial);
    device.unplug();
    await vi.waitFor(() => expect(losses).toBe(1), { interval: 1 });
    device.plug();
    await again;
    expect(serial.stats('arm').openFailures).toBeGreaterThanOrEqual(3);
    await serial.shutdown();
  });

  test('does not deliver a packet while the handler is busy with one from before the disconnect', async () => {
    const { serial, device } = await start();
    const received: number[] = [];
    let release!: () => void;
    serial.setReceiveHandler((_, packet) => {
      received.push(packet[0]!);
      return packet[0] === 1
        ? new Promise<void>((resolve) => {
            release = resolve;
          })
        : undefined;
    });
    await device.sendRaw(Uint8Array.of(2, 1, 0, 2, 2, 0));
    await vi.waitFor(() => expect(received).toEqual([1]));
    const again = connected(serial);
    device.unplug();
    device.plug();
    await again;
    await device.send(Uint8Array.of(3));
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(received).toEqual([1]);
    release();
    await vi.waitFor(() => expect(received).toEqual([1, 2, 3]));
  });

  test('shutdown between two attempts resolves at once, and no attempt follows', async () => {
    const { serial, device, events } = await start({ reconnect: { minDelayMs: 60_000, maxDelayMs: 60_000 } });
    device.unplug();
    await vi.waitFor(() => expect(events).toContain('disconnected true'));
    await serial.shutdown();
    expect(serial.connectionState('arm')).toBe('disconnected');
  });

  test('shutdown can be called in the events', async () => {
    for (const event of ['connected', 'disconnected'] as const) {
      const device = new MockDevice({ path: '/dev/mock' });
      const serial = new SerialCommunicator({ binding: mockBinding(device), shutdownTimeoutMs: 100 });
      serial.addConnection('arm', { path: '/dev/mock', baudRate: 9_600, reconnect: FAST });
      const stopped = new Promise<void>((resolve) => serial.on(event, () => resolve(serial.shutdown())));
      await serial.initialize();
      device.unplug();
      await stopped;
      expect(device.openOptions).toBeUndefined();
    }
  });
});

describe('while the port is disconnected', () => {
  test('send rejects immediately', async () => {
    const { serial, device, events } = await start();
    device.unplug();
    await vi.waitFor(() => expect(events).toContain('disconnected true'));
    await expect(serial.send('arm', PACKET)).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      connection: 'arm',
      message: expect.stringMatching(/^send to "arm": not connected, reconnecting: /),
    });
  });

  test("with whenDisconnected: 'wait', packets wait in a bounded queue", async () => {
    const settings = { whenDisconnected: 'wait', maxPacketBytes: 8, sendQueueBytes: 30 } as const;
    const { serial, device, events } = await start(settings);
    device.unplug();
    await vi.waitFor(() => expect(events).toContain('disconnected true'));
    const sends = [1, 2, 3].map((value) => outcome(serial.send('arm', new Uint8Array(8).fill(value))));
    expect(await outcome(serial.send('arm', PACKET))).toBe('SEND_QUEUE_FULL');
    device.plug();
    expect(await Promise.all(sends)).toEqual(['sent', 'sent', 'sent']);
    expect(device.received.map((packet) => packet[0])).toEqual([1, 2, 3]);
  });

  test('the time that a packet waits counts toward sendTimeoutMs', async () => {
    const { serial, device, events } = await start({ whenDisconnected: 'wait', sendTimeoutMs: 30 });
    device.unplug();
    await vi.waitFor(() => expect(events).toContain('disconnected true'));
    expect(await outcome(serial.send('arm', PACKET))).toBe('SEND_TIMEOUT');
    const again = connected(serial);
    device.plug();
    await again;
    await serial.send('arm', Uint8Array.of(9));
    expect(device.received).toEqual([Uint8Array.of(9)]);
  });

  test('a waiting packet can be aborted, and shutdown rejects it', async () => {
    const { serial, device, events } = await start({ whenDisconnected: 'wait' });
    device.unplug();
    await vi.waitFor(() => expect(events).toContain('disconnected true'));
    const controller = new AbortController();
    const aborted = outcome(serial.send('arm', PACKET, { signal: controller.signal }));
    const waiting = outcome(serial.send('arm', PACKET));
    controller.abort('no more');
    expect(await aborted).toBe('no more');
    await serial.shutdown();
    expect(await waiting).toBe('SHUTDOWN_TIMEOUT');
  });

  test('a packet accepted before the disconnect is not sent after it', async () => {
    const { serial, device } = await start({ whenDisconnected: 'wait' });
    device.stall();
    const sends = [1, 2, 3].map((value) => outcome(serial.send('arm', Uint8Array.of(value))));
    await vi.waitFor(() => expect(device.writes.length).toBeGreaterThan(0));
    const again = connected(serial);
    device.unplug();
    device.resume();
    device.plug();
    expect(new Set(await Promise.all(sends))).toEqual(new Set(['CONNECTION_LOST']));
    await again;
    await serial.send('arm', Uint8Array.of(4));
    expect(device.received).toEqual([Uint8Array.of(4)]);
  });
});

describe('a device instead of a path', () => {
  const uno = { vendorId: '2341', productId: '0043', serialNumber: 'A1' };
  const nano = { vendorId: '2341', productId: '0058', serialNumber: 'B2' };

  test('is found by its identity, even if it returns with another path', async () => {
    const first = new MockDevice({ path: '/dev/ttyACM0', ...uno });
    const second = new MockDevice({ path: '/dev/ttyACM1', ...uno });
    second.unplug();
    const other = new MockDevice({ path: '/dev/ttyUSB0', ...nano });
    const serial = new SerialCommunicator({ binding: mockBinding(other, first, second) });
    serial.addConnection('arm', { device: { vendorId: '2341', serialNumber: 'a1' }, baudRate: 9_600, reconnect: FAST });
    const opened: string[] = [];
    serial.on('connected', ({ path, info }) => opened.push(`${path} ${info.productId} ${info.serialNumber}`));
    await serial.initialize();
    const again = connected(serial);
    first.unplug();
    second.plug();
    await again;
    expect(opened).toEqual(['/dev/ttyACM0 0043 A1', '/dev/ttyACM1 0043 A1']);
    await serial.send('arm', PACKET);
    expect(second.received).toEqual([PACKET]);
    await serial.shutdown();
  });

  test.each([
    [
      { serialNumber: 'C3' },
      'PORT_NOT_FOUND',
      'connection "arm" (serialNumber C3): no such device; available: /dev/ttyACM0 (2341:0043 A1), /dev/ttyUSB0 (2341:0058 B2)',
    ],
    [
      { vendorId: '2341' },
      'PORT_AMBIGUOUS',
      'connection "arm" (vendorId 2341): 2 devices match; select one, for example by serialNumber; available: /dev/ttyACM0 (2341:0043 A1), /dev/ttyUSB0 (2341:0058 B2)',
    ],
  ])('%j: rejects with %s, and lists the ports', async (device, code, message) => {
    const devices = [
      new MockDevice({ path: '/dev/ttyACM0', ...uno }),
      new MockDevice({ path: '/dev/ttyUSB0', ...nano }),
    ];
    const serial = new SerialCommunicator({ binding: mockBinding(...devices) });
    serial.addConnection('arm', { device, baudRate: 9_600 });
    const error: InitializeError = await serial.initialize().catch((reason) => reason);
    expect(error.errors).toMatchObject([{ code, message, connection: 'arm' }]);
  });

  test.each([
    [{ device: {} }, 'device is empty; expected an object with one or more of vendorId, productId'],
    [{ device: { vendor: '2341' } }, 'device: unknown setting "vendor"; expected one of vendorId'],
    [{ device: { vendorId: 0x2341 } }, 'device: vendorId is 9025; expected a non-empty string'],
    [{ device: 'Uno' }, 'device is "Uno"; expected an object'],
    [{ device: uno, path: '/dev/x' }, 'both path and device are set; set exactly one of them'],
    [{ path: '/dev/x', reconnect: true }, 'reconnect is true; expected false, or an object'],
    [
      { path: '/dev/x', reconnect: { minDelayMs: 0 } },
      'reconnect: minDelayMs is 0; expected an integer from 1 to 2147483647',
    ],
    [
      { path: '/dev/x', reconnect: { minDelayMs: 9, maxDelayMs: 8 } },
      'reconnect.minDelayMs is 9; expected at most maxDelayMs, 8',
    ],
    [{ path: '/dev/x', required: false, reconnect: false }, 'reconnect cannot be false when required is false'],
    [{ path: '/dev/x', whenDisconnected: 'drop' }, 'whenDisconnected is "drop"; expected "reject" or "wait"'],
    [{ path: '/dev/x', sendTimeoutMs: -1 }, 'sendTimeoutMs is -1; expected an integer from 0 to 2147483647'],
    [{ path: '/dev/x', dtr: 1 }, 'dtr is 1; expected true or false'],
  ])('rejects %j', (connection, message) => {
    const add = () => new SerialCommunicator().addConnection('arm', { baudRate: 9_600, ...connection } as never);
    expect(add).toThrow(message);
  });
});

describe('a device that is not required', () => {
  test('can be missing at first, and connects when it appears', async () => {
    const device = new MockDevice({ path: '/dev/mock', echo: true });
    device.unplug();
    const { serial, events } = await start({ required: false }, device);
    expect(serial.state).toBe(2);
    expect(events).toEqual([]);
    await expect(serial.send('arm', PACKET)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(serial.connectionError('arm')).toMatchObject({ code: 'PORT_NOT_FOUND', connection: 'arm' });
    const now = connected(serial);
    device.plug();
    await now;
    expect(serial.connectionState('arm')).toBe('connected');
    expect(serial.connectionError('arm')).toBeUndefined();
    await serial.send('arm', PACKET);
    expect(device.received).toEqual([PACKET]);
    expect(events).toEqual(['connected /dev/mock']);
  });

  test('can be missing until shutdown, which rejects waiting packets', async () => {
    const device = new MockDevice({ path: '/dev/mock' });
    device.unplug();
    const { serial } = await start({ required: false, whenDisconnected: 'wait' }, device);
    const waiting = outcome(serial.send('arm', PACKET));
    await serial.shutdown();
    expect(await waiting).toBe('SHUTDOWN_TIMEOUT');
  });
});

describe.skipIf(process.platform !== 'linux')('the device directory is watched (needs Linux)', () => {
  /** A connection that waits for the device at `path`. Its next attempt is an hour away, and time stands still. */
  async function wait() {
    const folder = mkdtempSync(path.join(tmpdir(), 'devices-'));
    const device = path.join(folder, 'ttyArm');
    const other = path.join(folder, 'ttyOther');
    writeFileSync(other, '');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const binding = {
      list: async () => [],
      open: vi.fn<Binding['open']>(() => Promise.reject(new Error('not yet'))),
    };
    const serial = new SerialCommunicator({ binding });
    const watcher = watch(folder);
    onTestFinished(async () => {
      vi.useRealTimers();
      await serial[Symbol.asyncDispose]();
      watcher.close();
      rmSync(folder, { recursive: true });
    });
    serial.addConnection('arm', {
      path: device,
      baudRate: 9_600,
      required: false,
      reconnect: { minDelayMs: 3_600_000, maxDelayMs: 3_600_000 },
    });
    await serial.initialize();
    /** Makes a change in the directory, and counts the attempts in the time after it. */
    const attemptsAfter = async (change: () => void, ms: number) => {
      const before = binding.open.mock.calls.length;
      const seen = once(watcher, 'change');
      change();
      await seen;
      await vi.advanceTimersByTimeAsync(ms);
      return binding.open.mock.calls.length - before;
    };
    return { device, other, binding, attemptsAfter };
  }

  test('retries quickly for two seconds after a device node is created', async () => {
    const { device, attemptsAfter } = await wait();
    expect(await attemptsAfter(() => writeFileSync(device, ''), 60_000)).toBeGreaterThanOrEqual(20);
    // After a changed node, no others are expected.
    const attempts = await attemptsAfter(() => chmodSync(device, 0o600), 60_000);
    expect(attempts).toBeGreaterThanOrEqual(1);
    expect(attempts).toBeLessThanOrEqual(3);
  });

  test('retries quickly after another device node is created: the path may be a link to it', async () => {
    const { device, attemptsAfter } = await wait();
    expect(await attemptsAfter(() => writeFileSync(`${device}2`, ''), 60_000)).toBeGreaterThanOrEqual(20);
  });

  test('does not retry when another device receives data', async () => {
    const { other, attemptsAfter } = await wait();
    expect(await attemptsAfter(() => writeFileSync(other, 'data'), 60_000)).toBe(0);
  });

  test('a change during an attempt speeds up the next one', async () => {
    const { device, binding, attemptsAfter } = await wait();
    let fail = () => {};
    binding.open.mockImplementationOnce(
      () =>
        new Promise((_, reject) => {
          fail = () => reject(new Error('not yet'));
        }),
    );
    expect(await attemptsAfter(() => writeFileSync(device, ''), 3_000)).toBe(1);
    expect(await attemptsAfter(() => chmodSync(device, 0o600), 0)).toBe(0);
    fail();
    await vi.advanceTimersByTimeAsync(100);
    expect(binding.open).toHaveBeenCalledTimes(3);
  });
});

describe('control lines', () => {
  test('are set after opening if the connection has them, otherwise not', async () => {
    const { device } = await start({ dtr: false });
    expect(device.signals).toEqual([{ dtr: false, rts: true, brk: false }]);
    expect((await start()).device.signals).toEqual([]);
  });

  test('are set one at a time in the given order, and the others do not change', async () => {
    const { serial, device } = await start();
    await Promise.all([
      serial.setSignals('arm', { rts: false, dtr: false }),
      serial.setSignals('arm', { dtr: true, brk: true }),
    ]);
    expect(device.signals).toEqual([
      { dtr: true, rts: false, brk: false },
      { dtr: false, rts: false, brk: false },
      { dtr: true, rts: false, brk: false },
      { dtr: true, rts: false, brk: true },
    ]);
    expect(await serial.signals('arm')).toEqual({ cts: true, dsr: false, dcd: false });
  });

  test('rejects unknown lines and values that are not boolean', async () => {
    const { serial } = await start();
    for (const [signals, words] of [
      [{ DTR: false }, 'unknown option "DTR"; expected one of dtr, rts, brk'],
      [{ dtr: 'off' }, 'dtr is "off"; expected true or false'],
      [undefined, 'got undefined; expected an object with dtr, rts, brk'],
    ] as const) {
      await expect(serial.setSignals('arm', signals as never)).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringContaining(words),
      });
    }
  });

  test('reject with KEY_ERROR, CONNECTION_LOST and ILLEGAL_STATE', async () => {
    const { serial, device, events } = await start();
    await expect(serial.setSignals('leg', {})).rejects.toMatchObject({ code: 'KEY_ERROR' });
    device.unplug();
    await vi.waitFor(() => expect(events).toContain('disconnected true'));
    await expect(serial.setSignals('arm', { dtr: true })).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await expect(serial.signals('arm')).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await serial.shutdown();
    await expect(serial.signals('arm')).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  });

  test('reject with SIGNALS_ERROR when the port fails', async () => {
    const device = new MockDevice({ path: '/dev/mock' });
    const inner = mockBinding(device);
    const binding: Binding = {
      list: inner.list,
      open: async (options) =>
        Object.assign(await inner.open(options), { set: () => Promise.reject(new Error('cannot set')) }),
    };
    const serial = new SerialCommunicator({ binding });
    serial.addConnection('arm', { path: '/dev/mock', baudRate: 9_600 });
    await serial.initialize();
    await expect(serial.setSignals('arm', { dtr: false })).rejects.toMatchObject({
      code: 'SIGNALS_ERROR',
      message: 'setSignals of "arm" (/dev/mock): failed: cannot set',
    });
    await serial.shutdown();
  });
});

test('every event is also published on its diagnostics channel', async () => {
  const seen: unknown[] = [];
  const names = ['connected', 'disconnected', 'rejectedFrame', 'handlerError'];
  const listeners = names.map((name) => (message: unknown) => seen.push({ ...(message as object), channel: name }));
  names.forEach((name, i) => {
    subscribe(`serial-communicator:${name}`, listeners[i]!);
  });
  const { serial, device } = await start({ reconnect: false });
  serial.setReceiveHandler(() => {
    throw new Error('a bug in the handler');
  });
  await device.sendRaw(Uint8Array.of(9, 0, 2, 1, 0));
  await vi.waitFor(() => expect(seen).toHaveLength(3));
  device.unplug();
  await vi.waitFor(() => expect(seen).toHaveLength(4));
  expect(seen).toMatchObject([
    { channel: 'connected', communicator: serial, name: 'arm', path: '/dev/mock' },
    { channel: 'rejectedFrame', communicator: serial, name: 'arm', reason: 'malformed' },
    { channel: 'handlerError', communicator: serial, name: 'arm', error: { message: 'a bug in the handler' } },
    { channel: 'disconnected', communicator: serial, name: 'arm', willReconnect: false },
  ]);
  names.forEach((name, i) => {
    unsubscribe(`serial-communicator:${name}`, listeners[i]!);
  });
});
