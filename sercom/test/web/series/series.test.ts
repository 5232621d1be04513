import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Piece } from '../../../src/web/series/piece.js';
import { Series } from '../../../src/web/series/series.js';
import { Memory } from '../../../src/web/store/memory.js';
import { checkProperty } from '../../support/check-property.js';
import { histories, type Point, pointsAt, replay } from '../../support/points.js';

const GB = 1_000_000_000;

/** Also those that 31 and 32 bits cannot hold. */
const firstIndices = fc.constantFrom(0, 0, 7, 2 ** 31 - 300, 2 ** 32 - 300, 2 ** 45 + 5);

function indicesOf(series: Series): number[] {
  return Array.from({ length: series.end - series.first }, (_, index) => series.first + index);
}

/** All pieces that a visitor that takes pieces of up to `maxCount` points is given. */
function piecesOf(series: Series, maxCount: number) {
  const pieces: Omit<Piece, 'moveTo'>[] = [];
  series.visit((piece) => {
    if (piece.count <= maxCount) {
      const { count, startUs, endUs, min, max, mean, earliest, latest, lowest, highest } = piece;
      pieces.push({ count, startUs, endUs, min, max, mean, earliest, latest, lowest, highest });
    }
    return piece.count <= maxCount;
  });
  return pieces;
}

/** The first point that nothing after it exceeds. */
function best(points: readonly Point[], isBetter: (point: Point, than: Point) => boolean): Point {
  return points.reduce((found, point) => (isBetter(point, found) ? point : found));
}

describe('a series', () => {
  test('holds its points, whatever is dropped, and gives all memory back', () => {
    const property = fc.property(histories, firstIndices, (history, firstIndex) => {
      const memory = new Memory(GB);
      const series = new Series(memory, firstIndex);
      const left = replay(history, series);
      expect(pointsAt(series, indicesOf(series))).toEqual(left);
      series.dropBefore(series.end);
      expect([series.first, memory.usedBytes]).toEqual([series.end, 0]);
    });
    checkProperty(property, 60);
  });

  test('sums up any points', () => {
    const property = fc.property(
      histories,
      firstIndices,
      fc.constantFrom(1, 16, 256, 4_096, 1e9),
      (history, firstIndex, maxCount) => {
        const series = new Series(new Memory(GB), firstIndex);
        const left = replay(history, series);
        const { first } = series;
        let at = 0;
        for (const piece of piecesOf(series, maxCount)) {
          const points = left.slice(at, at + piece.count);
          const earliest = best(points, (point, than) => point.timeUs < than.timeUs);
          const latest = best(points, (point, than) => point.timeUs >= than.timeUs);
          const lowest = best(points, (point, than) => point.value < than.value);
          const highest = best(points, (point, than) => point.value > than.value);
          const indices = [piece.earliest, piece.latest, piece.lowest, piece.highest];
          expect(indices.map((index) => left[index - first])).toEqual([earliest, latest, lowest, highest]);
          expect([piece.startUs, piece.endUs, piece.min, piece.max]).toEqual([
            earliest.timeUs,
            latest.timeUs,
            lowest.value,
            highest.value,
          ]);
          const mean = points.reduce((sum, { value }) => sum + value / points.length, 0);
          const size = Math.max(...points.map(({ value }) => Math.abs(value)));
          expect(Math.abs(piece.mean / size - mean / size) || 0).toBeLessThan(1e-12);
          at += piece.count;
        }
        expect(at).toBe(left.length);
      },
    );
    checkProperty(property, 60);
  });

  test('finds points by time and by row', () => {
    const property = fc.property(
      histories,
      firstIndices,
      fc.nat(),
      fc.nat(),
      fc.nat(),
      (history, firstIndex, one, other, start) => {
        const series = new Series(new Memory(GB), firstIndex);
        const left = replay(history, series);
        const { first, end } = series;
        const timeOf = (number: number) => left[number % Math.max(1, left.length)]?.timeUs ?? number;
        const [fromUs, toUs] = [timeOf(one), timeOf(other)].sort((a, b) => a - b) as [number, number];
        const after = start % (left.length + 1);
        const isIn = ({ timeUs }: Point) => timeUs >= fromUs && timeUs <= toUs;
        const found = left.findIndex((point, index) => index >= after && isIn(point));
        expect(series.nextIn(fromUs, toUs, first + after)).toBe(found < 0 ? end : first + found);
        expect(series.nextIn(fromUs, toUs, first - 10)).toBe(left.some(isIn) ? first + left.findIndex(isIn) : end);

        const row = start % ((left.at(-1)?.row ?? 0) + 3);
        const ofRow = left.findIndex((point) => point.row >= row);
        expect(series.indexOfRow(row)).toBe(ofRow < 0 ? end : first + ofRow);
      },
    );
    checkProperty(property, 100);
  });

  test('takes no more memory after ten times the data', () => {
    const memory = new Memory(GB);
    const series = new Series(memory);
    const addMany = (count: number) => {
      for (let added = 0; added < count; added++) {
        series.add(series.end * 100, Math.sin(series.end), series.end);
        if (series.end % 1_000 === 0) {
          series.dropBefore(series.end - 50_000);
        }
      }
      return memory.usedBytes;
    };
    const bytes = addMany(100_000);
    expect(bytes).toBeLessThan(52_000 * 30);
    expect(addMany(900_000)).toBeLessThan(1.05 * bytes);
  });

  test('sums up points in pieces of 16 again after all were dropped', () => {
    const series = new Series(new Memory(GB));
    for (let index = 0; index < 300; index++) {
      series.add(index, index % 7, index);
      if (index === 100) {
        series.dropBefore(series.end);
      }
    }
    const counts = piecesOf(series, 1e9).map(({ count }) => count);
    expect(counts).toEqual([...Array(11).fill(1), ...Array(11).fill(16), ...Array(12).fill(1)]);
  });
});
