import { describe, expect, test, vi } from 'vitest';
import { type ConnectionError, SerialCommunicator } from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { nextPackets, settled, start } from '../support/mock-connection.js';
import { expectNothingUncounted } from '../support/stats.js';

const PACKET = Uint8Array.of(1, 2, 3);

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
    expectNothingUncounted(stats, { settled: false });
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
      expectNothingUncounted(serial.stats('arm'), { settled: false });
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
    expectNothingUncounted(serial.stats('arm'), { settled: false });
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
    expectNothingUncounted(serial.stats('arm'), { settled: false });
  });
});
