import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fitted,
  legalLimits,
  pannedLimits,
  parseLimit,
  zoomedLimits,
} from '../../../../../web/plots/axes/value-scale.js';

const numbers = fc.double({ noNaN: true, noDefaultInfinity: true });
const anything = fc.double();

function expectLegal({ min, max }: { min: number; max: number }): void {
  expect(max).toBeGreaterThan(min);
  expect(Number.isFinite(max - min)).toBe(true);
  // Something lies between them, so that an axis can be drawn.
  expect((min / 2 + max / 2 - min) / (max - min)).toBeCloseTo(0.5, 1);
}

describe('fitted', () => {
  test('leaves some space around what it has to show', () => {
    expect(
      fitted([
        { min: 0, max: 10 },
        { min: -10, max: 5 },
      ]),
    ).toEqual({ min: -11.2, max: 11.2 });
  });

  test('has a flat line in its middle', () => {
    expect(fitted([{ min: 0, max: 0 }])).toEqual({ min: -1, max: 1 });
    expect(fitted([{ min: 50, max: 50 }])).toEqual({ min: 45, max: 55 });
    expect(fitted([{ min: -50, max: -50 }])).toEqual({ min: -55, max: -45 });
  });

  test('is 0 to 1 without values', () => {
    expect(fitted([])).toEqual({ min: 0, max: 1 });
  });

  test('has legal limits that contain any values', () => {
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 1 }), (values) => {
        const limits = fitted(values.map((value) => ({ min: value, max: value })));
        expectLegal(limits);
        // Half of the largest double is the end of all axes.
        const shown = values.filter((value) => Math.abs(value) < Number.MAX_VALUE / 4);
        expect(shown.every((value) => limits.min <= value && value <= limits.max)).toBe(true);
      }),
    );
  });
});

test('limits are in order and apart, whatever they are made of', () => {
  fc.assert(fc.property(anything, anything, (one, other) => expectLegal(legalLimits(one, other))));
});

test('zooming and panning any limits yields legal ones', () => {
  fc.assert(
    fc.property(
      anything,
      anything,
      fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
      anything,
      (one, other, factor, at) => {
        const limits = legalLimits(one, other);
        expectLegal(zoomedLimits(limits, factor, at));
        expectLegal(zoomedLimits(limits, factor));
        expectLegal(pannedLimits(limits, factor));
      },
    ),
  );
});

test('zooming keeps a value at its place', () => {
  expect(zoomedLimits({ min: 0, max: 10 }, 0.5, 10)).toEqual({ min: 5, max: 10 });
  expect(zoomedLimits({ min: 0, max: 10 }, 2)).toEqual({ min: -5, max: 15 });
  expect(pannedLimits({ min: 0, max: 10 }, -0.1)).toEqual({ min: -1, max: 9 });
});

test.each([
  ['1.5', 1.5],
  [' -2e3 ', -2_000],
  ['−4', -4],
  ['1,5', 1.5],
  ['', undefined],
  ['abc', undefined],
  ['Infinity', undefined],
  ['1e308', undefined],
])('reads the limit %j as %s', (text, value) => {
  expect(parseLimit(text)).toBe(value);
});
