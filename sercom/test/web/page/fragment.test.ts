import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_STATE, fromFragment, toFragment } from '../../../web/fragment.js';
import { MAX_SERIES_PER_PLOT } from '../../../web/plots/chart/series-style.js';
import { MAX_PLOTS } from '../../../web/plots/plot-list.js';
import type { ViewState } from '../../../web/state.js';
import { checkProperty } from '../../support/check-property.js';

const TOKEN = 'aZ09_-aZ09_-aZ09_-aZ09_-';

test('a plain link shows the defaults', () => {
  expect(fromFragment(`#token=${TOKEN}`)).toEqual({ token: TOKEN, state: DEFAULT_STATE });
  expect(toFragment(TOKEN, DEFAULT_STATE)).toBe(`token=${TOKEN}`);
});

test('nothing at all gives no token', () => {
  expect(fromFragment('')).toEqual({ token: '', state: DEFAULT_STATE });
});

// No link tells -0 from 0.
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0);
const row = fc.option(fc.integer({ min: 0, max: 1e9 }), { nil: undefined });
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const ordered = fc.tuple(finite, finite).filter(([a, b]) => a !== b);

const state: fc.Arbitrary<ViewState> = fc
  .record({
    view: fc.constantFrom('packets', 'plots', 'kinds', 'connections'),
    filter: text,
    topRow: row,
    selectedRow: row,
    plots: fc.array(
      fc
        .record({
          series: fc.array(fc.record({ name: text, path: text }), { maxLength: 4 }),
          scale: fc.option(ordered),
        })
        .map(({ series, scale }) =>
          scale === null ? { series } : { series, scale: { min: Math.min(...scale), max: Math.max(...scale) } },
        ),
      { maxLength: 4 },
    ),
    range: fc.oneof(
      fc.constant({ kind: 'all' as const }),
      fc.double({ min: 0.001, max: 1e6, noNaN: true }).map((seconds) => ({ kind: 'last' as const, seconds })),
      fc
        .tuple(fc.integer({ min: 0, max: 2e15 }), fc.integer({ min: 1, max: 1e12 }))
        .map(([fromUs, length]) => ({ kind: 'fixed' as const, fromUs, toUs: fromUs + length })),
    ),
    theme: fc.constantFrom('auto', 'light', 'dark'),
  })
  .map((each) => Object.fromEntries(Object.entries(each).filter(([, value]) => value !== undefined)) as never);

test('a link restores every state', () => {
  const property = fc.property(state, (each) => {
    expect(fromFragment(`#${toFragment(TOKEN, each)}`)).toEqual({ token: TOKEN, state: each });
  });
  checkProperty(property, 300);
});

test('a name cannot be taken for another parameter', () => {
  const fragment = toFragment(TOKEN, { ...DEFAULT_STATE, filter: 'text=a&token=b#c' });
  expect(fromFragment(fragment)).toMatchObject({ token: TOKEN, state: { filter: 'text=a&token=b#c' } });
});

describe('what makes no sense gets its default', () => {
  test.each([
    'view=admin',
    'theme=pink',
    'top=-1',
    'top=1e3',
    `row=${'9'.repeat(16)}`,
    'last=0',
    'last=-5',
    'last=Infinity',
    'last=x',
    'range=5..1',
    'range=1..x',
    'range=1..2..3',
  ])('%s', (parameter) => {
    expect(fromFragment(`token=${TOKEN}&${parameter}`).state).toEqual(DEFAULT_STATE);
  });

  test.each(['', '{}', '[1,2]', '["a"', 'x["a","b"]', '1..2["a","b"]', '["a",["b"]]'])('plot=%s', (plot) => {
    expect(fromFragment(`plot=${encodeURIComponent(plot)}`).state.plots).toEqual([]);
  });

  test('a scale that is none leaves the plot', () => {
    for (const scale of ['5..1', '1..1', 'a..b', '0..Infinity']) {
      expect(fromFragment(`plot=${encodeURIComponent(`${scale}:["arm","x"]`)}`).state.plots).toEqual([
        { series: [{ name: 'arm', path: 'x' }] },
      ]);
    }
  });
});

test('a link carries as many plots and series as the page can show', () => {
  const series = Array.from({ length: MAX_SERIES_PER_PLOT }, (_, index) => ({ name: 'arm', path: `x[${index}]` }));
  const state: ViewState = { ...DEFAULT_STATE, plots: Array.from({ length: MAX_PLOTS }, () => ({ series })) };
  expect(fromFragment(toFragment(TOKEN, state)).state).toEqual(state);
});

test('a link cannot make the page large', () => {
  const many = Array.from({ length: 200 }, (_, index) => `plot=${encodeURIComponent(`["a","${index}"]`)}`).join('&');
  expect(fromFragment(many).state.plots).toHaveLength(MAX_PLOTS);
  const wide = JSON.stringify(Array.from({ length: 400 }, (_, index) => `x${index}`));
  expect(fromFragment(`plot=${encodeURIComponent(wide)}`).state.plots[0]!.series).toHaveLength(MAX_SERIES_PER_PLOT);
  expect(fromFragment(`filter=${'x'.repeat(20_000)}`).state.filter).toHaveLength(10_000);
  expect(fromFragment(`plot=${encodeURIComponent(JSON.stringify(['x'.repeat(20_000), 'y']))}`).state.plots).toEqual([]);
});

test('hostile fragments never throw', () => {
  const property = fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (fragment) => {
    fromFragment(fragment);
    fromFragment(`plot=${fragment}&range=${fragment}`);
  });
  checkProperty(property, 300);
});
