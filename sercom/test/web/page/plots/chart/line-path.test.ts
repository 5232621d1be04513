import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drawLine, hasRoomForDots, type Pen } from '../../../../../web/plots/chart/line-path.js';
import type { Points } from '../../../../../web/plots/chart/points.js';

const box = { left: 10, top: 20, width: 100, height: 50 };
const limits = { min: 0, max: 10 };
const span = { fromUs: 1_000, toUs: 2_000 };

/** The lines that were drawn, each with its corners. */
class Recorder implements Pen {
  readonly lines: [number, number][][] = [];

  moveTo(x: number, y: number): void {
    this.lines.push([[x, y]]);
  }

  lineTo(x: number, y: number): void {
    this.lines.at(-1)!.push([x, y]);
  }
}

function draw(timesUs: number[], values: (number | null)[]): [number, number][][] {
  const pen = new Recorder();
  const points: Points = { timesUs, values, rows: timesUs.map(() => 0) };
  drawLine(pen, points, span, limits, box);
  return pen.lines;
}

describe('drawLine', () => {
  test('connects points and projects them into the box', () => {
    expect(draw([1_000, 1_500, 2_000], [0, 10, 5])).toEqual([
      [
        [10, 70],
        [60, 20],
        [110, 45],
      ],
    ]);
  });

  test('is interrupted by gaps', () => {
    const lines = draw([1_000, 1_100, 1_200, 1_300, 1_400], [1, 1, null, 1, 1]);
    expect(lines.map((line) => line.map(([x]) => x))).toEqual([
      [10, 20],
      [40, 50],
    ]);
  });

  test('shows a point between two gaps', () => {
    const lines = draw([1_000, 1_500, 1_800], [null, 5, null]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toHaveLength(2);
    expect(lines[0]![0]).toEqual([60, 45]);
  });

  test('meets the edge at the right height when the next point is far outside', () => {
    // Ten million spans away, on a line that is at 5 in the middle of the span.
    const farUs = 1e10;
    const line = draw([1_500 - farUs, 1_500, 1_500 + farUs], [0, 5, 10]).at(-1);
    const at = (x: number) => line!.find(([each]) => Math.abs(each - x) < 1e-6)?.[1];
    expect(at(60)).toBe(45);
    expect(line!.every(([x]) => Math.abs(x) <= 100_000)).toBe(true);
    const last = line!.at(-1)!;
    expect(last[0]).toBeGreaterThanOrEqual(110);
    expect(last[1]).toBeCloseTo(45, 3);
  });

  test('keeps to numbers that canvases can draw, whatever the points are', () => {
    const value = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }));
    const time = fc.integer({ min: -8e15, max: 8e15 });
    fc.assert(
      fc.property(fc.array(fc.tuple(time, value), { maxLength: 30 }), (points) => {
        const sorted = points.sort(([a], [b]) => a - b);
        const lines = draw(
          sorted.map(([timeUs]) => timeUs),
          sorted.map(([, each]) => each),
        );
        expect(lines.flat(2).every((number) => Math.abs(number) <= 100_001)).toBe(true);
      }),
    );
  });

  test('draws nothing without points', () => {
    expect(draw([], [])).toEqual([]);
    expect(draw([1_000], [null])).toEqual([]);
  });
});

test('dots are drawn where there is room for them', () => {
  const points = (count: number): Points => {
    const timesUs = Array.from({ length: count }, (_, index) => 1_000 + (index * 1_000) / Math.max(1, count - 1));
    return { timesUs, values: timesUs.map(() => 0), rows: timesUs.map(() => 0) };
  };
  expect(hasRoomForDots(points(10), span, 100, 9)).toBe(true);
  expect(hasRoomForDots(points(50), span, 100, 9)).toBe(false);
  expect(hasRoomForDots(points(1), span, 100, 9)).toBe(true);
  expect(hasRoomForDots(points(0), span, 100, 9)).toBe(true);
});
