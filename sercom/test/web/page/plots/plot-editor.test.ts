import { beforeEach, describe, expect, test } from 'vitest';
import { PlotEditor } from '../../../../web/plots/plot-editor.js';
import type { PlotState, State, ViewState } from '../../../../web/state.js';

const x = { name: 'arm', path: 'imu.x' };
const y = { name: 'arm', path: 'imu.y' };

let value: ViewState;
let problems: string[];
let editor: PlotEditor;

const state: State = {
  get value() {
    return value;
  },
  update(change) {
    value = { ...value, ...change };
  },
  onChange: () => () => {},
};

function many(start: number, count: number): PlotState {
  return { series: Array.from({ length: count }, (_, index) => ({ name: 'arm', path: `a[${start + index}]` })) };
}

beforeEach(() => {
  value = { view: 'plots', filter: '', plots: [], range: { kind: 'all' }, theme: 'auto' };
  problems = [];
  editor = new PlotEditor(state, (problem) => problems.push(problem));
});

describe('PlotEditor', () => {
  test('begins with an empty plot, which is not part of the state', () => {
    expect(editor.plots).toEqual([{ series: [] }]);
    expect(editor.active).toBe(0);
    expect(value.plots).toEqual([]);
  });

  test('ticks and clears series in the active plot', () => {
    editor.toggle(x, true);
    editor.addPlot();
    editor.toggle(y, true);
    editor.toggle(x, true);
    expect(value.plots).toEqual([{ series: [x] }, { series: [y, x] }]);
    editor.toggle(x, false);
    expect(value.plots).toEqual([{ series: [x] }, { series: [y] }]);
  });

  test('adds series from the list and moves those of other plots', () => {
    editor.drop(0, { series: [x, y], from: undefined });
    editor.addPlot();
    editor.drop(1, { series: [x], from: 0 });
    expect(value.plots).toEqual([{ series: [y] }, { series: [x] }]);
    expect(editor.active).toBe(1);
  });

  test('finds the plot of a series, and adds it to the active one otherwise', () => {
    editor.toggle(x, true);
    editor.addPlot();
    editor.ensure(x);
    expect(editor.active).toBe(0);
    editor.activate(1);
    editor.ensure(y);
    expect(value.plots).toEqual([{ series: [x] }, { series: [y] }]);
  });

  test('keeps the active plot when one before it is removed', () => {
    editor.toggle(x, true);
    editor.addPlot();
    editor.addPlot();
    expect(editor.active).toBe(2);
    editor.remove(0);
    expect(editor.active).toBe(1);
    editor.remove(1);
    editor.remove(0);
    expect(editor.active).toBe(0);
    expect(editor.plots).toEqual([{ series: [] }]);
  });

  test('says so when a plot is full, or all are', () => {
    value = { ...value, plots: [many(0, 24)] };
    editor.toggle(x, true);
    expect(problems).toEqual(['A plot can have 24 series. Add a plot for more.']);
    value = { ...value, plots: [many(0, 24), many(24, 24), many(48, 16)] };
    editor.activate(2);
    editor.toggle(x, true);
    expect(problems[1]).toBe('All plots together can have 64 series. Remove some first.');
    expect(value.plots[2]!.series).toHaveLength(16);
  });

  test('says so when there are as many plots as there can be', () => {
    for (let count = 0; count < 20; count++) editor.addPlot();
    expect(value.plots).toHaveLength(12);
    expect(problems.at(-1)).toBe('There can be 12 plots.');
  });
});
