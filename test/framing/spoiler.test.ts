import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { spoiler } from '../../src/framing/spoiler.js';
import { cobsEncode } from '../../src/index.js';
import { DeviceFraming } from '../../src/testing/mock/device-framing.js';

/** What a device makes of a frame that was cut after so many bytes, and then of what follows. */
function afterCut(frame: Uint8Array, cutAt: number, ending: Uint8Array): (Uint8Array | string)[] {
  const device = new DeviceFraming(65_536, 'none');
  return [
    ...device.push(Buffer.concat([frame.subarray(0, cutAt), ending, cobsEncode(Uint8Array.of(42)), Buffer.of(0)])),
  ];
}

const PACKETS: [string, Uint8Array][] = [
  ['all zero', new Uint8Array(600)],
  ['no zero', new Uint8Array(600).fill(7)],
  ['a zero in nine', Uint8Array.from({ length: 600 }, (_, i) => i % 9)],
  ['just one block', new Uint8Array(254).fill(255)],
  ['all codes of 255', new Uint8Array(254 * 3).fill(255)],
];

describe('what ends a frame that was cut', () => {
  test('a delimiter alone does not do: this is why there is a spoiler', () => {
    const frame = Uint8Array.of(2, 1, 2, 2, 2, 3);
    expect(afterCut(frame, 4, Uint8Array.of(0))[0]).toEqual(Uint8Array.of(1, 0, 2));
  });

  test.each(PACKETS)('%s: spoils it, cut at every position', (_, packet) => {
    const frame = cobsEncode(packet);
    for (let cutAt = 0; cutAt <= frame.length; cutAt++) {
      const [spoiled, ...rest] = afterCut(frame, cutAt, spoiler);
      expect({ cutAt, spoiled, rest }).toEqual({ cutAt, spoiled: 'malformed', rest: [Uint8Array.of(42)] });
    }
  });

  test('any frame, cut anywhere, and the spoiler itself cut, too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(), fc.nat(), (packet, at, again) => {
        const frame = cobsEncode(packet);
        const cutAgain = spoiler.subarray(0, again % (spoiler.length - 1));
        const start = Buffer.concat([frame.subarray(0, at % (frame.length + 1)), cutAgain]);
        expect(afterCut(start, start.length, spoiler)).toEqual(['malformed', Uint8Array.of(42)]);
      }),
    );
  });
});
