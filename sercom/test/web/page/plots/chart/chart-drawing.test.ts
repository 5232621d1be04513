import fc from 'fast-check';
import { expect, test } from 'vitest';
import { spread } from '../../../../../web/plots/chart/chart-drawing.js';

test('labels that would overlap move apart', () => {
  expect(spread([10, 12, 50], 10, 0, 100)).toEqual([10, 20, 50]);
  expect(spread([95, 98, 99], 10, 0, 100)).toEqual([80, 90, 100]);
});

test('labels keep their order, do not overlap, and stay inside as long as there is room', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 24 }), (places) => {
      const moved = spread(places, 12, 0, 300);
      const order = places.map((_, index) => index).sort((a, b) => places[a]! - places[b]! || a - b);
      for (const [at, index] of order.entries()) {
        if (at > 0) expect(moved[index]! - moved[order[at - 1]!]!).toBeGreaterThanOrEqual(12);
      }
      expect(Math.max(0, ...moved)).toBeLessThanOrEqual(300);
    }),
  );
});
