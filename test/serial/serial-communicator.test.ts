import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { type Binding, InitializeError, SerialCommunicator } from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { nextPackets, settled, start, startReconnecting } from '../support/mock-connection.js';
import { expectNothingUncounted } from '../support/stats.js';

const PACKET = Uint8Array.of(1, 2, 3);

describe('initialize', () => {
  const failing = (message: string): Binding => ({
    list: async () => [{ path: '/dev/ttyS0' }, { path: '/dev/ttyUSB3', vendorId: '2341', productId: '0043' }] as never,
    open: async () => {
      throw new Error(message);
    },
  });

  test.each<[string, string, RegExp]>([
    [
      'Error: No such file or directory, cannot open /dev/x',
      'PORT_NOT_FOUND',
      /no such port; available: \/dev\/ttyUSB3 \(2341:0043\), \/dev\/ttyS0/,
    ],
    ['Opening COM7: File not found', 'PORT_NOT_FOUND', /no such port/],
    ['Error: Permission denied, cannot open /dev/x', 'PERMISSION_DENIED', /permission denied$/],
    ['Error Resource temporarily unavailable Cannot lock port', 'PORT_BUSY', /port is in use by another program/],
    ['Error: Device or resource busy, cannot open /dev/x', 'PORT_BUSY', /port is in use/],
    ['Inappropriate ioctl for device setting custom baud rate', 'PORT_OPEN_FAILED', /: not a serial port; available: /],
    ['Is a directory, cannot open /dev', 'PORT_OPEN_FAILED', /: not a serial port/],
    [
      'the moon is in the wrong house',
      'PORT_OPEN_FAILED',
      /cannot be opened at 9600 bit\/s: the moon is in the wrong house/,
    ],
  ])('turns "%s" into %s', async (message, code, words) => {
    const serial = new SerialCommunicator({ binding: failing(message) });
    serial.addConnection('arm', { path: '/dev/x-that-is-not-there', baudRate: 9_600 });
    const error: InitializeError = await serial.initialize().then(
      () => expect.unreachable(),
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(InitializeError);
    expect(error.code).toBe('INITIALIZE_FAILED');
    expect(error.errors).toMatchObject([{ code, connection: 'arm', cause: { message } }]);
    expect(error.message).toContain('connection "arm" (/dev/x-that-is-not-there): ');
    expect(error.message).toMatch(words);
  });

  test('examines the port if permission is denied', async () => {
    const serial = new SerialCommunicator({ binding: failing('Error: Permission denied, cannot open it') });
    // Everyone may use it, so nothing that the test can see forbids it.
    serial.addConnection('arm', { path: '/dev/ptmx', baudRate: 9_600 });
    await expect(serial.initialize()).rejects.toThrow(
      process.platform === 'linux' ? 'permission denied; its mode (0666) allows it' : 'permission denied',
    );
  });

  test('says that there are no ports, or that they cannot be listed', async () => {
    const open = failing('No such file or directory').open;
    const none = new SerialCommunicator({ binding: { open, list: async () => [] } });
    none.addConnection('arm', { path: '/dev/x', baudRate: 9_600 });
    await expect(none.initialize()).rejects.toThrow('no ports found; check that the device is plugged in');
    const unlisted = new SerialCommunicator({
      binding: { open, list: () => Promise.reject(new Error('spawn udevadm ENOENT')) },
    });
    unlisted.addConnection('arm', { path: '/dev/x', baudRate: 9_600 });
    await expect(unlisted.initialize()).rejects.toThrow('the ports cannot be listed: spawn udevadm ENOENT');
  });

  test('rejects with all connections that failed, closes the others, and can be called again', async () => {
    const devices = ['a', 'b', 'c'].map((path) => new MockDevice({ path, echo: true }));
    const serial = new SerialCommunicator({ binding: mockBinding(...devices) });
    for (const device of devices) {
      serial.addConnection(`to ${device.path}`, { path: device.path, baudRate: 9_600 });
    }
    devices[0]!.unplug();
    devices[2]!.unplug();
    const error: InitializeError = await serial.initialize().catch((reason) => reason);
    expect(error.errors.map(({ connection, code }) => [connection, code])).toEqual([
      ['to a', 'PORT_NOT_FOUND'],
      ['to c', 'PORT_NOT_FOUND'],
    ]);
    expect(serial.state).toBe(1);
    expect(devices[1]!.openOptions).toBeUndefined();
    expect(devices[1]!.writes).toEqual([]);

    devices[0]!.plug();
    devices[2]!.plug();
    await serial.initialize();
    const packets = nextPackets(serial, 3);
    await Promise.all(devices.map(({ path }) => serial.send(`to ${path}`, PACKET)));
    expect(await packets).toEqual([PACKET, PACKET, PACKET]);
    await serial.shutdown();
    expect(devices.map(({ openOptions }) => openOptions)).toEqual([undefined, undefined, undefined]);
  });

  test('passes the settings to the binding; those of the connection override the defaults', async () => {
    const device = new MockDevice({ path: '/dev/mock' });
    const serial = new SerialCommunicator({
      binding: mockBinding(device),
      defaults: { parity: 'even', stopBits: 2, lock: false },
    });
    serial.addConnection('arm', { path: '/dev/mock', baudRate: 57_600, stopBits: 1, dataBits: 7, rtscts: true });
    await serial.initialize();
    expect(device.openOptions).toMatchObject({
      baudRate: 57_600,
      dataBits: 7,
      stopBits: 1,
      parity: 'even',
      rtscts: true,
      xon: false,
      xoff: false,
      hupcl: true,
      lock: false,
    });
    await serial.shutdown();
  });

  test('rejects after openTimeoutMs, and closes the port if it opens later', async () => {
    const device = new MockDevice({ path: '/dev/mock' });
    const inner = mockBinding(device);
    let openNow!: () => void;
    const gate = new Promise<void>((resolve) => {
      openNow = resolve;
    });
    const closed = vi.fn();
    const binding: Binding = {
      list: inner.list,
      open: async (options) => {
        await gate;
        const port = await inner.open(options);
        const close = port.close.bind(port);
        port.close = async () => {
          await close();
          closed();
        };
        return port;
      },
    };
    const serial = new SerialCommunicator({ binding });
    serial.addConnection('arm', { path: '/dev/mock', baudRate: 9_600, openTimeoutMs: 20 });
    const error: InitializeError = await serial.initialize().catch((reason) => reason);
    expect(error.errors[0]).toMatchObject({ code: 'OPEN_TIMEOUT', connection: 'arm' });
    expect(error.message).toContain('did not open within 20 ms');
    openNow();
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
  });
});

describe('shutdown', () => {
  test('waits for the accepted sends', async () => {
    const { serial, device } = await start();
    device.stall();
    const sends = [1, 2, 3].map((value) => settled(serial.send('arm', Uint8Array.of(value))));
    const stopped = serial.shutdown();
    device.resume();
    await stopped;
    expect(await Promise.all(sends)).toEqual(['resolved', 'resolved', 'resolved']);
    expect(device.received.map((packet) => packet[0])).toEqual([1, 2, 3]);
  });

  test('ends in time when the device is stalled, and rejects its sends', async () => {
    const { serial, device, events } = await start({}, {}, 200);
    device.stall();
    const sends = [1, 2, 3].map((value) => settled(serial.send('arm', Uint8Array.of(value))));
    const startedAt = performance.now();
    await serial.shutdown();
    expect(performance.now() - startedAt).toBeLessThan(200 + 50);
    expect(await Promise.all(sends)).toEqual(['SHUTDOWN_TIMEOUT', 'SHUTDOWN_TIMEOUT', 'SHUTDOWN_TIMEOUT']);
    expect(device.openOptions).toBeUndefined();
    expect(events).toEqual([]);
  });

  test('ends in time if the port never closes', async () => {
    const device = new MockDevice({ path: '/dev/mock' });
    const inner = mockBinding(device);
    const binding: Binding = {
      list: inner.list,
      open: async (options) => Object.assign(await inner.open(options), { close: () => new Promise<void>(() => {}) }),
    };
    const serial = new SerialCommunicator({ binding, shutdownTimeoutMs: 100 });
    serial.addConnection('arm', { path: '/dev/mock', baudRate: 9_600 });
    await serial.initialize();
    const startedAt = performance.now();
    await serial.shutdown();
    expect(performance.now() - startedAt).toBeLessThan(100 + 50);
  });

  test('does not wait for a handler that never settles, and counts the packets that waited for it', async () => {
    const { serial, device } = await start();
    const handler = vi.fn(() => new Promise<void>(() => undefined));
    serial.setReceiveHandler(handler);
    await device.sendRaw(Uint8Array.of(2, 1, 0, 2, 2, 0, 9, 0, 5, 5));
    await vi.waitFor(() => expect(handler).toHaveBeenCalled());
    await serial.shutdown();
    expect(handler).toHaveBeenCalledOnce();
    const stats = serial.stats('arm');
    expect(stats).toMatchObject({ packetsReceived: 2, packetsDropped: 1, malformedFrames: 1, unfinishedBytes: 2 });
    expectNothingUncounted(stats, { settled: false });
  });

  test('does not wait for the device to settle', async () => {
    const { serial } = await start({ settleMs: 60_000 }, {}, 40);
    const sent = settled(serial.send('arm', PACKET));
    await serial.shutdown();
    expect(await sent).toBe('SHUTDOWN_TIMEOUT');
  });
});

describe('stats', () => {
  test('reject an unknown name, are zero before initialize, and are a copy', async () => {
    const serial = new SerialCommunicator();
    expect(() => serial.stats('arm')).toThrow(expect.objectContaining({ code: 'KEY_ERROR' }));
    serial.addConnection('arm', { path: '/dev/x', baudRate: 9_600 });
    expect(new Set(Object.values(serial.stats('arm')))).toEqual(new Set([0]));
    serial.stats('arm').bytesRead = 7;
    expect(serial.stats('arm').bytesRead).toBe(0);
  });

  test('count sent and received packets', async () => {
    const { serial } = await start({}, { echo: true });
    const packets = nextPackets(serial, 2);
    await serial.send('arm', PACKET);
    await serial.send('arm', new Uint8Array(300).fill(1));
    await packets;
    const stats = serial.stats('arm');
    expect(stats).toMatchObject({
      packetsSent: 2,
      packetBytesSent: 303,
      bytesWritten: 1 + 5 + 303,
      packetsReceived: 2,
      packetBytesReceived: 303,
    });
    expectNothingUncounted(stats, { settled: false });
  });
});

test('every event is also published on its diagnostics channel', async () => {
  const seen: unknown[] = [];
  const names = ['connected', 'disconnected', 'rejectedFrame', 'chunk', 'handlerError'];
  const listeners = names.map((name) => (message: unknown) => seen.push({ ...(message as object), channel: name }));
  names.forEach((name, i) => {
    subscribe(`serial-communicator:${name}`, listeners[i]!);
  });
  const { serial, device } = await startReconnecting({ reconnect: false });
  serial.setReceiveHandler(() => {
    throw new Error('a bug in the handler');
  });
  await device.sendRaw(Uint8Array.of(9, 0, 2, 1, 0));
  await vi.waitFor(() => expect(seen).toHaveLength(4));
  device.unplug();
  await vi.waitFor(() => expect(seen).toHaveLength(5));
  expect(seen).toMatchObject([
    { channel: 'connected', communicator: serial, name: 'arm', path: '/dev/mock' },
    { channel: 'chunk', communicator: serial, name: 'arm', bytes: Uint8Array.of(9, 0, 2, 1, 0) },
    { channel: 'rejectedFrame', communicator: serial, name: 'arm', reason: 'malformed' },
    { channel: 'handlerError', communicator: serial, name: 'arm', error: { message: 'a bug in the handler' } },
    { channel: 'disconnected', communicator: serial, name: 'arm', willReconnect: false },
  ]);
  names.forEach((name, i) => {
    unsubscribe(`serial-communicator:${name}`, listeners[i]!);
  });
});

test('the error of a listener that throws is an uncaught exception, and receiving continues', async () => {
  const { serial, device } = await start();
  serial.on('rejectedFrame', () => {
    throw new Error('a bug in the listener');
  });
  const uncaught = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const thrown = once(process, 'uncaughtException');
  const packets = nextPackets(serial, 1);
  await device.sendRaw(Uint8Array.of(9, 0, 2, 8, 0));
  expect(await packets).toEqual([Uint8Array.of(8)]);
  expect(String((await thrown)[0])).toContain('a bug in the listener');
  for (const listener of uncaught) {
    process.on('uncaughtException', listener);
  }
});
