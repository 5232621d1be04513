import fc from 'fast-check';

/** Realistic packets: any bytes, few or many zeros, and runs without a zero around the borders of COBS blocks. */
export const packets: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 600 }),
  fc
    .array(fc.tuple(fc.constantFrom(0, 1, 252, 253, 254, 255, 508, 509), fc.nat(2)), { maxLength: 4 })
    .map((runs) =>
      Uint8Array.from(runs.flatMap(([length, zeros]) => [...Array(length).fill(0x55), ...Array(zeros).fill(0)])),
    ),
  fc.array(fc.constantFrom(0, 0, 1, 255), { maxLength: 600 }).map((values) => Uint8Array.from(values)),
);

/** A byte stream that mixes whole frames, truncated frames, noise and idle delimiters. */
export function streams(encode: (packet: Uint8Array) => Uint8Array): fc.Arbitrary<Uint8Array> {
  const frames = packets.map((packet) => [...encode(packet), 0]);
  return fc
    .array(
      fc.oneof(
        { arbitrary: frames, weight: 3 },
        frames.chain((frame) => fc.nat(frame.length).map((length) => frame.slice(0, length))),
        fc.array(fc.nat(255), { maxLength: 300 }),
        fc.array(fc.constant(0), { maxLength: 4 }),
        fc.array(fc.constantFrom(1, 2, 255), { maxLength: 600 }),
      ),
      { maxLength: 6 },
    )
    .map((parts) => Uint8Array.from(parts.flat()));
}

/** Splits bytes into chunks at the given places. */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const borders = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return borders.slice(1).map((border, index) => bytes.slice(borders[index], border));
}
