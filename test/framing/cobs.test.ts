import cobs from 'cobs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cobsDecode, cobsEncode, cobsEncodeInto, cobsMaxEncodedLength, FrameError } from '../../src/index.js';
import { packets } from '../support/packets.js';
import { canonical, decodeOnly, malformed } from '../support/vectors.js';

const noZeros = (length: number) => Uint8Array.from({ length }, (_, index) => (index % 255) + 1);

describe('cobsEncode', () => {
  test.each(canonical)('encodes $name', ({ packet, frame }) => {
    expect(cobsEncode(packet)).toEqual(frame);
  });

  test('returns a new array with only the frame, and leaves the packet unchanged', () => {
    const packet = new Uint8Array(1_000).fill(1);
    const frame = cobsEncode(packet);
    expect(frame.constructor).toBe(Uint8Array);
    expect(frame.buffer).not.toBe(packet.buffer);
    expect(packet.every((byte) => byte === 1)).toBe(true);
  });

  test('accepts a Buffer, and encodes only the bytes of a view', () => {
    const memory = Uint8Array.of(9, 9, 1, 0, 2, 9, 9);
    const frame = Uint8Array.of(2, 1, 2, 2);
    expect(cobsEncode(memory.subarray(2, 5))).toEqual(frame);
    expect(cobsEncode(Buffer.from(memory.buffer, 2, 3))).toEqual(frame);
  });
});

describe('cobsMaxEncodedLength', () => {
  test.each([
    [0, 1],
    [1, 2],
    [253, 254],
    [254, 255],
    [255, 257],
    [256, 258],
    [508, 510],
    [509, 512],
    [65_536, 65_795],
  ])('is right for %i bytes: %i', (packetBytes, frameBytes) => {
    expect(cobsMaxEncodedLength(packetBytes)).toBe(frameBytes);
    // A packet without a zero makes the longest frame.
    expect(cobsEncode(noZeros(packetBytes).fill(1))).toHaveLength(frameBytes);
    expect(cobsEncode(new Uint8Array(packetBytes))).toHaveLength(packetBytes + 1);
  });
});

describe('cobsEncodeInto', () => {
  test('writes only the frame, at the offset, and returns where it ends', () => {
    const target = new Uint8Array(12).fill(0xee);
    const end = cobsEncodeInto(Uint8Array.of(1, 0, 2), target, 3);
    expect(end).toBe(7);
    expect(target).toEqual(Uint8Array.of(0xee, 0xee, 0xee, 2, 1, 2, 2, 0xee, 0xee, 0xee, 0xee, 0xee));
  });

  test.each(canonical)('encodes $name', ({ packet, frame }) => {
    const target = new Uint8Array(cobsMaxEncodedLength(packet.length) + 5);
    const end = cobsEncodeInto(packet, target, 5);
    expect(target.subarray(5, end)).toEqual(frame);
  });

  test('needs no more room than the longest frame', () => {
    const packet = noZeros(300);
    const target = new Uint8Array(cobsMaxEncodedLength(300));
    expect(cobsEncodeInto(packet, target, 0)).toBe(target.length);
  });

  test.each([
    [300, 301, 0],
    [300, 302, 1],
    [0, 0, 0],
    [0, 4, 4],
    [1, 10, -1],
    [1, 10, Number.NaN],
    [1, 10, 0.5],
  ])(
    'throws a RangeError for %i bytes into %i at offset %d, and writes nothing',
    (packetBytes, targetBytes, offset) => {
      const target = new Uint8Array(targetBytes).fill(0xee);
      expect(() => cobsEncodeInto(noZeros(packetBytes), target, offset)).toThrow(RangeError);
      expect(target.every((byte) => byte === 0xee)).toBe(true);
    },
  );
});

describe('cobsDecode', () => {
  test.each([...canonical, ...decodeOnly])('decodes $name', ({ packet, frame }) => {
    expect(cobsDecode(frame)).toEqual(packet);
  });

  test.each(malformed)('throws MALFORMED_FRAME: $name', ({ frame }) => {
    expect(() => cobsDecode(frame)).toThrow(expect.objectContaining({ name: 'FrameError', code: 'MALFORMED_FRAME' }));
  });

  test.each([
    ['an empty frame', []],
    ['only a zero', [0]],
    ['a zero at the end', [2, 1, 0]],
    ['a zero at the beginning', [0, 2, 1]],
    ['a zero in a block', [4, 1, 0, 2]],
    ['a zero instead of a code', [2, 1, 0, 2, 1]],
  ])('throws MALFORMED_FRAME: %s', (_what, frame) => {
    expect(() => cobsDecode(Uint8Array.from(frame))).toThrow(FrameError);
  });

  test('returns a new array with only the packet', () => {
    const frame = cobsEncode(noZeros(1_000));
    const packet = cobsDecode(Buffer.from(frame));
    expect(packet.constructor).toBe(Uint8Array);
    frame.fill(0xff);
    expect(packet).toEqual(noZeros(1_000));
  });

  test('decodes only the bytes of a view', () => {
    expect(cobsDecode(Uint8Array.of(9, 2, 1, 2, 2, 9).subarray(1, 5))).toEqual(Uint8Array.of(1, 0, 2));
  });
});

describe('properties', () => {
  test('a packet survives encoding and decoding', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        expect(cobsDecode(cobsEncode(packet))).toEqual(packet);
      }),
    );
  });

  test('a frame contains no zero, and has n + 1 to n + ceil(n / 254) bytes', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        const frame = cobsEncode(packet);
        expect(frame.includes(0)).toBe(false);
        expect(frame.length).toBeLessThanOrEqual(cobsMaxEncodedLength(packet.length));
        expect(frame.length).toBeGreaterThanOrEqual(packet.length === 0 ? 1 : packet.length + 1);
      }),
    );
  });

  test('a frame that decodes is canonical, or canonical plus 01', () => {
    const frames = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(255), fc.integer({ min: 1, max: 255 })),
      {
        minLength: 1,
        maxLength: 700,
      },
    );
    fc.assert(
      fc.property(frames, (values) => {
        const frame = Uint8Array.from(values);
        let packet: Uint8Array;
        try {
          packet = cobsDecode(frame);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
          return;
        }
        const expected = cobsEncode(packet);
        expect([expected, Uint8Array.of(...expected, 1)]).toContainEqual(frame);
      }),
      { numRuns: 500 },
    );
  });

  test('a frame that was cut never decodes to the same packet', () => {
    fc.assert(
      fc.property(packets, fc.nat(), (packet, place) => {
        const frame = cobsEncode(packet);
        const part = frame.subarray(0, place % frame.length);
        let decoded: Uint8Array | undefined;
        try {
          decoded = cobsDecode(part);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
        expect(decoded).not.toEqual(packet);
      }),
    );
  });
});

/*
 * npm `cobs` 0.2.1 differs in two ways, shown below: it writes `01` after a last block of 254 bytes, and it fills up a
 * truncated frame with zeros instead of failing.
 */
describe('npm cobs', () => {
  test('encodes the same, apart from a redundant 01', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        const ours = cobsEncode(packet);
        const theirs = new Uint8Array(cobs.encode(Buffer.from(packet)));
        if (theirs.length === ours.length) {
          expect(ours).toEqual(theirs);
        } else {
          expect(endsWithFullBlock(packet)).toBe(true);
          expect(Uint8Array.of(...ours, 1)).toEqual(theirs);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('decodes our frames, and we decode its frames', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        expect(new Uint8Array(cobs.decode(Buffer.from(cobsEncode(packet))))).toEqual(packet);
        expect(cobsDecode(cobs.encode(Buffer.from(packet)))).toEqual(packet);
      }),
    );
  });

  test('writes a redundant 01 after 254 bytes; we do not', () => {
    expect([...cobs.encode(Buffer.alloc(254, 1))]).toEqual([255, ...Array(254).fill(1), 1]);
    expect([...cobsEncode(new Uint8Array(254).fill(1))]).toEqual([255, ...Array(254).fill(1)]);
  });

  test('fills up a truncated frame; we fail', () => {
    expect([...cobs.decode(Buffer.of(5, 1, 2))]).toEqual([1, 2, 0, 0]);
    expect(() => cobsDecode(Uint8Array.of(5, 1, 2))).toThrow(FrameError);
  });
});

function endsWithFullBlock(packet: Uint8Array): boolean {
  const run = packet.length - 1 - packet.lastIndexOf(0);
  return run > 0 && run % 254 === 0;
}
