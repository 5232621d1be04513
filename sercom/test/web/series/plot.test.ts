import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MarkRow, PlotAnswer, PlotRequest, PlotSeries } from '../../../src/web/protocol.js';
import { MAX_PLOT_SERIES } from '../../../src/web/request-limits.js';
import { MAX_PLOT_MARKS, plot } from '../../../src/web/series/plot.js';
import { PlotMarks } from '../../../src/web/series/plot-marks.js';
import { PlotRequestError } from '../../../src/web/series/plot-request.js';
import { SeriesStore } from '../../../src/web/series/series-store.js';
import { Memory } from '../../../src/web/store/memory.js';
import { checkAsyncProperty } from '../../support/check-property.js';

const GB = 1_000_000_000;

/** What happens on connection 0: a packet that is a number, or that the device goes or comes back. */
type Happening = number | 'disconnected' | 'connected' | 'marker';

/** A store in which things happen at given times, each of which is a row. */
class Rig {
  readonly series: SeriesStore;
  readonly marks: PlotMarks;
  readonly #markRows = new Map<number, MarkRow>();
  #row = 0;
  #times: number[] = [];

  constructor(happenings: readonly (readonly [timeUs: number, what: Happening])[] = []) {
    const memory = new Memory(GB);
    this.series = new SeriesStore(memory);
    this.marks = new PlotMarks(memory);
    for (const [timeUs, what] of happenings) {
      this.add(timeUs, what);
    }
  }

  add(timeUs: number, what: Happening, name = 0): void {
    const row = this.#row++;
    this.#times.push(timeUs);
    if (typeof what === 'number') {
      this.series.add({ row, timeUs, name, dir: 'rx' }, what);
    } else {
      const mark = { row, timeUs, mark: what, name };
      this.marks.add(mark);
      this.#markRows.set(row, { ...mark, text: `${what} ${row}` });
    }
  }

  plot(request: Partial<PlotRequest> = {}): Promise<PlotAnswer> {
    const held = { firstTimeUs: Math.min(...this.#times), lastTimeUs: Math.max(...this.#times) };
    return plot(
      { series: [0], columns: 100, ...request },
      {
        series: this.series,
        marks: this.marks,
        held: this.#times.length === 0 ? { firstTimeUs: undefined, lastTimeUs: undefined } : held,
        markRow: (row) => this.#markRows.get(row),
      },
    );
  }

  forget(row: number): void {
    this.#markRows.delete(row);
  }
}

/** Time and value of each point. */
function pointsOf({ timesUs, values }: PlotSeries): [number, number | null][] {
  return timesUs.map((timeUs, index) => [timeUs, values[index]!]);
}

describe('a plot', () => {
  test('has the points, their rows and their summary, of all that is held by default', async () => {
    const rig = new Rig([
      [10, 1],
      [20, 5],
      [25, 'marker'],
      [30, -3],
    ]);
    expect(await rig.plot()).toEqual({
      fromUs: 10,
      toUs: 30,
      series: [
        { timesUs: [10, 20, 30], values: [1, 5, -3], rows: [0, 1, 3], summary: { min: -3, max: 5, mean: 1, count: 3 } },
      ],
      marks: [{ row: 2, timeUs: 25, mark: 'marker', name: 0, text: 'marker 2' }],
      moreMarks: 0,
    });
  });

  test('of a part has the points beside it, which are not in the summary', async () => {
    const rig = new Rig([
      [10, 1],
      [20, 5],
      [30, -3],
      [40, 7],
      [50, 9],
    ]);
    const answer = await rig.plot({ fromUs: 25, toUs: 40 });
    expect(pointsOf(answer.series[0]!)).toEqual([
      [20, 5],
      [30, -3],
      [40, 7],
      [50, 9],
    ]);
    expect(answer.series[0]!.summary).toEqual({ min: -3, max: 7, mean: 2, count: 2 });
    expect((await rig.plot({ fromUs: 60, toUs: 70 })).series[0]).toEqual({ timesUs: [50], values: [9], rows: [4] });
    expect((await rig.plot({ fromUs: 35 })).toUs).toBe(50);
    expect((await rig.plot({ toUs: 5 })).fromUs).toBe(5);
    expect((await rig.plot({ fromUs: 99 })).toUs).toBe(99);
  });

  test('is empty if nothing is held', async () => {
    expect(await new Rig().plot({ series: [] })).toEqual({ fromUs: 0, toUs: 0, series: [], marks: [], moreMarks: 0 });
    const rig = new Rig([[10, 1]]);
    rig.series.dropBefore(1);
    expect((await rig.plot()).series).toEqual([{ timesUs: [], values: [], rows: [] }]);
  });

  test('has a gap where the device was away, of this connection only', async () => {
    const rig = new Rig([
      [10, 1],
      [20, 2],
      [30, 'disconnected'],
      [50, 'connected'],
      [60, 3],
      [70, 4],
      [80, 'disconnected'],
    ]);
    rig.add(15, 10, 1);
    rig.add(75, 20, 1);
    const { series } = await rig.plot({ series: [0, 1] });
    expect(pointsOf(series[0]!)).toEqual([
      [10, 1],
      [20, 2],
      [40, null],
      [60, 3],
      [70, 4],
    ]);
    expect(series[0]!.rows).toEqual([0, 1, -1, 4, 5]);
    expect(pointsOf(series[1]!)).toEqual([
      [15, 10],
      [75, 20],
    ]);
    expect(series[0]!.summary).toMatchObject({ count: 4 });
  });

  test('has a gap beside the points beside the range', async () => {
    const rig = new Rig([
      [10, 1],
      [20, 'disconnected'],
      [30, 'connected'],
      [40, 2],
      [50, 'disconnected'],
      [90, 'connected'],
      [100, 3],
    ]);
    const { series } = await rig.plot({ fromUs: 35, toUs: 60 });
    expect(pointsOf(series[0]!)).toEqual([
      [10, 1],
      [25, null],
      [40, 2],
      [70, null],
      [100, 3],
    ]);
  });

  test('separates a packet that came while the device was away from the others', async () => {
    const rig = new Rig([
      [10, 1],
      [20, 'disconnected'],
      [24, 2],
      [24, 3],
      [30, 'connected'],
      [40, 4],
    ]);
    const { series } = await rig.plot();
    expect(pointsOf(series[0]!)).toEqual([
      [10, 1],
      [22, null],
      [24, 2],
      [24, 3],
      [27, null],
      [40, 4],
    ]);
  });

  test('joins points at the moments when the device went and came back', async () => {
    const rig = new Rig([
      [10, 1],
      [10, 'disconnected'],
      [30, 'connected'],
      [30, 2],
      [40, 'disconnected'],
      [40, 'connected'],
      [50, 3],
    ]);
    const { series } = await rig.plot();
    expect(pointsOf(series[0]!)).toEqual([
      [10, 1],
      [20, null],
      [30, 2],
      [40, null],
      [50, 3],
    ]);
  });

  test('has times in order, real rows, and a gap in each pause, whatever the clock does', async () => {
    const steps = fc.tuple(
      fc.oneof({ weight: 5, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.integer({ min: -30, max: 30 }) }),
      fc.oneof(
        { weight: 8, arbitrary: fc.nat(100) },
        { weight: 1, arbitrary: fc.constantFrom('disconnected' as const, 'connected' as const) },
      ),
    );
    const columns = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(4_000));
    const property = fc.asyncProperty(fc.array(steps, { maxLength: 200 }), columns, async (all, count) => {
      let nowUs = 1_000;
      const happenings = all.map(([step, what]) => {
        nowUs += step;
        return [nowUs, what] as const;
      });
      const rig = new Rig(happenings);
      if (rig.series.infos.length === 0) {
        return;
      }
      const { timesUs, values, rows } = (await rig.plot({ columns: count })).series[0]!;
      expect(timesUs).toEqual(timesUs.toSorted((one, other) => one - other));
      const real = rows.filter((row) => row >= 0);
      expect(new Set(real).size).toBe(real.length);
      const away = (await rig.marks.awayTimes([0])).get(0)!;
      for (const [index, row] of rows.entries()) {
        if (row >= 0) {
          expect([timesUs[index], values[index]]).toEqual(happenings[row]);
          continue;
        }
        expect([values[index], rows[index - 1]! >= 0, rows[index + 1]! >= 0]).toEqual([null, true, true]);
        const timeUs = timesUs[index]!;
        expect(away.some(({ fromUs, toUs }) => fromUs <= timeUs && timeUs <= toUs)).toBe(true);
      }
      for (let index = 1; index < rows.length; index++) {
        const [startUs, endUs] = [timesUs[index - 1]!, timesUs[index]!];
        const isBetweenPoints = rows[index - 1]! >= 0 && rows[index]! >= 0 && startUs < endUs;
        const isAway = away.some(({ fromUs, toUs }) => fromUs < endUs && toUs > startUs);
        expect(isBetweenPoints && isAway).toBe(false);
      }
    });
    await checkAsyncProperty(property, 300);
  });

  test(`has the last ${MAX_PLOT_MARKS} marks of all connections in the range, and counts the others`, async () => {
    const rig = new Rig([[0, 1]]);
    for (let index = 1; index <= MAX_PLOT_MARKS + 50; index++) {
      rig.add(index, 'marker', index % 3);
    }
    rig.forget(100);
    const { marks, moreMarks } = await rig.plot({ fromUs: 11, toUs: 230 });
    expect([marks.length, moreMarks]).toEqual([MAX_PLOT_MARKS - 1, 20]);
    expect([marks[0]!.row, marks.at(-1)!.row]).toEqual([31, 230]);
  });

  test('has fewer columns for many series, so that an answer is not too long', async () => {
    const rig = new Rig(Array.from({ length: 20_000 }, (_, index) => [index, Math.sin(index)] as const));
    const pointsOfEach = async (count: number) => {
      const { series } = await rig.plot({ series: Array(count).fill(0), columns: 4_000 });
      expect(series).toHaveLength(count);
      return series[0]!.timesUs.length;
    };
    const ofFew = await pointsOfEach(16);
    expect(ofFew).toBeGreaterThan(10_000);
    expect(await pointsOfEach(MAX_PLOT_SERIES)).toBeLessThanOrEqual(4_000);
  });

  test('lets other work have a turn between two series', async () => {
    const rig = new Rig([
      [0, 1],
      [1, 2],
    ]);
    const events: string[] = [];
    const turn = new Promise<void>((resolve) => {
      setImmediate(() => {
        events.push('other work');
        resolve();
      });
    });
    const answer = rig.plot({ series: [0, 0] }).then(() => events.push('answer'));
    await Promise.all([turn, answer]);
    expect(events).toEqual(['other work', 'answer']);
  });

  test('that was asked for while points are dropped has those that are left', async () => {
    const rig = new Rig([
      [10, 1],
      [20, 2],
      [30, 3],
    ]);
    const answer = rig.plot({ series: [0, 0] });
    await turn();
    rig.series.dropBefore(2);
    expect((await answer).series.map(({ values }) => values)).toEqual([[1, 2, 3], [3]]);
  });

  test.each<[string, Record<string, unknown>]>([
    ['unknown series', { series: [1] }],
    ['a negative index', { series: [-1] }],
    ['an index that is no number', { series: ['length'] }],
    ['no list', { series: 0 }],
    ['too many series', { series: Array(MAX_PLOT_SERIES + 1).fill(0) }],
    ['no columns', { columns: 0 }],
    ['too many columns', { columns: 4_001 }],
    ['half a column', { columns: 1.5 }],
    ['a range that ends before it begins', { fromUs: 2, toUs: 1 }],
    ['a range that is not finite', { fromUs: Number.NEGATIVE_INFINITY }],
    ['a range of text', { fromUs: '5' }],
  ])('is refused for %s', async (_, request) => {
    const rig = new Rig([[0, 1]]);
    await expect(rig.plot(request as Partial<PlotRequest>)).rejects.toThrow(PlotRequestError);
  });
});
