import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Held, PlotAnswer, PlotRequest } from '../../../../src/web/protocol.js';
import { PlotData, type Wanted } from '../../../../web/plots/plot-data.js';
import type { PlotState, SeriesName, TimeRange } from '../../../../web/state.js';

const NOW = 1_790_000_000_000_000;
const x: SeriesName = { name: 'arm', path: 'imu.x' };
const y: SeriesName = { name: 'arm', path: 'imu.y' };
const other: SeriesName = { name: 'leg', path: 'imu.x' };
const last10: TimeRange = { kind: 'last', seconds: 10 };

let requests: PlotRequest[];
let changes: number;
let data: PlotData;
let answer: (request: PlotRequest) => Promise<PlotAnswer>;

/** An answer in which each series has one point, whose value is its index. */
function oneEach({ series, fromUs = 0, toUs = 0 }: PlotRequest): PlotAnswer {
  return {
    fromUs,
    toUs,
    series: series.map((index) => ({ timesUs: [toUs], values: [index], rows: [index * 10] })),
    marks: [{ row: 5, timeUs: toUs, mark: 'marker', text: 'here' }],
    moreMarks: 3,
  };
}

function held(end: number, change: Partial<Held> = {}): { held: Held } {
  return {
    held: {
      first: 0,
      end,
      usedBytes: 0,
      droppedRows: 0,
      firstTimeUs: NOW - 100e6,
      lastTimeUs: NOW + end * 1e6,
      ...change,
    },
  };
}

function wanted(range: TimeRange, ...plots: (readonly SeriesName[])[]): Wanted {
  return { plots: plots.map((series): PlotState => ({ series })), range, columns: 800 };
}

const passes = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  requests = [];
  changes = 0;
  answer = async (request) => oneEach(request);
  data = new PlotData(
    (request) => {
      requests.push(request);
      return answer(request);
    },
    { changed: () => changes++, failed: () => true },
  );
});

afterEach(() => {
  data.pause();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('PlotData', () => {
  test('asks once for the series of all plots, each once', async () => {
    data.setSeries([x, y, other]);
    data.take(held(1));
    data.want(wanted(last10, [y, other], [other, x]));
    await passes(0);
    expect(requests).toEqual([{ series: [1, 2, 0], fromUs: NOW - 9e6, toUs: NOW + 1e6, columns: 800 }]);
    expect(data.pointsOf(y)).toMatchObject({ values: [1], rows: [10] });
    expect(data.pointsOf(x)).toMatchObject({ values: [0] });
    expect(data.marks).toHaveLength(1);
    expect(data.moreMarks).toBe(3);
    expect(changes).toBe(1);
  });

  test('does not know the points of a series that the server has not named', async () => {
    data.setSeries([x]);
    data.take(held(1));
    const both = wanted(last10, [x, y]);
    data.want(both);
    await passes(0);
    expect(requests[0]!.series).toEqual([0]);
    expect(data.pointsOf(y)).toBeUndefined();
    data.setSeries([x, y]);
    expect(data.pointsOf(y)).toMatchObject({ values: [] });
    await passes(50);
    expect(requests[1]!.series).toEqual([0, 1]);
  });

  test('asks nothing while nothing is held, and shows a fixed time nevertheless', async () => {
    data.setSeries([x]);
    data.want(wanted(last10, [x]));
    await passes(100);
    expect(data.shown).toBeUndefined();
    expect(requests).toEqual([]);
  });

  test('follows: the shown time moves on with the points, not before them', async () => {
    data.setSeries([x]);
    data.take(held(1));
    const following = wanted(last10, [x]);
    data.want(following);
    await passes(100);
    let reply: (() => void) | undefined;
    answer = (request) => new Promise((resolve) => (reply = () => resolve(oneEach(request))));
    data.take(held(2));
    data.want(following);
    expect(data.shown).toEqual({ fromUs: NOW - 9e6, toUs: NOW + 1e6 });
    await passes(0);
    reply!();
    await passes(0);
    expect(data.shown).toEqual({ fromUs: NOW - 8e6, toUs: NOW + 2e6 });
    answer = async (request) => oneEach(request);
    await passes(1_000);
  });

  test('shows another time at once, with the points it has until the others come', async () => {
    data.setSeries([x]);
    data.take(held(1));
    const plots = [{ series: [x] }];
    data.want({ plots, range: last10, columns: 800 });
    await passes(100);
    let reply: (() => void) | undefined;
    answer = (request) => new Promise((resolve) => (reply = () => resolve(oneEach(request))));
    const fixed: TimeRange = { kind: 'fixed', fromUs: NOW - 50e6, toUs: NOW - 40e6 };
    data.want({ plots, range: fixed, columns: 800 });
    expect(data.shown).toEqual({ fromUs: NOW - 50e6, toUs: NOW - 40e6 });
    expect(data.pointsOf(x)).toMatchObject({ values: [0] });
    // A late answer to what was wanted before must not move the time back.
    const later: TimeRange = { kind: 'fixed', fromUs: NOW - 30e6, toUs: NOW - 20e6 };
    data.want({ plots, range: later, columns: 800 });
    await passes(0);
    reply!();
    await passes(0);
    expect(data.shown).toEqual({ fromUs: NOW - 30e6, toUs: NOW - 20e6 });
    answer = async (request) => oneEach(request);
    await passes(1_000);
    expect(requests.at(-1)).toMatchObject({ fromUs: NOW - 30e6, toUs: NOW - 20e6 });
  });

  test('asks again for a time that is over only once a second', async () => {
    data.setSeries([x]);
    data.take(held(1));
    const past = wanted({ kind: 'fixed', fromUs: NOW - 50e6, toUs: NOW - 40e6 }, [x]);
    data.want(past);
    await passes(100);
    expect(requests).toHaveLength(1);
    for (let end = 2; end <= 21; end++) {
      data.take(held(end));
      data.want(past);
      await passes(40);
    }
    expect(requests).toHaveLength(1);
    await passes(1_000);
    expect(requests).toHaveLength(2);
  });

  test('asks again for a time that new packets reach, or from which old ones are dropped', async () => {
    data.setSeries([x]);
    data.take(held(1));
    data.want(wanted({ kind: 'fixed', fromUs: NOW - 100e6, toUs: NOW + 5e6 }, [x]));
    await passes(100);
    data.take(held(2));
    await passes(100);
    expect(requests).toHaveLength(2);
    data.take(held(2, { first: 1, firstTimeUs: NOW - 90e6 }));
    await passes(100);
    expect(requests).toHaveLength(3);
    data.take(held(2, { first: 1, firstTimeUs: NOW - 90e6 }));
    await passes(2_000);
    expect(requests).toHaveLength(3);
  });

  test('without series to ask for, the time moves on all the same', () => {
    data.take(held(1));
    const empty = wanted(last10, []);
    data.want(empty);
    data.take(held(2));
    expect(data.shown).toEqual({ fromUs: NOW - 8e6, toUs: NOW + 2e6 });
    expect(requests).toEqual([]);
    expect(changes).toBeGreaterThan(0);
  });

  test('puts up with times that go backwards', async () => {
    data.setSeries([x]);
    data.take(held(1, { firstTimeUs: NOW, lastTimeUs: NOW - 5e6 }));
    data.want(wanted({ kind: 'all' }, [x]));
    await passes(0);
    expect(requests[0]!.fromUs).toBeLessThan(requests[0]!.toUs!);
  });

  test('asks nothing while it is paused, and at once when it goes on', async () => {
    data.setSeries([x]);
    data.take(held(1));
    const following = wanted(last10, [x]);
    data.want(following);
    await passes(100);
    data.pause();
    data.take(held(2));
    data.setSeries([x, y]);
    await passes(5_000);
    expect(requests).toHaveLength(1);
    data.want(following);
    await passes(0);
    expect(requests).toHaveLength(2);
  });

  test('begins afresh with another feed', async () => {
    data.setSeries([x]);
    data.take(held(1));
    const following = wanted(last10, [x]);
    data.want(following);
    await passes(100);
    data.reset();
    expect(data.pointsOf(x)).toBeUndefined();
    expect(data.shown).toBeUndefined();
    data.setSeries([y, x]);
    data.take(held(1));
    data.want(following);
    await passes(100);
    expect(requests.at(-1)!.series).toEqual([1]);
  });
});
