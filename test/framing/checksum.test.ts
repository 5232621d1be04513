import { describe, expect, test } from 'vitest';
import { type ChecksumName, cobsDecode, cobsEncode, SerialCommunicator } from '../../src/index.js';
import { mockBinding } from '../../src/testing/mock/mock-binding.js';
import { MockDevice } from '../../src/testing/mock/mock-device.js';
import { decodeAll } from './reference.js';

const CHECK = Buffer.from('123456789');

/** The published check values, as they stand behind the packet on the wire. */
const onTheWire: [ChecksumName, string][] = [
  ['none', ''],
  ['crc16', '29b1'],
  ['crc32', '2639f4cb'],
];

/** What stands behind an empty packet. */
const ofNothing: [ChecksumName, string][] = [
  ['crc16', 'ffff'],
  ['crc32', '00000000'],
];

const framed = (bytes: Uint8Array) => Buffer.concat([cobsEncode(bytes), Buffer.of(0)]);

describe.each(onTheWire)('%s', (checksum, hex) => {
  const body = Buffer.concat([CHECK, Buffer.from(hex, 'hex')]);

  test('the check value for 123456789, received', () => {
    expect(decodeAll([framed(body)], { checksum })).toEqual([new Uint8Array(CHECK)]);
  });

  test('the check value for 123456789, sent', async () => {
    const device = new MockDevice({ path: '/dev/ttyMOCK0', checksum });
    await using communicator = new SerialCommunicator({ binding: mockBinding(device) });
    communicator.addConnection('a', { path: device.path, baudRate: 9_600, checksum, syncOnOpen: false });
    await communicator.initialize();
    await communicator.send('a', CHECK);
    const [frame] = device.writes;
    expect(Buffer.from(cobsDecode(frame!.subarray(0, -1))).toString('hex')).toBe(body.toString('hex'));
    expect(await device.nextPacket()).toEqual(new Uint8Array(CHECK));
  });
});

describe.each(ofNothing)('%s', (checksum, hex) => {
  const nothing = Buffer.from(hex, 'hex');

  test('an empty packet has one too', () => {
    expect(decodeAll([framed(nothing)], { checksum })).toEqual([new Uint8Array(0)]);
  });

  test.each(Array.from({ length: nothing.length }, (_, length) => length))('%i bytes are too few', (length) => {
    const frame = framed(nothing.subarray(0, length));
    expect(decodeAll([frame], { checksum })).toEqual([
      { reason: 'checksum', wireBytes: frame.length - 1, head: new Uint8Array(frame.subarray(0, -1)) },
    ]);
  });

  test('every flipped bit is noticed, and the next packet comes', () => {
    const good = Buffer.concat([CHECK, Buffer.from(onTheWire.find(([name]) => name === checksum)![1], 'hex')]);
    for (let bit = 0; bit < 8 * good.length; bit++) {
      const bad = Buffer.from(good);
      bad[bit >> 3]! ^= 1 << (bit & 7);
      const results = decodeAll([framed(bad), framed(good)], { checksum });
      expect(results).toMatchObject([{ reason: 'checksum' }, new Uint8Array(CHECK)]);
    }
  });
});
