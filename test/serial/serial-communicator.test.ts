import { once } from 'node:events';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  type Binding,
  type ConnectionError,
  InitializeError,
  SerialCommunicator,
  type SerialConnection,
  type SerialStats,
} from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { kernelBinding } from '../support/kernel-port.js';

type Settings = Omit<SerialConnection, 'path' | 'baudRate'>;

/** A started communicator with one mock device, and its events. */
async function start(settings: Settings = {}, deviceOptions = {}, shutdownTimeoutMs = 2_000) {
  const device = new MockDevice({ path: '/dev/mock', ...deviceOptions });
  const serial = new SerialCommunicator({ binding: mockBinding(device), shutdownTimeoutMs });
  const events: { event: string; [field: string]: unknown }[] = [];
  for (const event of ['rejectedFrame', 'handlerError', 'disconnected'] as const) {
    serial.on(event, (payload) => events.push({ event, ...payload }));
  }
  serial.addConnection('arm', { path: '/dev/mock', baudRate: 115_200, ...settings });
  onTestFinished(() => serial[Symbol.asyncDispose]());
  await serial.initialize();
  return { serial, device, events };
}

function nextPackets(serial: SerialCommunicator, count: number): Promise<Uint8Array[]> {
  const packets: Uint8Array[] = [];
  return new Promise((resolve) =>
    serial.setReceiveHandler((_, packet) => {
      packets.push(packet);
      if (packets.length === count) {
        resolve(packets);
      }
    }),
  );
}

function settled(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'resolved',
    (error) => error.code ?? String(error),
  );
}

/** Every byte read is in exactly one of the counts. */
function expectBytesAccounted(stats: SerialStats): void {
  expect(
    stats.acceptedBytes + stats.rejectedBytes + stats.skippedBytes + stats.unfinishedBytes + stats.delimiters,
  ).toBe(stats.bytesRead);
}

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
    ['Error: Permission denied, cannot open /dev/x', 'PERMISSION_DENIED', /permission denied; run "ls -l/],
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

  test('names the group to join if the port belongs to one', async () => {
    const serial = new SerialCommunicator({ binding: failing('Error: Permission denied, cannot open it') });
    // It belongs to root on every system. The test is that its group is looked up.
    serial.addConnection('arm', { path: '/dev/ptmx', baudRate: 9_600 });
    await expect(serial.initialize()).rejects.toThrow(
      /belongs to group \w+; run "sudo usermod -aG|to see which group may use it/,
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

describe('writing', () => {
  test('starts with one delimiter, unless syncOnOpen is off', async () => {
    const { serial, device } = await start();
    await serial.send('arm', PACKET);
    expect(Buffer.concat(device.writes)).toEqual(Buffer.from('000401020300', 'hex'));
    const other = await start({ syncOnOpen: false });
    await other.serial.send('arm', PACKET);
    expect(Buffer.concat(other.device.writes)).toEqual(Buffer.from('0401020300', 'hex'));
  });

  test('writes the delimiter even if nothing is sent', async () => {
    const { device } = await start();
    await vi.waitFor(() => expect(Buffer.concat(device.writes)).toEqual(Buffer.of(0)));
  });

  test('joins the sends of one turn of the event loop in one write, even those started by promises', async () => {
    const { serial, device } = await start({ syncOnOpen: false });
    const sends = [serial.send('arm', PACKET), serial.send('arm', PACKET)];
    sends.push(Promise.resolve().then(() => serial.send('arm', PACKET)));
    sends.push(
      (async () => {
        for (let i = 0; i < 20; i++) {
          await undefined;
        }
        await serial.send('arm', PACKET);
      })(),
    );
    await Promise.all(sends);
    expect(device.writes).toEqual([Buffer.from('0401020300'.repeat(4), 'hex')]);
  });

  test('keeps the order of concurrent sends of any size, and never interleaves them', async () => {
    const { serial, device } = await start();
    const packets = Array.from({ length: 300 }, (_, i) => new Uint8Array((i * 977) % 3_000).fill(i));
    const done: number[] = [];
    await Promise.all(packets.map((packet, i) => serial.send('arm', packet).then(() => done.push(i))));
    expect(device.received).toEqual(packets);
    expect(done).toEqual(packets.map((_, i) => i));
  });

  test('rejects a packet longer than maxPacketBytes, and writes nothing of it', async () => {
    const { serial, device } = await start({ maxPacketBytes: 4, syncOnOpen: false });
    await expect(serial.send('arm', new Uint8Array(5))).rejects.toMatchObject({
      code: 'PACKET_TOO_LARGE',
      message: 'send to "arm": the packet has 5 bytes, maxPacketBytes is 4',
    });
    await serial.send('arm', new Uint8Array(4));
    expect(device.received).toEqual([new Uint8Array(4)]);
  });

  test('rejects a packet beyond sendQueueBytes, and writes nothing of it', async () => {
    const { serial, device } = await start({ maxPacketBytes: 8, sendQueueBytes: 20, syncOnOpen: false });
    device.stall();
    const first = serial.send('arm', new Uint8Array(8).fill(1)); // 10 bytes on the wire at most
    const second = serial.send('arm', new Uint8Array(8).fill(2));
    await expect(serial.send('arm', new Uint8Array(0))).rejects.toMatchObject({
      code: 'SEND_QUEUE_FULL',
      connection: 'arm',
      message: expect.stringContaining('the send queue is full (20 of 20 bytes)'),
    });
    device.resume();
    await Promise.all([first, second]);
    await serial.send('arm', new Uint8Array(8).fill(3));
    expect(device.received.map((packet) => packet[0])).toEqual([1, 2, 3]);
  });

  test('settleMs delays the first write, but not the packets from the device', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const { serial, device } = await start({ settleMs: 2_000 });
    const received = nextPackets(serial, 1);
    const sent = serial.send('arm', PACKET);
    await device.send(Uint8Array.of(9));
    expect(await received).toEqual([Uint8Array.of(9)]);
    await vi.advanceTimersByTimeAsync(1_990);
    expect(device.writes).toEqual([]);
    await vi.advanceTimersByTimeAsync(20);
    await sent;
    expect(Buffer.concat(device.writes)).toEqual(Buffer.from('000401020300', 'hex'));
  });
});

describe('an aborted send', () => {
  test('rejects immediately with the reason if nothing was written, and sends nothing', async () => {
    const { serial, device } = await start({ syncOnOpen: false });
    device.stall();
    const controller = new AbortController();
    const first = serial.send('arm', PACKET);
    await vi.waitFor(() => expect(device.writes).toHaveLength(1));
    const second = serial.send('arm', Uint8Array.of(2), { signal: controller.signal });
    const third = serial.send('arm', Uint8Array.of(3));
    controller.abort('changed my mind');
    await expect(second).rejects.toBe('changed my mind');
    device.resume();
    await Promise.all([first, third]);
    expect(device.received).toEqual([PACKET, Uint8Array.of(3)]);
  });

  test('rejects when the frame is fully written if it was partly written', async () => {
    const { binding, ports } = kernelBinding();
    const serial = new SerialCommunicator({ binding });
    serial.addConnection('arm', { path: '/dev/kernel', baudRate: 9_600, syncOnOpen: false });
    onTestFinished(() => serial[Symbol.asyncDispose]());
    await serial.initialize();
    const kernel = ports[0]!;
    const controller = new AbortController();
    const reason = new Error('too late');
    const sent = settled(serial.send('arm', PACKET, { signal: controller.signal }));
    await vi.waitFor(() => expect(kernel.isWriting).toBe(true));
    kernel.take(1);
    controller.abort(reason);
    expect(await Promise.race([sent, new Promise((resolve) => setImmediate(resolve, 'pending'))])).toBe('pending');
    kernel.take(100);
    expect(await sent).toBe(String(reason));
    expect(kernel.taken).toEqual(Buffer.from('0401020300', 'hex'));
  });

  test('frees its bytes in the queue', async () => {
    const { serial, device } = await start({ maxPacketBytes: 8, sendQueueBytes: 20, syncOnOpen: false });
    device.stall();
    const first = serial.send('arm', new Uint8Array(8));
    await vi.waitFor(() => expect(device.writes).toHaveLength(1));
    for (let i = 0; i < 100; i++) {
      const controller = new AbortController();
      const sent = serial.send('arm', new Uint8Array(8), { signal: controller.signal });
      controller.abort(i);
      await expect(sent).rejects.toBe(i);
    }
    device.resume();
    await first;
    expect(device.received).toHaveLength(1);
  });

  test('leaves no listener at the signal, and neither does a send that resolves', async () => {
    const { serial } = await start();
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    await serial.send('arm', PACKET, { signal });
    expect(add).toHaveBeenCalledOnce();
    expect(remove).toHaveBeenCalledWith('abort', add.mock.calls[0]![1]);
  });
});

describe('receiving', () => {
  test('a slow handler pauses the device: nothing is read ahead', async () => {
    const { serial, device } = await start();
    let release: (() => void) | undefined;
    const handled: number[] = [];
    const first = new Promise<void>((resolve) =>
      serial.setReceiveHandler(async (_, packet) => {
        handled.push(packet[0]!);
        resolve();
        await new Promise<void>((done) => {
          release = done;
        });
      }),
    );
    // Each is longer than the buffer of the port, so its promise resolves only when it has been read.
    const sends = [1, 2, 3, 4].map((value) => device.send(new Uint8Array(5_000).fill(value)));
    const third = vi.fn();
    void sends[2]!.then(third);
    await first;
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(handled).toEqual([1]);
    expect(third).not.toHaveBeenCalled();
    for (let i = 2; i <= 4; i++) {
      release?.();
      await vi.waitFor(() => expect(handled).toHaveLength(i));
    }
    release?.();
    await Promise.all(sends);
    expect(handled).toEqual([1, 2, 3, 4]);
  });

  test('reports and counts rejected frames with reason, length and first bytes, and delivers the others', async () => {
    const { serial, device, events } = await start({ maxPacketBytes: 100 });
    const packets = nextPackets(serial, 2);
    await device.send(Uint8Array.of(7));
    await device.sendRaw(Buffer.from('0511220000', 'hex'));
    await device.sendRaw(Buffer.concat([Buffer.alloc(300, 0x55), Buffer.of(0)]));
    await device.send(Uint8Array.of(8));
    expect(await packets).toEqual([Uint8Array.of(7), Uint8Array.of(8)]);
    expect(events).toEqual([
      { event: 'rejectedFrame', name: 'arm', reason: 'malformed', wireBytes: 3, head: Uint8Array.of(5, 0x11, 0x22) },
      { event: 'rejectedFrame', name: 'arm', reason: 'too-long', wireBytes: 300, head: new Uint8Array(64).fill(0x55) },
    ]);
    const stats = serial.stats('arm');
    expect(stats).toMatchObject({
      packetsReceived: 2,
      packetBytesReceived: 2,
      malformedFrames: 1,
      tooLongFrames: 1,
      checksumFrames: 0,
      acceptedBytes: 4,
      rejectedBytes: 303,
      delimiters: 5,
    });
    expectBytesAccounted(stats);
  });

  test.each(['crc16', 'crc32'] as const)(
    '%s: is appended and verified, and a frame with a wrong one is rejected',
    async (checksum) => {
      const { serial, device, events } = await start({ checksum }, { checksum, echo: true });
      const packets = nextPackets(serial, 2);
      await device.sendRaw(Uint8Array.of(2, 1, 0)); // too short for a checksum
      await device.sendRaw(Uint8Array.of(8, 1, 2, 3, 4, 5, 6, 7, 0));
      await serial.send('arm', PACKET);
      await serial.send('arm', new Uint8Array(0));
      expect(await packets).toEqual([PACKET, new Uint8Array(0)]);
      expect(device.checksumFrames).toBe(0);
      expect(events.map(({ event, reason }) => [event, reason])).toEqual([
        ['rejectedFrame', 'checksum'],
        ['rejectedFrame', 'checksum'],
      ]);
      expect(serial.stats('arm').checksumFrames).toBe(2);
      expectBytesAccounted(serial.stats('arm'));
    },
  );

  test('skipFirst counts the bytes before the first delimiter', async () => {
    const { serial, device, events } = await start({ skipFirst: true });
    const packets = nextPackets(serial, 1);
    await device.sendRaw(Uint8Array.of(2, 5, 0)); // the tail of a frame, which happens to decode
    await device.send(Uint8Array.of(8));
    expect(await packets).toEqual([Uint8Array.of(8)]);
    expect(events).toEqual([]);
    expect(serial.stats('arm')).toMatchObject({ skippedBytes: 2, packetsReceived: 1 });
    expectBytesAccounted(serial.stats('arm'));
  });

  test('counts packets without a handler, and does not keep them', async () => {
    const { serial, device } = await start();
    await device.send(PACKET);
    await vi.waitFor(() => expect(serial.stats('arm').packetsWithoutHandler).toBe(1));
    const packets = nextPackets(serial, 1);
    await device.send(Uint8Array.of(9));
    expect(await packets).toEqual([Uint8Array.of(9)]);
    expect(serial.stats('arm')).toMatchObject({ packetsReceived: 2, packetsWithoutHandler: 1 });
  });

  test('the handler can send a reply', async () => {
    const { serial, device } = await start();
    serial.setReceiveHandler((name, packet) => serial.send(name, packet));
    for (let i = 0; i < 50; i++) {
      await device.send(new Uint8Array(i).fill(i));
    }
    await vi.waitFor(() => expect(device.received).toHaveLength(50));
    expect(device.received).toEqual(Array.from({ length: 50 }, (_, i) => new Uint8Array(i).fill(i)));
  });
});

describe('a disconnect', () => {
  test.each(['idle', 'with a write pending', 'with a busy handler and a write pending'])(
    'is reported once: %s',
    async (how) => {
      const { serial, device, events } = await start();
      let sent = Promise.resolve('nothing sent');
      if (how.includes('busy')) {
        serial.setReceiveHandler(() => new Promise(() => undefined));
        await device.send(PACKET);
      }
      if (how.includes('write')) {
        device.stall();
        sent = Promise.all([1, 2, 3].map(() => settled(serial.send('arm', PACKET)))).then((all) => all.join());
        await new Promise((resolve) => setImmediate(resolve));
      }
      device.unplug();
      await vi.waitFor(() => expect(events).toHaveLength(1));
      expect(await sent).toBe(how === 'idle' ? 'nothing sent' : 'CONNECTION_LOST,CONNECTION_LOST,CONNECTION_LOST');
      expect(events).toMatchObject([{ event: 'disconnected', name: 'arm', error: { code: 'CONNECTION_LOST' } }]);
      const { message } = events[0]!.error as ConnectionError;
      expect(message).toMatch(/^connection "arm" \(\/dev\/mock\): disconnected \(ENXIO/);
      await expect(serial.send('arm', PACKET)).rejects.toMatchObject({ code: 'CONNECTION_LOST', connection: 'arm' });
      await serial.shutdown();
      expect(events).toHaveLength(1);
    },
  );

  test('does nothing to the process without a listener, and shutdown works', async () => {
    const device = new MockDevice({ path: '/dev/mock' });
    const serial = new SerialCommunicator({ binding: mockBinding(device) });
    serial.addConnection('arm', { path: '/dev/mock', baudRate: 9_600 });
    await serial.initialize();
    device.unplug();
    await vi.waitFor(() => expect(serial.send('arm', PACKET)).rejects.toThrow('disconnected'));
    await serial.shutdown();
  });

  test('still delivers the packets received before, and counts the unfinished frame', async () => {
    const { serial, device, events } = await start();
    const handled: number[] = [];
    let release!: () => void;
    serial.setReceiveHandler(async (_, packet) => {
      handled.push(packet[0]!);
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    });
    await device.sendRaw(Uint8Array.of(2, 1, 0, 2, 2, 0, 5, 9, 9));
    await vi.waitFor(() => expect(handled).toEqual([1]));
    device.stall();
    void settled(serial.send('arm', PACKET));
    await new Promise((resolve) => setImmediate(resolve));
    device.unplug();
    await vi.waitFor(() => expect(events).toHaveLength(1));
    release();
    await vi.waitFor(() => expect(handled).toEqual([1, 2]));
    release();
    await vi.waitFor(() => expect(serial.stats('arm').unfinishedBytes).toBe(3));
    expectBytesAccounted(serial.stats('arm'));
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
    expectBytesAccounted(stats);
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
    expectBytesAccounted(stats);
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
