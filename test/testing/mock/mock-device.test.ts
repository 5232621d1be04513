import { describe, expect, test } from 'vitest';
import { SerialCommunicator } from '../../../src/index.js';
import { mockBinding } from '../../../src/testing/mock/mock-binding.js';
import { MockDevice, type MockDeviceOptions } from '../../../src/testing/mock/mock-device.js';
import { someTurns } from '../../contract/harness.js';
import { Inbox } from '../../support/inbox.js';
import { invalidOption } from '../../support/invalid-option.js';
import { MiB, usedBytes } from '../../support/memory.js';
import { openRaw, readAll, readRaw } from '../../support/raw-port.js';
import { catchUncaught } from '../../support/uncaught.js';

const path = '/dev/ttyMOCK0';
const bytes = (...values: number[]) => Uint8Array.from(values);
const hex = (text: string) => Buffer.from(text, 'hex');

async function opened(options: Partial<MockDeviceOptions> = {}) {
  const device = new MockDevice({ path, ...options });
  const port = await openRaw(mockBinding(device), path);
  return { device, port };
}

async function connected(options: Partial<MockDeviceOptions> = {}) {
  const device = new MockDevice({ path, ...options });
  const communicator = new SerialCommunicator({ binding: mockBinding(device) });
  communicator.addConnection('a', { path, baudRate: 9_600 });
  const inbox = new Inbox();
  communicator.setReceiveHandler(inbox.handler);
  await communicator.initialize();
  return { device, communicator, inbox };
}

describe('packets of the host', () => {
  test('are given to onPacket and kept in received, in order', async () => {
    const given: unknown[][] = [];
    const { device, port } = await opened({ onPacket: (...parameters) => void given.push(parameters) });
    await port.write(hex('0211 00 01 00 03 22'.replaceAll(' ', '')));
    await port.write(hex('3300'));
    expect(device.received).toEqual([bytes(0x11), bytes(), bytes(0x22, 0x33)]);
    expect(device.receivedCount).toBe(3);
    expect(given).toEqual(device.received.map((packet) => [packet, device]));
    expect(device.received.map((packet) => packet.constructor)).toEqual([Uint8Array, Uint8Array, Uint8Array]);
  });

  test('a redundant 01 is understood', async () => {
    const { device, port } = await opened();
    await port.write(Buffer.from([255, ...Array(254).fill(1), 1, 0]));
    expect(device.received).toEqual([new Uint8Array(254).fill(1)]);
  });

  test('delimiters in a row are no packets', async () => {
    const { device, port } = await opened();
    await port.write(hex('000000'));
    await port.write(hex('000100'));
    expect(device.received).toEqual([bytes()]);
  });

  test('a truncated frame is counted, not filled up', async () => {
    const { device, port } = await opened();
    await port.write(hex('0511220002770000'));
    expect(device).toMatchObject({ malformedFrames: 1, received: [bytes(0x77)] });
  });

  test('a packet that is too long is counted, and dropped with its tail', async () => {
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
  ] as const)('with a %s: a wrong one is counted, and so is a missing one', async (checksum, frame) => {
    const { device, port } = await opened({ checksum });
    const wrong = hex(frame);
    wrong[1]! ^= 1;
    await port.write(Buffer.concat([hex(frame), wrong, hex('021100')]));
    expect(device).toMatchObject({ receivedCount: 1, checksumFrames: 2, malformedFrames: 0 });
    expect(device.received).toEqual([new Uint8Array(Buffer.from('123456789'))]);
  });

  test('nextPacket gives each packet once, in order, whether it has come or not', async () => {
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

  test('only historyLength of them are kept, and nextPacket says so when it comes too late', async () => {
    const { device, port } = await opened({ historyLength: 3 });
    for (let index = 1; index <= 20; index++) {
      await port.write(Buffer.of(2, index, 0));
    }
    expect(device.received).toEqual([bytes(18), bytes(19), bytes(20)]);
    expect(device.writes).toHaveLength(3);
    expect(device.receivedCount).toBe(20);
    await expect(device.nextPacket()).rejects.toThrow('20 packets were not taken, but only the latest 3 are kept');
  });

  test.each([0, -1, 1.5, Number.NaN])('a historyLength of %d is refused', (historyLength) => {
    expect(() => new MockDevice({ path, historyLength })).toThrow(
      invalidOption(`MockDevice: historyLength is ${historyLength}; expected an integer of at least 1`),
    );
  });

  test('an unfinished frame outlives the closing of the port, but not unplugging', async () => {
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

  test('a frame without end takes no memory', async () => {
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
  test('sends made in one turn leave in one write, and writes shows it', async () => {
    const { device, communicator } = await connected();
    await Promise.all([1, 2, 3].map((value) => communicator.send('a', bytes(value))));
    await communicator.send('a', bytes(4));
    const [first, second] = device.writes.slice(-2).map((write) => write.toString('hex'));
    expect(first).toMatch(/020100020200020300$/);
    expect(second).toBe('020400');
    await communicator.shutdown();
  });

  test('writes holds copies', async () => {
    const { device, port } = await opened();
    const buffer = hex('021100');
    await port.write(buffer);
    buffer.fill(0xff);
    expect(device.writes).toEqual([hex('021100')]);
  });

  test('openOptions and signals show what was set', async () => {
    const { device, port } = await opened();
    expect(device.openOptions).toMatchObject({ path, baudRate: 9_600, dataBits: 8, parity: 'none', lock: true });
    await port.set({ dtr: false, rts: true });
    await port.set({ dtr: true });
    expect(device.signals).toEqual([{ dtr: false, rts: true }, { dtr: true }]);
    await port.close();
    expect(device.openOptions).toBeUndefined();
  });
});

describe('packets of the device', () => {
  test('echo sends every packet back', async () => {
    const { communicator, inbox } = await connected({ echo: true });
    for (const packet of [bytes(), bytes(0), bytes(1, 2, 3), new Uint8Array(65_536).fill(1)]) {
      await communicator.send('a', packet);
      expect(Buffer.compare((await inbox.next()).packet, packet)).toBe(0);
    }
    await communicator.shutdown();
  });

  test('onPacket answers, and echo comes after it', async () => {
    const { communicator, inbox } = await connected({
      echo: true,
      async onPacket(packet, device) {
        await device.send(bytes(0xaa, ...packet));
        await device.send(bytes(0xbb));
      },
    });
    await communicator.send('a', bytes(1));
    await inbox.count(3);
    expect(inbox.packets('a')).toEqual([bytes(0xaa, 1), bytes(1), bytes(0xbb)]);
    await communicator.shutdown();
  });

  test('send encodes canonically, sendRaw not at all', async () => {
    const { device, port } = await opened();
    const frames = [
      [new Uint8Array(0), '0100'],
      [bytes(0), '010100'],
      [new Uint8Array(254).fill(1), `ff${'01'.repeat(254)}00`],
      [new Uint8Array(255).fill(1), `ff${'01'.repeat(254)}020100`],
      [bytes(...Array(254).fill(1), 0), `ff${'01'.repeat(254)}010100`],
    ] as const;
    for (const [packet, frame] of frames) {
      await device.send(packet);
      expect((await readAll(port, frame.length / 2)).toString('hex')).toBe(frame);
    }
    await device.sendRaw(hex('00ff00'));
    expect((await readAll(port, 3)).toString('hex')).toBe('00ff00');
  });

  test.each([
    ['crc16', '0c31323334353637383929b100'],
    ['crc32', '0e3132333435363738392639f4cb00'],
  ] as const)('send adds the %s', async (checksum, frame) => {
    const { device, port } = await opened({ checksum });
    await device.send(Buffer.from('123456789'));
    expect((await readAll(port, frame.length / 2)).toString('hex')).toBe(frame);
  });

  test('a read gives at most maxReadSize bytes', async () => {
    const { device, port } = await opened({ maxReadSize: 2 });
    await device.sendRaw(bytes(1, 2, 3, 4, 5));
    const sizes = [];
    for (let read = 0; read < 3; read++) {
      sizes.push((await readRaw(port)).length);
    }
    expect(sizes).toEqual([2, 2, 1]);
  });

  test('send rejects while the port is not open', async () => {
    const device = new MockDevice({ path });
    await expect(device.send(bytes(1))).rejects.toThrow('MockDevice /dev/ttyMOCK0: cannot send, its port is not open');
    const port = await openRaw(mockBinding(device), path);
    await device.send(bytes(1));
    await port.close();
    await expect(device.sendRaw(bytes(1))).rejects.toThrow('its port is not open');
  });

  test('send waits while 4,096 bytes have not been read', async () => {
    const { device, port } = await opened();
    await device.sendRaw(new Uint8Array(4_096));
    let sent = false;
    const waiting = device.sendRaw(new Uint8Array(10)).then(() => {
      sent = true;
    });
    await someTurns();
    expect(sent).toBe(false);
    await readRaw(port, 9);
    await someTurns();
    expect(sent).toBe(false);
    await readRaw(port, 1);
    await waiting;
    expect(await readAll(port, 4_096)).toHaveLength(4_096);
  });

  test('what has not been read when the port closes is counted, and sends that wait reject', async () => {
    const { device, port } = await opened();
    await device.sendRaw(new Uint8Array(4_096));
    const waiting = device.sendRaw(new Uint8Array(10));
    const closing = port.close();
    await expect(waiting).rejects.toThrow('cannot send, its port was closed');
    await closing;
    expect(device.discardedBytes).toBe(4_106);
  });

  test('what is thrown away by flush is counted', async () => {
    const { device, port } = await opened();
    const waiting = device.sendRaw(new Uint8Array(5_000));
    await port.flush();
    await waiting;
    expect(device.discardedBytes).toBe(4_096);
    expect(await readAll(port, 904)).toHaveLength(904);
  });
});

describe('a device that is busy', () => {
  test('stalled: writes stay pending until it resumes', async () => {
    const { device, port } = await opened();
    device.stall();
    let written = false;
    const writing = port.write(hex('021100')).then(() => {
      written = true;
    });
    await someTurns();
    expect({ written, received: device.received, writes: device.writes.length }).toEqual({
      written: false,
      received: [],
      writes: 1,
    });
    device.resume();
    await writing;
    expect(device.received).toEqual([bytes(0x11)]);
  });

  test('stalled: it can still send', async () => {
    const { device, port } = await opened();
    device.stall();
    await device.sendRaw(bytes(7));
    expect(await readRaw(port)).toEqual(Buffer.of(7));
  });

  test('stalled before the port opens: the first write waits', async () => {
    const device = new MockDevice({ path });
    device.stall();
    const port = await openRaw(mockBinding(device), path);
    const writing = port.write(hex('021100'));
    await someTurns();
    expect(device.received).toEqual([]);
    device.resume();
    await writing;
    expect(device.received).toEqual([bytes(0x11)]);
  });

  test('closing a port whose write is stalled: the write rejects as canceled, and nothing of it arrives', async () => {
    const { device, port } = await opened();
    device.stall();
    const writing = port.write(hex('021100'));
    const rejected = expect(writing).rejects.toMatchObject({ canceled: true });
    await someTurns();
    await port.close();
    await rejected;
    device.resume();
    await someTurns();
    expect(device.received).toEqual([]);
  });

  test('drain waits for a stalled write', async () => {
    const { device, port } = await opened();
    device.stall();
    const order: string[] = [];
    const writing = port.write(hex('021100')).then(() => order.push('written'));
    const draining = port.drain().then(() => order.push('drained'));
    await someTurns();
    expect(order).toEqual([]);
    device.resume();
    await Promise.all([writing, draining]);
    expect(order).toEqual(['written', 'drained']);
  });

  test('takes no more while 65,536 bytes of its own have not been read', async () => {
    const { device, port } = await opened({ echo: true });
    const frame = Buffer.from([255, ...Array(254).fill(1), 0]);
    let written = 0;
    const flood = (async () => {
      for (let count = 0; count < 600; count++) {
        await port.write(frame);
        written += frame.length;
      }
    })();
    await someTurns(2_000);
    expect(written).toBeGreaterThan(65_536);
    expect(written).toBeLessThan(65_536 + 4_096 + 2 * frame.length);
    expect(await readAll(port, 600 * frame.length)).toEqual(Buffer.concat(Array(600).fill(frame)));
    await flood;
    expect(device.receivedCount).toBe(600);
  });
});

describe('onPacket that fails', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('onPacket failed on purpose');
      },
    ],
    ['rejects', () => Promise.reject(new Error('onPacket failed on purpose'))],
  ])('%s: an uncaught error, and the write of the host succeeds', async (_what, onPacket) => {
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
