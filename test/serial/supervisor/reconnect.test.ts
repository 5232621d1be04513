import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Binding, SerialCommunicator } from '../../../src/index.js';
import { MockDevice, mockBinding } from '../../../src/testing/index.js';
import { connected, FAST, settled, startReconnecting } from '../../support/mock-connection.js';

const PACKET = Uint8Array.of(1, 2, 3);

describe('reconnecting', () => {
  test('is on by default: the port is opened again with a new decoder, and the counts continue', async () => {
    const { serial, device, events } = await startReconnecting();
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
    const { serial, device, events } = await startReconnecting({ reconnect: false });
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
    const { serial, device } = await startReconnecting();
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
    const { serial, device, events } = await startReconnecting({
      reconnect: { minDelayMs: 60_000, maxDelayMs: 60_000 },
    });
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
    const { serial, device, events } = await startReconnecting();
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
    const { serial, device, events } = await startReconnecting(settings);
    device.unplug();
    await vi.waitFor(() => expect(events).toContain('disconnected true'));
    const sends = [1, 2, 3].map((value) => settled(serial.send('arm', new Uint8Array(8).fill(value))));
    expect(await settled(serial.send('arm', PACKET))).toBe('SEND_QUEUE_FULL');
    device.plug();
    expect(await Promise.all(sends)).toEqual(['resolved', 'resolved', 'resolved']);
    expect(device.received.map((packet) => packet[0])).toEqual([1, 2, 3]);
  });

  test('the time that a packet waits counts toward sendTimeoutMs', async () => {
    const { serial, device, events } = await startReconnecting({ whenDisconnected: 'wait', sendTimeoutMs: 30 });
    device.unplug();
    await vi.waitFor(() => expect(events).toContain('disconnected true'));
    expect(await settled(serial.send('arm', PACKET))).toBe('SEND_TIMEOUT');
    const again = connected(serial);
    device.plug();
    await again;
    await serial.send('arm', Uint8Array.of(9));
    expect(device.received).toEqual([Uint8Array.of(9)]);
  });

  test('a waiting packet can be aborted, and shutdown rejects it', async () => {
    const { serial, device, events } = await startReconnecting({ whenDisconnected: 'wait' });
    device.unplug();
    await vi.waitFor(() => expect(events).toContain('disconnected true'));
    const controller = new AbortController();
    const aborted = settled(serial.send('arm', PACKET, { signal: controller.signal }));
    const waiting = settled(serial.send('arm', PACKET));
    controller.abort('no more');
    expect(await aborted).toBe('no more');
    await serial.shutdown();
    expect(await waiting).toBe('SHUTDOWN_TIMEOUT');
  });

  test('a packet accepted before the disconnect is not sent after it', async () => {
    const { serial, device } = await startReconnecting({ whenDisconnected: 'wait' });
    device.stall();
    const sends = [1, 2, 3].map((value) => settled(serial.send('arm', Uint8Array.of(value))));
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

describe('a device that is not required', () => {
  test('can be missing at first, and connects when it appears', async () => {
    const device = new MockDevice({ path: '/dev/mock', echo: true });
    device.unplug();
    const { serial, events } = await startReconnecting({ required: false }, device);
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
    const { serial } = await startReconnecting({ required: false, whenDisconnected: 'wait' }, device);
    const waiting = settled(serial.send('arm', PACKET));
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

  test('does not retry when another device receives data, or its node is created or removed', async () => {
    const { device, other, attemptsAfter } = await wait();
    expect(await attemptsAfter(() => writeFileSync(other, 'data'), 60_000)).toBe(0);
    expect(await attemptsAfter(() => writeFileSync(`${device}2`, ''), 60_000)).toBe(0);
    expect(await attemptsAfter(() => rmSync(`${device}2`), 60_000)).toBe(0);
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
