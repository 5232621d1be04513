import fc from 'fast-check';
import type { Series } from '../../src/web/series/series.js';

/** A point of a series, for references that keep plain arrays. */
export interface Point {
  readonly timeUs: number;
  readonly value: number;
  readonly row: number;
}

/** Points that follow each other, and what is dropped after them. */
export interface Stretch {
  readonly points: readonly Point[];
  /** The part of all points that is dropped then: 0 for none, 1 for all. */
  readonly drop: number;
}

/** How times go on: steadily, with equal times, with jitter that goes backwards, and at random. */
const STEPS_US: readonly ((random: number) => number)[] = [
  () => 1_000,
  (random) => (random % 3 === 0 ? 500 : 0),
  (random) => (random % 2_000) - 700,
  (random) => (random % 10_000_000) - 5_000_000,
];

/** Values as devices send them: a wave, few different ones, any. */
const VALUES: readonly ((index: number, random: number) => number)[] = [
  (index) => 100 * Math.sin(index / 50),
  (_, random) => (random % 3) - 1,
  (_, random) => (random - 500_000) * 1.7e302,
];

const stretches = fc.record({
  count: fc.oneof(fc.nat(20), fc.nat(300), fc.nat(5_000)),
  step: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.nat(STEPS_US.length - 1) }),
  jumpUs: fc.constantFrom(0, 0, 0, 3_600_000_000, -3_600_000_000, -1),
  kind: fc.nat(VALUES.length - 1),
  seed: fc.integer(),
  drop: fc.oneof(
    fc.constant(0),
    fc.constant(1),
    fc.nat(1_000).map((part) => part / 1_000),
  ),
});

/** The history of a series: its rows go up, its times may go anywhere. */
export const histories: fc.Arbitrary<readonly Stretch[]> = fc.array(stretches, { maxLength: 6 }).map((parts) => {
  let timeUs = 1_700_000_000_000_000;
  let row = 0;
  return parts.map(({ count, step, jumpUs, kind, seed, drop }) => {
    let random = seed >>> 0;
    timeUs += jumpUs;
    const points = Array.from({ length: count }, (_, index) => {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
      const number = random >>> 12;
      timeUs += STEPS_US[step]!(number);
      row += 1 + (number % 2);
      return { timeUs, value: VALUES[kind]!(index, number), row };
    });
    return { points, drop };
  });
});

/** Lets a history happen to a series. Returns the points that are left, and checks nothing. */
export function replay(history: readonly Stretch[], series: Series): Point[] {
  let left: Point[] = [];
  for (const { points, drop } of history) {
    for (const { timeUs, value, row } of points) {
      series.add(timeUs, value, row);
    }
    left = [...left, ...points];
    const dropped = Math.round(left.length * drop);
    series.dropBefore(series.first + dropped);
    left = left.slice(dropped);
  }
  return left;
}

/** Points in the order of time; those with the same time in the order in which they were added. */
export function byTime(points: readonly Point[]): Point[] {
  return points.toSorted((one, other) => one.timeUs - other.timeUs || one.row - other.row);
}

/** The points at indices of a series. */
export function pointsAt(series: Series, indices: readonly number[]): Point[] {
  return indices.map((index) => ({
    timeUs: series.timeUs(index),
    value: series.value(index),
    row: series.row(index),
  }));
}
