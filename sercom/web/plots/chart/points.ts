import type { PlotSeries } from '../../../src/web/protocol.js';
import type { Span } from '../axes/time-range.js';

/** The points of a series in the order of time, as they are drawn. A value of `null` is a gap. */
export interface Points {
  readonly timesUs: readonly number[];
  readonly values: readonly (number | null)[];
  readonly rows: readonly number[];
  readonly summary?: NonNullable<PlotSeries['summary']>;
}

/** One of the points of several series. */
export interface PointRef {
  /** Its place among the series. */
  readonly line: number;
  /** Its place among the points. */
  readonly index: number;
}

export const NO_POINTS: Points = { timesUs: [], values: [], rows: [] };

/** The index of the first point at or after this time; the number of points if there is none. */
export function indexAt({ timesUs }: Points, timeUs: number): number {
  let low = 0;
  let high = timesUs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timesUs[middle]! < timeUs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the first point after this time. */
function indexAfter(points: Points, timeUs: number): number {
  let index = indexAt(points, timeUs);
  while (points.timesUs[index] === timeUs) index++;
  return index;
}

/**
 * The point whose value is shown for a time: the nearest one. None in a gap, before the first and after the last point, except
 * within `toleranceUs` of a point.
 */
export function pointAtTime(points: Points, timeUs: number, toleranceUs: number): number | undefined {
  const after = indexAt(points, timeUs);
  const left = isPoint(points, after - 1) ? after - 1 : undefined;
  const right = isPoint(points, after) ? after : undefined;
  const distance = (index: number) => Math.abs(points.timesUs[index]! - timeUs);
  if (left !== undefined && right !== undefined) return distance(left) <= distance(right) ? left : right;
  const only = left ?? right;
  return only !== undefined && distance(only) <= toleranceUs ? only : undefined;
}

/** The last point within a part of the time. */
export function lastPointIn(points: Points, { fromUs, toUs }: Span): number | undefined {
  const last = neighbor(points, indexAfter(points, toUs), -1);
  return last !== undefined && points.timesUs[last]! >= fromUs ? last : undefined;
}

/** The nearest point after (or before) another, over gaps. */
export function neighbor(points: Points, index: number, step: 1 | -1): number | undefined {
  for (let next = index + step; next >= 0 && next < points.values.length; next += step) {
    if (isPoint(points, next)) return next;
  }
  return undefined;
}

/** How times and values become pixels. */
export interface Projection {
  x(timeUs: number): number;
  y(value: number): number;
  timeUs(x: number): number;
}

/** The point nearest to a place, among several series. None farther than `reach` pixels. */
export function nearestPoint(
  lines: readonly Points[],
  projection: Projection,
  x: number,
  y: number,
  reach: number,
): PointRef | undefined {
  const untilUs = projection.timeUs(x + reach);
  let nearest: PointRef | undefined;
  let best = reach * reach;
  for (const [line, points] of lines.entries()) {
    for (let index = indexAt(points, projection.timeUs(x - reach)); index < points.timesUs.length; index++) {
      const timeUs = points.timesUs[index]!;
      if (timeUs > untilUs) break;
      const value = points.values[index];
      if (value === null || value === undefined) continue;
      const distance = (projection.x(timeUs) - x) ** 2 + (projection.y(value) - y) ** 2;
      if (distance <= best) {
        best = distance;
        nearest = { line, index };
      }
    }
  }
  return nearest;
}

function isPoint({ values }: Points, index: number): boolean {
  return typeof values[index] === 'number';
}
