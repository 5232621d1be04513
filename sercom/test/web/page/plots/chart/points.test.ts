import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  indexAt,
  lastPointIn,
  nearestPoint,
  neighbor,
  type Points,
  type Projection,
  pointAtTime,
} from '../../../../../web/plots/chart/points.js';

const times = fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 60 });

function pointsAt(timesUs: readonly number[], gaps: readonly number[] = []): Points {
  return {
    timesUs,
    values: timesUs.map((_, index) => (gaps.includes(index) ? null : index)),
    rows: timesUs.map((_, index) => (gaps.includes(index) ? -1 : 100 + index)),
  };
}

test('finds the first point at or after a time', () => {
  fc.assert(
    fc.property(times, fc.integer({ min: -10, max: 210 }), (unsorted, timeUs) => {
      const timesUs = [...unsorted].sort((a, b) => a - b);
      const expected = timesUs.findIndex((each) => each >= timeUs);
      expect(indexAt(pointsAt(timesUs), timeUs)).toBe(expected < 0 ? timesUs.length : expected);
    }),
  );
});

describe('pointAtTime', () => {
  const points = pointsAt([0, 100, 150, 200, 300], [2]);

  test.each([
    [40, 0],
    [60, 1],
    [100, 1],
    [260, 4],
  ])('at %d is the nearest point, number %d', (timeUs, index) => {
    expect(pointAtTime(points, timeUs, 5)).toBe(index);
  });

  test.each([
    ['in a gap', 130],
    ['in the other half of a gap', 170],
    ['before the first point', -20],
    ['after the last point', 320],
  ])('is none %s', (_, timeUs) => {
    expect(pointAtTime(points, timeUs, 5)).toBeUndefined();
  });

  test('is a point beside a gap if it is very near', () => {
    expect(pointAtTime(points, 104, 5)).toBe(1);
    expect(pointAtTime(points, 197, 5)).toBe(3);
    expect(pointAtTime(points, -4, 5)).toBe(0);
  });
});

test('the last point of a span is none outside of it, nor a gap', () => {
  const points = pointsAt([0, 10, 20, 20, 30], [4]);
  expect(lastPointIn(points, { fromUs: 5, toUs: 20 })).toBe(3);
  expect(lastPointIn(points, { fromUs: 5, toUs: 40 })).toBe(3);
  expect(lastPointIn(points, { fromUs: 25, toUs: 40 })).toBeUndefined();
  expect(lastPointIn(points, { fromUs: -9, toUs: -5 })).toBeUndefined();
});

test('neighbors are found over gaps', () => {
  const points = pointsAt([0, 1, 2, 3, 4], [1, 2]);
  expect(neighbor(points, 0, 1)).toBe(3);
  expect(neighbor(points, 3, -1)).toBe(0);
  expect(neighbor(points, 4, 1)).toBeUndefined();
  expect(neighbor(points, 0, -1)).toBeUndefined();
});

describe('nearestPoint', () => {
  const projection: Projection = { x: (timeUs) => timeUs * 2, y: (value) => 100 - value, timeUs: (x) => x / 2 };

  test('is that of the nearest line, if it is near enough', () => {
    const low = { timesUs: [0, 10, 20], values: [0, 0, 0], rows: [1, 2, 3] };
    const high = { timesUs: [0, 10, 20], values: [80, null, 80], rows: [4, -1, 6] };
    expect(nearestPoint([low, high], projection, 21, 95, 10)).toEqual({ line: 0, index: 1 });
    expect(nearestPoint([low, high], projection, 38, 25, 10)).toEqual({ line: 1, index: 2 });
    expect(nearestPoint([low, high], projection, 20, 50, 10)).toBeUndefined();
  });

  test('is what looking at all points finds', () => {
    const values = fc.array(fc.option(fc.integer({ min: 0, max: 100 })), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(values, fc.integer({ min: -10, max: 90 }), fc.integer({ min: -10, max: 110 }), (line, x, y) => {
        const points = { timesUs: line.map((_, index) => index), values: line, rows: line.map((_, index) => index) };
        const distances = line.map((value, index) =>
          value === null ? Number.POSITIVE_INFINITY : Math.hypot(index * 2 - x, 100 - value - y),
        );
        const best = Math.min(...distances);
        const found = nearestPoint([points], projection, x, y, 15);
        if (found === undefined) expect(best).toBeGreaterThan(15 - 1e-9);
        else expect(distances[found.index]).toBeCloseTo(best, 9);
      }),
    );
  });
});
