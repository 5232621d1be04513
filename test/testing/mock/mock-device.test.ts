import { describe, expect, test } from 'vitest';
import { MockDevice, mockBinding } from '../../../src/testing/index.js';
import { someTurns } from '../../contract/harness.js';
import { invalidOption } from '../../support/invalid-option.js';
import { MiB, usedBytes } from '../../support/memory.js';
import { openRaw } from '../../support/raw-port.js';
import { catchUncaught } from '../../support/uncaught.js';
import { bytes, connected, hex, opened, path } from './rig.js';

describe('packets of the host', () => {
  test('are passed to onPacket and kept in received, in order', async () => {
    const given: unknown[][] = [];
    const { device, port } = await opened({ onPacket: (...parameters) => void given.push(parameters) });
    await port.write(hex('0211 00 01 00 03 22'.replaceAll(' ', '')));
    await port.write(hex('3300'));
    expect(device.received).toEqual([bytes(0x11), bytes(), bytes(0x22, 0x33)]);
    expect(device.receivedCount).toBe(3);
    expect(given).toEqual(device.received.map((packet) => [packet, device]));
    expect(device.received.map((packet) => packet.constructor)).toEqual([Uint8Array, Uint8Array, Uint8Array]);
  });

  test('may end with a redundant 01', async () => {
    const { device, port } = await opened();
    await port.write(Buffer.from([255, ...Array(254).fill(1), 1, 0]));
    expect(device.received).toEqual([new Uint8Array(254).fill(1)]);
  });

  test('are not made of consecutive delimiters', async () => {
    const { device, port } = await opened();
    await port.write(hex('000000'));
    await port.write(hex('000100'));
    expect(device.received).toEqual([bytes()]);
  });

  test('are counted as malformed if the frame is truncated, not filled up', async () => {
    const { device, port } = await opened();
    await port.write(hex('0511220002770000'));
    expect(device).toMatchObject({ malformedFrames: 1, received: [bytes(0x77)] });
  });

  test('are counted and dropped with their tail if they are too long', async () => {
    const { device, port } = await opened({ maxPacketBytes: 3 });
    await port.write(hex('0411223300'));
    await port.write(hex('051122334400'));
    for (let count = 0; count < 100; count++) {
      await port.write(hex('0202020202'));
    }
    await port.write(hex('00027700'));
    expect(device).toMatchObject({ tooLongFrames: 2, malformedFrames: 0, receivedCount: 2 });
    expect(device.received).toEqual([bytes(0x11, 0x22, 0x33), bytes(0x77)]);
  });

  test.each([
    ['crc16', '0c31323334353637383929b100'],
    ['crc32', '0e3132333435363738392639f4cb00'],
  ] as const)('are counted if their %s is wrong or missing', async (checksum, frame) => {
    const { device, port } = await opened({ checksum });
    const wrong = hex(frame);
    wrong[1]! ^= 1;
    await port.write(Buffer.concat([hex(frame), wrong, hex('021100')]));
    expect(device).toMatchObject({ receivedCount: 1, checksumFrames: 2, malformedFrames: 0 });
    expect(device.received).toEqual([new Uint8Array(Buffer.from('123456789'))]);
  });

  test('are returned by nextPacket once each, in order, whether they arrive before the call or after it', async () => {
    const { device, port } = await opened();
    const early = [device.nextPacket(), device.nextPacket()];
    await port.write(hex('0211000222000233000244000255 00'.replaceAll(' ', '')));
    expect(await Promise.all(early)).toEqual([bytes(0x11), bytes(0x22)]);
    expect(await device.nextPacket()).toEqual(bytes(0x33));
    expect(await device.nextPacket()).toEqual(bytes(0x44));
    expect(await device.nextPacket()).toEqual(bytes(0x55));
    const later = device.nextPacket();
    await port.write(hex('026600'));
    expect(await later).toEqual(bytes(0x66));
    expect(device.receivedCount).toBe(6);
  });

  test('are kept up to historyLength, and nextPacket rejects if one was dropped unread', async () => {
    const { device, port } = await opened({ historyLength: 3 });
    for (let index = 1; index <= 20; index++) {
      await port.write(Buffer.of(2, index, 0));
    }
    expect(device.received).toEqual([bytes(18), bytes(19), bytes(20)]);
    expect(device.writes).toHaveLength(3);
    expect(device.receivedCount).toBe(20);
    await expect(device.nextPacket()).rejects.toThrow(
      '20 packets are unread, but only the latest 3 are kept; read them sooner, or raise historyLength',
    );
  });

  test.each([0, -1, 1.5, Number.NaN])('reject a historyLength of %d', (historyLength) => {
    expect(() => new MockDevice({ path, historyLength })).toThrow(
      invalidOption(`MockDevice: historyLength is ${historyLength}; expected an integer of at least 1`),
    );
  });

  test('may be finished after the port was closed and opened again, but not after an unplug', async () => {
    const device = new MockDevice({ path });
    const binding = mockBinding(device);
    const first = await openRaw(binding, path);
    await first.write(hex('031122'));
    await first.close();
    const second = await openRaw(binding, path);
    await second.write(hex('000277'));
    expect(device.received).toEqual([bytes(0x11, 0x22)]);
    device.unplug();
    await second.close();
    device.plug();
    const third = await openRaw(binding, path);
    await third.write(hex('00'));
    expect(device).toMatchObject({ receivedCount: 1, malformedFrames: 0 });
  });

  test('need no memory while a frame does not end', async () => {
    const { device, port } = await opened({ historyLength: 1 });
    const endless = Buffer.alloc(16_384, 1);
    await port.write(endless);
    const before = usedBytes();
    for (let written = 0; written < 40 * MiB; written += endless.length) {
      await port.write(endless);
    }
    expect(usedBytes() - before).toBeLessThan(4 * MiB);
    await port.write(hex('00027700'));
    expect(device).toMatchObject({ tooLongFrames: 1, received: [bytes(0x77)] });
  });
});

describe('writes and settings of the host', () => {
  test('show in writes that sends of one turn leave in one write', async () => {
    const { device, communicator } = await connected();
    await Promise.all([1, 2, 3].map((value) => communicator.send('a', bytes(value))));
    await communicator.send('a', bytes(4));
    const [first, second] = device.writes.slice(-2).map((write) => write.toString('hex'));
    expect(first).toMatch(/020100020200020300$/);
    expect(second).toBe('020400');
    await communicator.shutdown();
  });

  test('are copied to writes', async () => {
    const { device, port } = await opened();
    const buffer = hex('021100');
    await port.write(buffer);
    buffer.fill(0xff);
    expect(device.writes).toEqual([hex('021100')]);
  });

  test('are shown by openOptions and signals', async () => {
    const { device, port } = await opened();
    expect(device.openOptions).toMatchObject({ path, baudRate: 9_600, dataBits: 8, parity: 'none', lock: true });
    await port.set({ dtr: false, rts: true });
    await port.set({ dtr: true });
    expect(device.signals).toEqual([{ dtr: false, rts: true }, { dtr: true }]);
    await port.close();
    expect(device.openOptions).toBeUndefined();
  });
});

describe('a failing onPacket', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('onPacket failed on purpose');
      },
    ],
    ['rejects', () => Promise.reject(new Error('onPacket failed on purpose'))],
  ])('that %s causes an uncaught error, and the write of the host succeeds', async (_what, onPacket) => {
    const { next, release } = catchUncaught();
    try {
      const { device, port } = await opened({ onPacket });
      await expect(port.write(hex('021100022200'))).resolves.toBeUndefined();
      expect(await next).toEqual(new Error('onPacket failed on purpose'));
      expect(device.receivedCount).toBe(2);
      await someTurns(1);
    } finally {
      release();
    }
  });
});
