import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countFrames, FrameCutter } from '../../../src/commands/serve/frame-cutter.js';

/** Frames, each with its delimiter, of bytes that follow another by a simple rule: split at zeros. */
function split(bytes: Uint8Array): { frames: number[][]; rest: number[] } {
  const frames: number[][] = [];
  let rest: number[] = [];
  for (const byte of bytes) {
    rest.push(byte);
    if (byte === 0) {
      frames.push(rest);
      rest = [];
    }
  }
  return { frames, rest };
}

/** Bytes in which delimiters are frequent, in chunks. */
const chunks = fc.array(
  fc
    .array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 255 })), { maxLength: 12 })
    .map((each) => Uint8Array.from(each)),
  { maxLength: 20 },
);

test('passes on exactly the frames that are not too long, whatever the chunks are', () => {
  fc.assert(
    fc.property(chunks, fc.integer({ min: 1, max: 15 }), (parts, maxFrameBytes) => {
      const cutter = new FrameCutter(maxFrameBytes);
      const passed = parts.flatMap((part) => [...(cutter.push(part) ?? [])]);
      const { frames, rest } = split(Buffer.concat(parts));
      const isTooLong = (frame: number[]) => frame.length > maxFrameBytes;
      expect(passed).toEqual(frames.filter((frame) => !isTooLong(frame)).flat());
      const isRestTooLong = rest.length + 1 > maxFrameBytes && rest.length > 0;
      expect(cutter.tooLongFrames).toBe(frames.filter(isTooLong).length + (isRestTooLong ? 1 : 0));
      expect(cutter.unfinishedBytes).toBe(isRestTooLong ? 0 : rest.length);
      expect(countFrames(Uint8Array.from(passed))).toBe(
        frames.filter((frame) => !isTooLong(frame) && frame.length > 1).length,
      );
    }),
    { numRuns: 2_000 },
  );
});

test('keeps no more than the longest frame of a client that never sends a delimiter', () => {
  const cutter = new FrameCutter(1_000);
  for (let sent = 0; sent < 100_000; sent += 7) {
    expect(cutter.push(new Uint8Array(7).fill(1))).toBeUndefined();
    expect(cutter.unfinishedBytes).toBeLessThan(1_000);
  }
  expect(cutter.tooLongFrames).toBe(1);
  // The rest of the long frame, and a whole one.
  expect(cutter.push(Uint8Array.of(1, 0, 2, 5, 0))).toEqual(Buffer.of(2, 5, 0));
});

test('drops the frame that has not ended when it is reset', () => {
  const cutter = new FrameCutter(10);
  cutter.push(Uint8Array.of(3, 1));
  cutter.reset();
  expect(cutter.push(Uint8Array.of(2, 7, 0))).toEqual(Uint8Array.of(2, 7, 0));
});
