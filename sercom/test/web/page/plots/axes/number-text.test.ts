import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tickText, valueText, valueTicks } from '../../../../../web/plots/axes/number-text.js';

test.each([
  [0, '0'],
  [-0, '0'],
  [123_456_789, '123456789'],
  [-5, '−5'],
  [0.1 + 0.2, '0.3'],
  [12.345_678_9, '12.3457'],
  [1e12, '1e12'],
  [-1.5e20, '−1.5e20'],
  [1.5e-7, '1.5e−7'],
  [0.000_01, '0.00001'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
])('shows the value %s as %s', (value, text) => {
  expect(valueText(value)).toBe(text);
});

test.each([
  [0.5, 0.1, '0.5'],
  [1, 0.1, '1.0'],
  [-0.25, 0.05, '−0.25'],
  [3_000, 1_000, '3000'],
  [1e-17, 0.1, '0'],
  [5e12, 1e12, '5e12'],
  [1.5e12, 1e11, '1.5e12'],
  [2e-9, 1e-9, '2e−9'],
  [1_000_000.002, 0.001, '1000000.002'],
])('labels %s on an axis with steps of %s with %s', (value, step, text) => {
  expect(tickText(value, step)).toBe(text);
});

describe('valueTicks', () => {
  test('are multiples of 1, 2 or 5', () => {
    expect(valueTicks(-1.1, 1.1, 6)).toEqual({ step: 0.5, at: [-1, -0.5, 0, 0.5, 1] });
    expect(valueTicks(0, 95, 5)).toEqual({ step: 20, at: [0, 20, 40, 60, 80] });
  });

  test('lie within any limits, are few, and have labels that differ', () => {
    const limit = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 });
    fc.assert(
      fc.property(limit, limit, fc.integer({ min: 1, max: 30 }), (one, other, most) => {
        const min = Math.min(one, other);
        const max = Math.max(one, other);
        fc.pre(max - min > Math.max(Math.abs(min), Math.abs(max)) * 1e-9 && max - min > 1e-290);
        const { step, at } = valueTicks(min, max, most);
        expect(at.length).toBeLessThanOrEqual(most + 1);
        expect(at.every((tick) => tick >= min - step / 1e6 && tick <= max)).toBe(true);
        expect(new Set(at.map((tick) => tickText(tick, step))).size).toBe(at.length);
      }),
    );
  });

  test('are none if there is no room between the limits', () => {
    expect(valueTicks(1, 1, 5).at).toEqual([]);
  });
});
