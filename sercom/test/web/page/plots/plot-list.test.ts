import { describe, expect, test } from 'vitest';
import { styleOf } from '../../../../web/plots/chart/series-style.js';
import {
  isFull,
  keysOf,
  MAX_PLOTS,
  nameOfSeries,
  withMoved,
  withoutPlot,
  withoutSeries,
  withPlot,
  withScale,
  withSeries,
} from '../../../../web/plots/plot-list.js';
import type { PlotState } from '../../../../web/state.js';

const x = { name: 'arm', path: 'imu.x' };
const y = { name: 'arm', path: 'imu.y' };
const z = { name: 'leg', path: 'imu.x' };
const scale = { min: 0, max: 1 };
const plots: readonly PlotState[] = [{ series: [x, y], scale }, { series: [z] }];

function many(count: number): PlotState {
  return { series: Array.from({ length: count }, (_, index) => ({ name: 'arm', path: `a[${index}]` })) };
}

test('a series is added once', () => {
  expect(withSeries(plots, 1, [x, z])).toEqual([plots[0], { series: [z, x] }]);
  expect(withSeries(plots, 0, [x])[0]).toBe(plots[0]);
});

test('a full plot takes no more', () => {
  const full = many(24);
  expect(isFull(full)).toBe(true);
  expect(withSeries([full], 0, [z])[0]!.series).toHaveLength(24);
  expect(styleOf(23, 'dark')).not.toEqual(styleOf(0, 'dark'));
});

test('a series is removed', () => {
  expect(withoutSeries(plots, 0, { ...x })).toEqual([{ series: [y], scale }, plots[1]]);
});

describe('moving a series', () => {
  test('takes it from one plot and adds it to the other', () => {
    expect(withMoved(plots, 0, 1, x)).toEqual([{ series: [y], scale }, { series: [z, x] }]);
  });

  test('does nothing within a plot, or if the other is full', () => {
    expect(withMoved(plots, 0, 0, x)).toEqual(plots);
    const withFull = [plots[0]!, many(24)];
    expect(withMoved(withFull, 0, 1, x)).toEqual(withFull);
  });
});

test('plots are added up to a limit, and removed', () => {
  expect(withPlot(plots, [x])).toEqual([...plots, { series: [x] }]);
  const most = Array.from({ length: MAX_PLOTS }, () => ({ series: [] }));
  expect(withPlot(most)).toBe(most);
  expect(withoutPlot(plots, 0)).toEqual([plots[1]]);
});

test('a scale is fixed and released', () => {
  expect(withScale(plots, 1, scale)[1]).toEqual({ series: [z], scale });
  expect(withScale(plots, 0, undefined)[0]).toEqual({ series: [x, y] });
});

test('series are the same by name and path, and counted once', () => {
  expect(keysOf([plots[0]!, { series: [{ ...x }, z] }])).toHaveLength(3);
  expect(
    keysOf([
      {
        series: [
          { name: 'a', path: 'b c' },
          { name: 'a b', path: 'c' },
        ],
      },
    ]),
  ).toHaveLength(2);
});

test('series of sent packets have names of their own', () => {
  expect(nameOfSeries({ name: 0, path: 'a' }, 'arm')).toEqual({ name: 'arm', path: 'a' });
  expect(nameOfSeries({ name: 0, path: 'a', dir: 'tx' }, 'arm')).toEqual({ name: 'arm', path: 'a (sent)' });
  expect(nameOfSeries({ name: 0, path: '', dir: 'tx' }, 'arm')).toEqual({ name: 'arm', path: '(sent)' });
});
