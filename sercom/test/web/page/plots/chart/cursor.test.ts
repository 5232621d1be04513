import { describe, expect, test } from 'vitest';
import type { ChartContent } from '../../../../../web/plots/chart/chart-content.js';
import { cursorOf } from '../../../../../web/plots/chart/cursor.js';
import { styleOf } from '../../../../../web/plots/chart/series-style.js';

const START = Date.parse('2026-01-31T15:04:00') * 1_000;
const AREA = { width: 1_000, height: 100 };

const content: ChartContent = {
  span: { fromUs: START, toUs: START + 1_000_000 },
  limits: { min: 0, max: 10 },
  lines: [
    {
      points: { timesUs: [START, START + 500_000, START + 900_000], values: [1, 2, 3], rows: [0, 1, 2] },
      style: styleOf(0, 'light'),
      isFaint: false,
    },
    {
      points: { timesUs: [START + 100_000, START + 300_000, START + 480_000], values: [7, null, 8], rows: [3, -1, 4] },
      style: styleOf(1, 'light'),
      isFaint: false,
    },
  ],
  hasDates: true,
  marks: [{ row: 9, timeUs: START + 700_000, mark: 'disconnected', text: '"arm" disconnected' }],
  theme: { ground: 'light', background: '', text: '', muted: '', grid: '', font: '' },
};
const projection = {
  x: (timeUs: number) => (timeUs - START) / 1_000,
  y: (value: number) => 100 - 10 * value,
  timeUs: (x: number) => START + 1_000 * x,
};

describe('cursorOf', () => {
  test('has the nearest point of each line, with its value', () => {
    expect(cursorOf(content, START + 490_000, projection, AREA)).toEqual({
      x: 490,
      rings: [{ x: 500, y: 80, color: styleOf(0, 'light').color }],
      text: '2026-01-31 15:04:00.490',
      values: [2, undefined],
    });
    expect(cursorOf(content, START + 482_000, projection, AREA).values).toEqual([2, 8]);
  });

  test('has no value in a gap', () => {
    expect(cursorOf(content, START + 200_000, projection, AREA).values).toEqual([1, undefined]);
  });

  test('names the mark it is on', () => {
    expect(cursorOf(content, START + 702_000, projection, AREA).text).toBe(
      '2026-01-31 15:04:00.702\n▲ "arm" disconnected',
    );
  });

  test('without a time has the last values of what is shown', () => {
    const cursor = cursorOf(content, undefined, projection, AREA);
    expect(cursor).toMatchObject({ x: undefined, rings: [], values: [3, 8] });
    expect(cursorOf(content, START - 5, projection, AREA).values).toEqual([3, 8]);
  });

  test('has no ring above or below the plot', () => {
    const above = { ...projection, y: (value: number) => 10 - 10 * value };
    const below = { ...projection, y: (value: number) => 200 - 10 * value };
    for (const outside of [above, below]) {
      expect(cursorOf(content, START + 490_000, outside, AREA)).toMatchObject({ rings: [], values: [2, undefined] });
    }
  });

  test('has no ring on a faint line', () => {
    const faint = { ...content, lines: content.lines.map((line) => ({ ...line, isFaint: true })) };
    expect(cursorOf(faint, START + 490_000, projection, AREA).rings).toEqual([]);
  });
});
