import { FILTER_CHARACTERS } from '../src/web/request-limits.js';
import { MAX_SERIES_PER_PLOT } from './plots/chart/series-style.js';
import { MAX_PLOTS } from './plots/plot-list.js';
import type { PlotState, SeriesName, Theme, TimeRange, ViewName, ViewState } from './state.js';

/** What a page shows if its link says nothing. */
export const DEFAULT_STATE: ViewState = {
  view: 'packets',
  filter: '',
  plots: [],
  range: { kind: 'all' },
  theme: 'auto',
};

const VIEWS: readonly ViewName[] = ['packets', 'plots', 'kinds', 'connections'];
const THEMES: readonly Theme[] = ['auto', 'light', 'dark'];

/** A link is input from anywhere: nothing in it may make the page large. Of plots and series, it has what a user can add. */
const MAX_TEXT = FILTER_CHARACTERS;

/** The fragment of a URL, without `#`, for a token and a state. Defaults are left out. */
export function toFragment(token: string, state: ViewState): string {
  const parameters = new URLSearchParams();
  parameters.set('token', token);
  if (state.view !== DEFAULT_STATE.view) {
    parameters.set('view', state.view);
  }
  if (state.filter !== '') {
    parameters.set('filter', state.filter);
  }
  if (state.topRow !== undefined) {
    parameters.set('top', String(state.topRow));
  }
  if (state.selectedRow !== undefined) {
    parameters.set('row', String(state.selectedRow));
  }
  if (state.range.kind === 'last') {
    parameters.set('last', String(state.range.seconds));
  }
  if (state.range.kind === 'fixed') {
    parameters.set('range', `${state.range.fromUs}..${state.range.toUs}`);
  }
  for (const plot of state.plots) {
    parameters.append('plot', plotText(plot));
  }
  if (state.theme !== DEFAULT_STATE.theme) {
    parameters.set('theme', state.theme);
  }
  return parameters.toString();
}

/** The token and the state in a fragment. What is missing or makes no sense gets its default. */
export function fromFragment(fragment: string): { token: string; state: ViewState } {
  const parameters = new URLSearchParams(fragment.replace(/^#/, ''));
  const text = (name: string) => (parameters.get(name) ?? '').slice(0, MAX_TEXT);
  const topRow = wholeNumber(text('top'));
  const selectedRow = wholeNumber(text('row'));
  return {
    token: text('token'),
    state: {
      view: VIEWS.find((view) => view === text('view')) ?? DEFAULT_STATE.view,
      filter: text('filter'),
      ...(topRow !== undefined && { topRow }),
      ...(selectedRow !== undefined && { selectedRow }),
      plots: parameters
        .getAll('plot')
        .slice(0, MAX_PLOTS)
        .map(plotOf)
        .filter((plot) => plot !== undefined),
      range: rangeOf(text('last'), text('range')),
      theme: THEMES.find((theme) => theme === text('theme')) ?? DEFAULT_STATE.theme,
    },
  };
}

/** `["name","path",…]`, after `MIN..MAX:` if the scale is fixed. */
function plotText({ series, scale }: PlotState): string {
  const names = JSON.stringify(series.flatMap(({ name, path }) => [name, path]));
  return scale === undefined ? names : `${scale.min}..${scale.max}:${names}`;
}

function plotOf(text: string): PlotState | undefined {
  const [, min, max, names] = /^(?:([^:[]+?)\.\.([^:[]+?):)?(\[.*\])$/s.exec(text) ?? [];
  const series = seriesOf(names);
  if (series === undefined) {
    return undefined;
  }
  const scale = min === undefined ? undefined : { min: Number(min), max: Number(max) };
  return scale !== undefined && Number.isFinite(scale.min) && Number.isFinite(scale.max) && scale.min < scale.max
    ? { series, scale }
    : { series };
}

function seriesOf(names: string | undefined): SeriesName[] | undefined {
  let texts: unknown;
  try {
    texts = JSON.parse(names ?? '');
  } catch {
    return undefined;
  }
  if (!Array.isArray(texts) || !texts.every((each) => typeof each === 'string' && each.length <= MAX_TEXT)) {
    return undefined;
  }
  const series: SeriesName[] = [];
  for (let at = 0; at + 1 < texts.length && series.length < MAX_SERIES_PER_PLOT; at += 2) {
    series.push({ name: texts[at], path: texts[at + 1] });
  }
  return series;
}

function rangeOf(last: string, range: string): TimeRange {
  const seconds = Number(last);
  if (last !== '' && seconds > 0 && Number.isFinite(seconds)) {
    return { kind: 'last', seconds };
  }
  const [, from, to] = /^(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)$/.exec(range) ?? [];
  const fromUs = Number(from);
  const toUs = Number(to);
  return from !== undefined && fromUs < toUs ? { kind: 'fixed', fromUs, toUs } : { kind: 'all' };
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
