import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Checksum, type ChecksumName, cobsMaxEncodedLength, FrameDecoder, FrameEncoder } from '../../src/index.js';
import { encodeForWire } from '../../src/testing/mock/device-framing.js';
import { invalidOption } from '../support/invalid-option.js';
import { packets } from '../support/packets.js';
import { canonical } from '../support/vectors.js';
import { decodeAll, xmodem } from './reference.js';

const checksums = fc.constantFrom<ChecksumName | Checksum>('none', 'crc16', 'crc32', xmodem);

describe('encode', () => {
  test.each(canonical)('$name: gives the frame and its delimiter', ({ packet, frame }) => {
    expect(new FrameEncoder().encode(packet)).toEqual(Uint8Array.of(...frame, 0));
  });

  test('gives what an independent implementation gives, and a decoder gets the packet back', () => {
    fc.assert(
      fc.property(packets, checksums, (packet, checksum) => {
        const wire = new FrameEncoder({ checksum }).encode(packet);
        expect(wire).toEqual(new Uint8Array(encodeForWire(packet, checksum)));
        expect(decodeAll([wire], { checksum })).toEqual([packet]);
      }),
    );
  });

  test('accepts a Buffer, and encodes only the bytes of a view', () => {
    const memory = Uint8Array.of(9, 9, 1, 2, 9);
    const encoder = new FrameEncoder({ checksum: 'crc16' });
    const expected = encoder.encode(Uint8Array.of(1, 2));
    expect(encoder.encode(memory.subarray(2, 4))).toEqual(expected);
    expect(encoder.encode(Buffer.from(memory.buffer, 2, 2))).toEqual(expected);
    expect(expected.constructor).toBe(Uint8Array);
    expect(memory).toEqual(Uint8Array.of(9, 9, 1, 2, 9));
  });
});

describe('encodeInto', () => {
  test('writes the same bytes at the offset, and returns where they end', () => {
    fc.assert(
      fc.property(packets, checksums, fc.nat(20), (packet, checksum, offset) => {
        const encoder = new FrameEncoder({ checksum });
        const expected = encoder.encode(packet);
        const target = new Uint8Array(offset + encoder.maxWireBytes(packet.length)).fill(0xaa);
        const end = encoder.encodeInto(packet, target, offset);
        expect(end).toBe(offset + expected.length);
        expect(target.subarray(offset, end)).toEqual(expected);
        expect(target.subarray(0, offset).every((byte) => byte === 0xaa)).toBe(true);
      }),
    );
  });

  test.each<[number, number]>([
    [5, 0],
    [7, 2],
    [100, 95],
    [100, -1],
    [100, 0.5],
    [100, Number.NaN],
  ])('throws a RangeError for a target of %i bytes and offset %d, and writes nothing', (targetBytes, offset) => {
    const target = new Uint8Array(targetBytes);
    const packet = Uint8Array.of(1, 2);
    expect(() => new FrameEncoder({ checksum: 'crc16' }).encodeInto(packet, target, offset)).toThrow(
      new RangeError(
        `encodeInto: the frame needs 6 bytes from offset ${offset}, but the target has ${targetBytes} bytes`,
      ),
    );
    expect(target).toEqual(new Uint8Array(targetBytes));
  });
});

describe('maxWireBytes', () => {
  test.each([0, 1, 252, 253, 254, 255, 1_000])('%i: counts checksum and delimiter', (packetBytes) => {
    expect(new FrameEncoder().maxWireBytes(packetBytes)).toBe(cobsMaxEncodedLength(packetBytes) + 1);
    for (const [checksum, bytes] of [
      ['crc16', 2],
      ['crc32', 4],
      [xmodem, 2],
    ] as const) {
      const encoder = new FrameEncoder({ checksum });
      expect(encoder.maxWireBytes(packetBytes)).toBe(cobsMaxEncodedLength(packetBytes + bytes) + 1);
    }
  });
});

test.each([
  ['crc16', 'got "crc16"; expected an object with checksum'],
  [{ crc: 'crc16' }, 'unknown option "crc"; expected checksum'],
])('new FrameEncoder(%j) is rejected', (options, message) => {
  expect(() => new FrameEncoder(options as never)).toThrow(invalidOption(`FrameEncoder: ${message}`));
});

test.each([
  [null, 'got null; expected an object with maxPacketBytes, minPacketBytes, checksum, skipFirst'],
  [{ maxPacket: 5 }, 'unknown option "maxPacket"; expected one of maxPacketBytes, minPacketBytes, checksum, skipFirst'],
  [{ skipFirst: 1 }, 'skipFirst is 1; expected true or false'],
])('new FrameDecoder(%j) is rejected', (options, message) => {
  expect(() => new FrameDecoder(options as never)).toThrow(invalidOption(`FrameDecoder: ${message}`));
});
