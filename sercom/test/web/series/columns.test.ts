import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Columns } from '../../../src/web/series/columns.js';
import { Series } from '../../../src/web/series/series.js';
import { summarize } from '../../../src/web/series/summary.js';
import type { TimeRange } from '../../../src/web/series/time-range.js';
import { Memory } from '../../../src/web/store/memory.js';
import { checkProperty } from '../../support/check-property.js';
import { byTime, histories, type Point, pointsAt, replay } from '../../support/points.js';

const GB = 1_000_000_000;

/** What a plot shows, from plain lists. */
function reference(points: readonly Point[], { fromUs, toUs }: TimeRange, columns: number): Point[] {
  const sorted = byTime(points);
  const inRange = sorted.filter(({ timeUs }) => timeUs >= fromUs && timeUs <= toUs);
  const before = sorted.filter(({ timeUs }) => timeUs < fromUs).slice(-1);
  const after = sorted.filter(({ timeUs }) => timeUs > toUs).slice(0, 1);
  return [
    ...before,
    ...(inRange.length <= 4 * columns ? inRange : ofColumns(inRange, { fromUs, toUs }, columns)),
    ...after,
  ];
}

/** Of each column the first, the lowest, the highest and the last point. Of several lowest, the one that was added first. */
function ofColumns(sorted: readonly Point[], { fromUs, toUs }: TimeRange, columns: number): Point[] {
  const perUs = toUs > fromUs ? columns / (toUs - fromUs) : 0;
  const byColumn = new Map<number, Point[]>();
  for (const point of sorted) {
    const column = Math.min(columns - 1, Math.floor((point.timeUs - fromUs) * perUs));
    byColumn.set(column, [...(byColumn.get(column) ?? []), point]);
  }
  return [...byColumn.values()].flatMap((all) => {
    const added = all.toSorted((one, other) => one.row - other.row);
    const lowest = added.reduce((best, point) => (point.value < best.value ? point : best));
    const highest = added.reduce((best, point) => (point.value > best.value ? point : best));
    return all.filter((point) => [all[0], lowest, highest, all.at(-1)].includes(point));
  });
}

/** Ranges between points, at points, and beyond them. */
const ranges = fc.tuple(fc.nat(), fc.nat(), fc.constantFrom(0, 0, 1, -1, 300, 10_000_000_000));

function rangeIn(points: readonly Point[], [one, other, wider]: readonly [number, number, number]): TimeRange {
  const timeOf = (number: number) => points[number % Math.max(1, points.length)]?.timeUs ?? number;
  const [fromUs, toUs] = [timeOf(one), timeOf(other)].sort((a, b) => a - b) as [number, number];
  return { fromUs: fromUs - wider, toUs: Math.max(fromUs - wider, toUs + wider) };
}

describe('what a plot shows', () => {
  test('is the first, the lowest, the highest and the last point of each column, or all if they are few', () => {
    const counts = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 4_000 }));
    const property = fc.property(histories, ranges, counts, (history, numbers, count) => {
      const series = new Series(new Memory(GB));
      const left = replay(history, series);
      const range = rangeIn(left, numbers);
      const columns = new Columns(series, range, count);
      expect(pointsAt(series, columns.points())).toEqual(reference(left, range, count));
    });
    checkProperty(property, 150);
  });

  test('comes with the minimum, the maximum, the mean and the number of all points in the range', () => {
    const property = fc.property(histories, ranges, (history, numbers) => {
      const series = new Series(new Memory(GB));
      const left = replay(history, series);
      const range = rangeIn(left, numbers);
      const summary = summarize(series, range);
      const values = left
        .filter(({ timeUs }) => timeUs >= range.fromUs && timeUs <= range.toUs)
        .map(({ value }) => value);
      if (values.length === 0) {
        expect(summary).toBeUndefined();
        return;
      }
      const [min, max] = [Math.min(...values), Math.max(...values)];
      expect(summary).toMatchObject({ min, max, count: values.length });
      expect(summary!.mean).toBeGreaterThanOrEqual(min);
      expect(summary!.mean).toBeLessThanOrEqual(max);
      const mean = values.reduce((sum, value) => sum + value / values.length, 0);
      const size = Math.max(Math.abs(min), Math.abs(max)) || 1;
      expect(Math.abs(summary!.mean / size - mean / size)).toBeLessThan(1e-11);
    });
    checkProperty(property, 150);
  });

  test('has an exact mean of equal values', () => {
    const series = new Series(new Memory(GB));
    for (let index = 0; index < 1_000; index++) {
      series.add(index, 0.1, index);
    }
    expect(summarize(series, { fromUs: 3, toUs: 990 })).toEqual({
      min: 0.1,
      max: 0.1,
      mean: 0.1,
      count: 988,
    });
  });

  test('includes both ends of the range, and the points beside it', () => {
    const series = new Series(new Memory(GB));
    [10, 20, 30, 40].forEach((timeUs, row) => {
      series.add(timeUs, timeUs, row);
    });
    const shown = (fromUs: number, toUs: number) => pointsAt(series, new Columns(series, { fromUs, toUs }, 5).points());
    const times = (fromUs: number, toUs: number) => shown(fromUs, toUs).map(({ timeUs }) => timeUs);
    expect(times(20, 30)).toEqual([10, 20, 30, 40]);
    expect(times(21, 29)).toEqual([20, 30]);
    expect(times(30, 30)).toEqual([20, 30, 40]);
    expect(times(0, 9)).toEqual([10]);
    expect(times(41, 50)).toEqual([40]);
  });
});

describe('the effort of a plot', () => {
  const COLUMNS = 4_000;

  /** Points of which the first 1,003 were dropped, so that they begin in the middle of all pieces. */
  function longSeries(points: number, timeAt: (index: number) => number): Series {
    const series = new Series(new Memory(GB));
    for (let index = 0; index < points + 1_003; index++) {
      series.add(timeAt(index), Math.sin(index / 1_000) + (index % 17) / 10, index);
    }
    series.dropBefore(1_003);
    return series;
  }

  /** Prints the least time that the processor needs, for people to read. No test depends on it. */
  function timed<Result>(what: string, times: number, run: () => Result): Result {
    let leastUs = Number.POSITIVE_INFINITY;
    let result: Result | undefined;
    for (let count = 0; count < times; count++) {
      const start = process.cpuUsage();
      result = run();
      const { user, system } = process.cpuUsage(start);
      leastUs = Math.min(leastUs, user + system);
    }
    console.log(`${what}: ${(leastUs / 1_000).toFixed(1)} ms`);
    return result!;
  }

  test('depends on the columns, not on the points', () => {
    const series = timed('adding 5 million points', 1, () => longSeries(5_000_000, (index) => index * 200));
    const range = { fromUs: 1_003 * 200, toUs: 5_001_002 * 200 };
    const plot = (what: string, part: TimeRange, count: number) =>
      timed(what, 10, () => {
        const columns = new Columns(series, part, count);
        return { visits: columns.visits, points: columns.points().length, count: columns.count };
      });
    const all = plot('4,000 columns of 5 million points', range, COLUMNS);
    expect(all.count).toBe(5_000_000);
    expect(all.points).toBeLessThanOrEqual(4 * COLUMNS);
    expect(all.points).toBeGreaterThan(3 * COLUMNS);
    // Each border between columns goes through at most one piece of each of five levels, all 16 parts of which are visited.
    expect(all.visits).toBeLessThan(COLUMNS * 16 * 5);
    const few = plot('10 columns of 5 million points', range, 10);
    expect(few.visits).toBeLessThan(11 * 16 * 6);
    const middle = { fromUs: 3_000_000 * 200, toUs: 3_001_000 * 200 };
    const narrow = plot('1,001 of 5 million points', middle, COLUMNS);
    expect(narrow).toMatchObject({ count: 1_001, points: 1_003 });
    expect(narrow.visits).toBeLessThan(1_001 + 16 * 6 * 4);
  });

  test('stays low when the clock was set back a few times', () => {
    const series = longSeries(500_000, (index) => index * 200 - Math.floor(index / 150_000) * 10_000_000);
    const columns = new Columns(series, { fromUs: -1e9, toUs: 1e9 }, COLUMNS);
    expect(columns.count).toBe(500_000);
    expect(columns.visits).toBeLessThan(COLUMNS * 16 * 5);
  });

  test('is at most that of looking at each point when times are random', () => {
    const series = longSeries(500_000, (index) => Math.imul(index, 2_654_435_761) >>> 0);
    const columns = new Columns(series, { fromUs: 0, toUs: 2 ** 32 }, COLUMNS);
    expect(columns.count).toBe(500_000);
    expect(columns.visits).toBeLessThan(500_000 * 1.1);
  });
});
