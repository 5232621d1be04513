import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { MarkKind } from '../../../src/web/protocol.js';
import { PlotMarks } from '../../../src/web/series/plot-marks.js';
import { Memory } from '../../../src/web/store/memory.js';

const MB = 1_000_000;

/** Marks of connections by index; without one, of all. Each is a row. */
function marksOf(list: readonly [timeUs: number, mark: MarkKind, name?: number][], memory = new Memory(MB)): PlotMarks {
  const marks = new PlotMarks(memory);
  list.forEach(([timeUs, mark, name], row) => {
    marks.add({ row, timeUs, mark, ...(name !== undefined && { name }) });
  });
  return marks;
}

async function awayTimes(marks: PlotMarks, name: number) {
  return (await marks.awayTimes([name])).get(name);
}

const FOREVER = Number.POSITIVE_INFINITY;

describe('marks of plots', () => {
  test('say when a connection was away', async () => {
    const marks = marksOf([
      [5, 'connected', 0],
      [10, 'disconnected', 0],
      [12, 'disconnected', 1],
      [15, 'marker'],
      [16, 'disconnected', 0],
      [17, 'session', 0],
      [20, 'connected', 0],
      [30, 'connected', 1],
      [40, 'disconnected', 0],
    ]);
    expect(await awayTimes(marks, 0)).toEqual([
      { fromUs: 10, toUs: 20 },
      { fromUs: 40, toUs: FOREVER },
    ]);
    expect(await awayTimes(marks, 1)).toEqual([{ fromUs: 12, toUs: 30 }]);
    expect(await awayTimes(marks, 2)).toEqual([]);
  });

  test('of all connections count for each', async () => {
    const marks = marksOf([
      [10, 'disconnected'],
      [20, 'connected', 1],
    ]);
    expect(await awayTimes(marks, 0)).toEqual([{ fromUs: 10, toUs: FOREVER }]);
    expect(await awayTimes(marks, 1)).toEqual([{ fromUs: 10, toUs: 20 }]);
  });

  test('give times in order when the clock went back', async () => {
    const marks = marksOf([
      [100, 'disconnected', 0],
      [90, 'connected', 0],
      [50, 'disconnected', 0],
      [60, 'connected', 0],
    ]);
    expect(await awayTimes(marks, 0)).toEqual([
      { fromUs: 50, toUs: 60 },
      { fromUs: 100, toUs: 100 },
    ]);
  });

  test('are found by time, the last ones if they are too many', async () => {
    const marks = marksOf([
      [10, 'marker'],
      [20, 'marker'],
      [15, 'disconnected', 0],
      [30, 'marker'],
      [40, 'session', 0],
    ]);
    const range = { fromUs: 10, toUs: 30 };
    expect(await marks.rowsIn(range, 4)).toEqual({ rows: [0, 1, 2, 3], more: 0 });
    expect(await marks.rowsIn(range, 3)).toEqual({ rows: [1, 2, 3], more: 1 });
    expect(await marks.rowsIn({ fromUs: 41, toUs: 50 }, 3)).toEqual({ rows: [], more: 0 });
  });

  test('are dropped with their rows, and give their memory back', async () => {
    const memory = new Memory(100 * MB);
    const marks = marksOf(
      Array.from({ length: 10_000 }, (_, index) => [index, 'disconnected', index]),
      memory,
    );
    const bytes = memory.usedBytes;
    marks.dropBefore(9_999);
    expect(await marks.rowsIn({ fromUs: 0, toUs: 10_000 }, 10)).toEqual({ rows: [9_999], more: 0 });
    expect([await awayTimes(marks, 9_998), await awayTimes(marks, 9_999)]).toEqual([
      [],
      [{ fromUs: 9_999, toUs: FOREVER }],
    ]);
    expect(memory.usedBytes).toBeLessThan(bytes / 100);
    marks.dropBefore(10_000);
    expect(memory.usedBytes).toBe(0);
  });

  test('are looked at some at a time, while others come and go', async () => {
    const count = 300_000;
    const kinds = ['disconnected', 'connected'] as const;
    const marks = marksOf(
      Array.from({ length: count }, (_, index) => [index, kinds[index % 2]!, 0]),
      new Memory(100 * MB),
    );
    let turns = 0;
    let isDone = false;
    const both = Promise.all([awayTimes(marks, 0), marks.rowsIn({ fromUs: 0, toUs: 2 * count }, 1)]);
    const done = both.finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await turn();
      if (++turns === 1) {
        marks.dropBefore(200_000);
        marks.add({ row: count, timeUs: count, mark: 'disconnected', name: 0 });
      }
    }
    const [away = [], { rows }] = await done;
    expect(turns).toBeGreaterThanOrEqual(2);
    expect(away.at(-1)).toEqual({ fromUs: count - 2, toUs: count - 1 });
    expect([away.length < count / 2, rows]).toEqual([true, [count - 1]]);
  });
});
