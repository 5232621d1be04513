import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resyncSequence } from '../../src/framing/resync-sequence.js';
import { cobsEncode } from '../../src/index.js';
import { DeviceFraming } from '../../src/testing/mock/device-framing.js';

/** What a device decodes from the first `cutAt` bytes of a frame, the ending, and one more frame. */
function afterCut(frame: Uint8Array, cutAt: number, ending: Uint8Array): (Uint8Array | string)[] {
  const device = new DeviceFraming(65_536, 'none');
  return [
    ...device.push(Buffer.concat([frame.subarray(0, cutAt), ending, cobsEncode(Uint8Array.of(42)), Buffer.of(0)])),
  ];
}

const PACKETS: [string, Uint8Array][] = [
  ['only zeros', new Uint8Array(600)],
  ['no zero', new Uint8Array(600).fill(7)],
  ['one zero in nine bytes', Uint8Array.from({ length: 600 }, (_, i) => i % 9)],
  ['exactly one block', new Uint8Array(254).fill(255)],
  ['only codes of 255', new Uint8Array(254 * 3).fill(255)],
];

describe('the resync sequence', () => {
  test('is needed: a delimiter alone can make a cut frame decode', () => {
    const frame = Uint8Array.of(2, 1, 2, 2, 2, 3);
    expect(afterCut(frame, 4, Uint8Array.of(0))[0]).toEqual(Uint8Array.of(1, 0, 2));
  });

  test.each(PACKETS)('invalidates a frame with %s, cut at any position', (_, packet) => {
    const frame = cobsEncode(packet);
    for (let cutAt = 0; cutAt <= frame.length; cutAt++) {
      const [first, ...rest] = afterCut(frame, cutAt, resyncSequence);
      expect({ cutAt, first, rest }).toEqual({ cutAt, first: 'malformed', rest: [Uint8Array.of(42)] });
    }
  });

  test('invalidates any frame, even after a resync sequence that was cut itself', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(), fc.nat(), (packet, at, again) => {
        const frame = cobsEncode(packet);
        const cutAgain = resyncSequence.subarray(0, again % (resyncSequence.length - 1));
        const start = Buffer.concat([frame.subarray(0, at % (frame.length + 1)), cutAgain]);
        expect(afterCut(start, start.length, resyncSequence)).toEqual(['malformed', Uint8Array.of(42)]);
      }),
    );
  });
});
