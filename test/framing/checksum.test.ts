import { describe, expect, test } from 'vitest';
import {
  type Checksum,
  type ChecksumName,
  cobsDecode,
  cobsEncode,
  FrameDecoder,
  FrameEncoder,
  SerialCommunicator,
} from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { Inbox } from '../support/inbox.js';
import { invalidOption } from '../support/invalid-option.js';
import { randomBytes, randomNumbers } from '../support/random.js';
import { checksums } from '../support/vectors.js';
import { bitwiseCrc, CRC16_CCITT_FALSE, CRC16_XMODEM, CRC32_ISO_HDLC } from './bitwise-crc.js';
import { decodeAll, xmodem } from './reference.js';

const CHECK = Buffer.from('123456789');

/** Each checksum, with its published check value as it is on the wire. */
const onTheWire: [string, ChecksumName | Checksum, string][] = [
  ['none', 'none', ''],
  ['crc16', 'crc16', '29b1'],
  ['crc32', 'crc32', '2639f4cb'],
  ['CRC-16/XMODEM as an object', xmodem, '31c3'],
];

/** The checksum of an empty packet. */
const ofNothing: [string, ChecksumName | Checksum, string][] = [
  ['crc16', 'crc16', 'ffff'],
  ['crc32', 'crc32', '00000000'],
  ['CRC-16/XMODEM as an object', xmodem, '0000'],
];

const framed = (bytes: Uint8Array) => Buffer.concat([cobsEncode(bytes), Buffer.of(0)]);

test.each([CRC16_CCITT_FALSE, CRC16_XMODEM, CRC32_ISO_HDLC])(
  'the reference has the published check value %o',
  (model) => {
    expect(bitwiseCrc(model, CHECK)).toBe(model.check);
  },
);

describe.each(['crc16', 'crc32'] as const)('%s of the vectors that the firmware is tested with', (checksum) => {
  test.each(checksums)('$name', (vector) => {
    const { packet } = vector;
    const frame = framed(Buffer.concat([packet, vector[checksum]]));
    expect(Buffer.from(new FrameEncoder({ checksum }).encode(packet))).toEqual(frame);
    expect(decodeAll([frame], { checksum })).toEqual([packet]);
  });
});

describe.each(onTheWire)('%s', (_, checksum, hex) => {
  const body = Buffer.concat([CHECK, Buffer.from(hex, 'hex')]);

  test('has the published check value when received', () => {
    expect(decodeAll([framed(body)], { checksum })).toEqual([new Uint8Array(CHECK)]);
  });

  test('has the published check value when encoded', () => {
    expect(Buffer.from(new FrameEncoder({ checksum }).encode(CHECK)).toString('hex')).toBe(
      framed(body).toString('hex'),
    );
  });

  test('has the published check value when sent to a device, which echoes it', async () => {
    const device = new MockDevice({ path: '/dev/ttyMOCK0', checksum, echo: true });
    await using communicator = new SerialCommunicator({ binding: mockBinding(device) });
    communicator.addConnection('a', { path: device.path, baudRate: 9_600, checksum, syncOnOpen: false });
    const inbox = new Inbox();
    communicator.setReceiveHandler(inbox.handler);
    await communicator.initialize();
    await communicator.send('a', CHECK);
    const [frame] = device.writes;
    expect(Buffer.from(cobsDecode(frame!.subarray(0, -1))).toString('hex')).toBe(body.toString('hex'));
    expect(await device.nextPacket()).toEqual(new Uint8Array(CHECK));
    await inbox.count(1);
    expect(inbox.packets('a')).toEqual([new Uint8Array(CHECK)]);
    expect(communicator.stats('a')).toMatchObject({ packetBytesSent: 9, packetBytesReceived: 9 });
  });
});

describe.each(ofNothing)('%s', (name, checksum, hex) => {
  const nothing = Buffer.from(hex, 'hex');

  test('is also appended to an empty packet', () => {
    expect(decodeAll([framed(nothing)], { checksum })).toEqual([new Uint8Array(0)]);
    expect(new FrameEncoder({ checksum }).encode(new Uint8Array(0))).toEqual(new Uint8Array(framed(nothing)));
  });

  test.each(Array.from({ length: nothing.length }, (_, length) => length))(
    'rejects a frame with only %i bytes',
    (length) => {
      const frame = framed(nothing.subarray(0, length));
      expect(decodeAll([frame], { checksum })).toEqual([
        { reason: 'checksum', wireBytes: frame.length - 1, head: new Uint8Array(frame.subarray(0, -1)) },
      ]);
    },
  );

  test('detects every flipped bit, and the next packet is decoded', () => {
    const good = Buffer.concat([CHECK, Buffer.from(onTheWire.find(([each]) => each === name)![2], 'hex')]);
    for (let bit = 0; bit < 8 * good.length; bit++) {
      const bad = Buffer.from(good);
      bad[bit >> 3]! ^= 1 << (bit & 7);
      const results = decodeAll([framed(bad), framed(good)], { checksum });
      expect(results).toMatchObject([{ reason: 'checksum' }, new Uint8Array(CHECK)]);
    }
  });
});

describe('the built-in checksums agree with a bit-by-bit computation', () => {
  const random = randomNumbers(10);
  const lengths = [...Array.from({ length: 140 }, (_, length) => length), 255, 256, 1_000, 4_097];

  test.each([
    ['crc16', CRC16_CCITT_FALSE, (crc: number) => [crc >>> 8, crc]],
    ['crc32', CRC32_ISO_HDLC, (crc: number) => [crc, crc >>> 8, crc >>> 16, crc >>> 24]],
  ] as const)('%s', (checksum, model, bytesOf) => {
    const encoder = new FrameEncoder({ checksum });
    for (const length of lengths) {
      // A view into other memory: only the bytes of the packet must count.
      const packet = randomBytes(length + 7, random).subarray(3, length + 3);
      const body = cobsDecode(encoder.encode(packet).subarray(0, -1));
      expect(body.subarray(length)).toEqual(Uint8Array.from(bytesOf(bitwiseCrc(model, packet))));
      expect(decodeAll([framed(body)], { checksum })).toEqual([packet]);
    }
  });
});

describe('a checksum object', () => {
  const sum = (bytes: number): Checksum => ({ bytes, compute: (packet) => new Uint8Array(bytes).fill(packet.length) });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('can have %i bytes', (bytes) => {
    const checksum = sum(bytes);
    const wire = new FrameEncoder({ checksum }).encode(CHECK);
    expect(cobsDecode(wire.subarray(0, -1))).toEqual(Uint8Array.of(...CHECK, ...new Uint8Array(bytes).fill(9)));
    expect(decodeAll([wire], { checksum })).toEqual([new Uint8Array(CHECK)]);
  });

  test('gets the packet without its checksum, and may return a Buffer that it uses again', () => {
    const packets: string[] = [];
    const result = Buffer.alloc(1);
    const checksum: Checksum = {
      bytes: 1,
      compute(packet) {
        packets.push(Buffer.from(packet).toString());
        result[0] = packet.length;
        return result;
      },
    };
    const wire = ['one', 'three'].map((text) => new FrameEncoder({ checksum }).encode(Buffer.from(text)));
    expect(decodeAll(wire, { checksum })).toEqual(['one', 'three'].map((text) => new Uint8Array(Buffer.from(text))));
    expect(packets).toEqual(['one', 'three', 'one', 'three']);
  });

  test.each([
    ['crc8', '"crc8"'],
    ['toString', '"toString"'],
    [null, 'null'],
    [{}, 'an object'],
    [{ bytes: 2 }, '{ bytes: 2 }'],
    [{ bytes: 0, compute() {} }, 'an object'],
    [{ bytes: 9, compute() {} }, 'an object'],
    [{ bytes: 1.5, compute() {} }, 'an object'],
    [() => 1, 'a function'],
  ])('%o is rejected everywhere, with the same words', (value, shown) => {
    const checksum = value as Checksum;
    const message = `checksum is ${shown}; expected "none", "crc16", "crc32", or an object with bytes (1 to 8) and compute`;
    const add = () => new SerialCommunicator().addConnection('arm', { path: 'x', baudRate: 9_600, checksum });
    expect(add).toThrow(invalidOption(`connection "arm": ${message}`, 'INVALID_CONNECTION'));
    expect(() => new FrameDecoder({ checksum })).toThrow(invalidOption(`FrameDecoder: ${message}`));
    expect(() => new FrameEncoder({ checksum })).toThrow(invalidOption(`FrameEncoder: ${message}`));
    expect(() => new MockDevice({ path: 'x', checksum })).toThrow(invalidOption(`MockDevice: ${message}`));
  });
});

const failing: [string, unknown, string][] = [
  [
    'throws an error',
    () => {
      throw new Error('no polynomial');
    },
    'checksum: compute failed: no polynomial',
  ],
  [
    'throws a symbol',
    () => {
      throw Symbol('why');
    },
    'checksum: compute failed: Symbol(why)',
  ],
  ['returns a number', () => 0x31c3, 'checksum: compute returned 12739; expected a Uint8Array of length 2'],
  ['returns nothing', () => undefined, 'checksum: compute returned undefined; expected a Uint8Array of length 2'],
  ['returns an array', () => [1, 2], 'checksum: compute returned an array; expected a Uint8Array of length 2'],
  [
    'returns too few bytes',
    () => Uint8Array.of(1),
    'checksum: compute returned a Uint8Array of length 1; expected a Uint8Array of length 2',
  ],
];

describe.each(failing)('a checksum object whose compute %s', (_, compute, message) => {
  const checksum = { bytes: 2, compute } as Checksum;
  const wrong = invalidOption(message);

  test('makes encode and encodeInto throw, and nothing is written', () => {
    const encoder = new FrameEncoder({ checksum });
    const target = new Uint8Array(100);
    expect(() => encoder.encode(CHECK)).toThrow(wrong);
    expect(() => encoder.encodeInto(CHECK, target, 0)).toThrow(wrong);
    expect(target).toEqual(new Uint8Array(100));
  });

  test('makes the decoder reject the frame with the error, and go on', () => {
    const decoder = new FrameDecoder({ checksum });
    decoder.push(Buffer.concat([framed(CHECK), framed(Buffer.of(1)), framed(CHECK)]));
    const rejected = {
      reason: 'checksum',
      wireBytes: 10,
      head: new Uint8Array(framed(CHECK).subarray(0, -1)),
      error: wrong,
    };
    expect(decoder.next()).toEqual(rejected);
    // Too short to have a checksum, so nothing is computed.
    expect(decoder.next()).toEqual({ reason: 'checksum', wireBytes: 2, head: Uint8Array.of(2, 1) });
    expect(decoder.next()).toEqual(rejected);
    expect(decoder).toMatchObject({ acceptedBytes: 0, rejectedBytes: 22, delimiters: 3 });
  });

  test('makes send reject, counts the packet as refused, and leaves the connection working', async () => {
    let fails = false;
    const sometimes: Checksum = {
      bytes: 2,
      compute: (packet) => (fails ? checksum.compute(packet) : xmodem.compute(packet)),
    };
    const device = new MockDevice({ path: '/dev/ttyMOCK0', checksum: xmodem });
    await using serial = new SerialCommunicator({ binding: mockBinding(device) });
    serial.addConnection('a', { path: device.path, baudRate: 9_600, checksum: sometimes });
    const rejected = new Promise((resolve) => serial.once('rejectedFrame', resolve));
    const inbox = new Inbox();
    serial.setReceiveHandler(inbox.handler);
    await serial.initialize();

    fails = true;
    await expect(serial.send('a', CHECK)).rejects.toEqual(wrong);
    await device.send(CHECK);
    const head = expect.any(Uint8Array);
    expect(await rejected).toEqual({ name: 'a', reason: 'checksum', wireBytes: 12, head, error: wrong });

    fails = false;
    await serial.send('a', CHECK);
    expect(await device.nextPacket()).toEqual(new Uint8Array(CHECK));
    await device.send(CHECK);
    await inbox.count(1);
    expect(serial.stats('a')).toMatchObject({
      packetsRefused: 1,
      packetsAccepted: 1,
      packetsSent: 1,
      packetBytesSent: 9,
      checksumFrames: 1,
      packetsReceived: 1,
      losses: 0,
    });
  });
});

test('a MockDevice whose checksum fails rejects its sends, and counts what it receives as checksum errors', async () => {
  let fails = false;
  const checksum: Checksum = {
    bytes: 2,
    compute(packet) {
      if (fails) {
        throw new Error('no polynomial');
      }
      return xmodem.compute(packet);
    },
  };
  const device = new MockDevice({ path: '/dev/ttyMOCK0', checksum });
  await using serial = new SerialCommunicator({ binding: mockBinding(device) });
  serial.addConnection('a', { path: device.path, baudRate: 9_600, checksum: xmodem });
  await serial.initialize();
  fails = true;
  await expect(device.send(CHECK)).rejects.toThrow('no polynomial');
  await serial.send('a', CHECK);
  expect(device.checksumFrames).toBe(1);
  fails = false;
  await serial.send('a', CHECK);
  expect(await device.nextPacket()).toEqual(new Uint8Array(CHECK));
});
