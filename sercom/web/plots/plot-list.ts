import type { SeriesInfo } from '../../src/web/protocol.js';
import type { PlotState, SeriesName } from '../state.js';
import type { Limits } from './axes/value-scale.js';
import { MAX_SERIES_PER_PLOT } from './chart/series-style.js';

/** More plots would be too flat to see anything. */
export const MAX_PLOTS = 12;

/** How a series is called. Sent packets have series of their own; no path ends like theirs, since other keys are quoted. */
export function nameOfSeries({ dir, path }: SeriesInfo, connection: string): SeriesName {
  return { name: connection, path: dir === 'tx' ? `${path} (sent)`.trim() : path };
}

/** The keys of all series, each once. */
export function keysOf(plots: readonly PlotState[]): readonly string[] {
  return [...new Set(plots.flatMap(({ series }) => series.map(keyOfSeries)))];
}

/** Identifies a series by its names. */
export function keyOfSeries({ name, path }: SeriesName): string {
  return `${name}\0${path}`;
}

export function hasSeries(plot: PlotState, series: SeriesName): boolean {
  const key = keyOfSeries(series);
  return plot.series.some((each) => keyOfSeries(each) === key);
}

/** Whether no further series can be added. */
export function isFull({ series }: PlotState): boolean {
  return series.length >= MAX_SERIES_PER_PLOT;
}

/** The plots with these series added to one of them; as many as it can show. */
export function withSeries(
  plots: readonly PlotState[],
  place: number,
  added: readonly SeriesName[],
): readonly PlotState[] {
  return change(plots, place, (plot) => {
    const fresh = added.filter((series) => !hasSeries(plot, series));
    return fresh.length === 0 ? plot : { ...plot, series: [...plot.series, ...fresh].slice(0, MAX_SERIES_PER_PLOT) };
  });
}

export function withoutSeries(plots: readonly PlotState[], place: number, removed: SeriesName): readonly PlotState[] {
  const key = keyOfSeries(removed);
  return change(plots, place, (plot) => ({ ...plot, series: plot.series.filter((each) => keyOfSeries(each) !== key) }));
}

/** Moves a series from one plot to another. It stays where it is if there is no room. */
export function withMoved(
  plots: readonly PlotState[],
  from: number,
  to: number,
  series: SeriesName,
): readonly PlotState[] {
  const moved = withSeries(plots, to, [series]);
  return from !== to && moved[to] !== undefined && hasSeries(moved[to], series)
    ? withoutSeries(moved, from, series)
    : moved;
}

/** A further plot below, as long as there may be one. */
export function withPlot(plots: readonly PlotState[], series: readonly SeriesName[] = []): readonly PlotState[] {
  if (plots.length >= MAX_PLOTS) return plots;
  return withSeries([...plots, { series: [] }], plots.length, series);
}

export function withoutPlot(plots: readonly PlotState[], place: number): readonly PlotState[] {
  return plots.filter((_, index) => index !== place);
}

/** Fixes the scale of a plot, or lets it fit what is shown. */
export function withScale(plots: readonly PlotState[], place: number, scale: Limits | undefined): readonly PlotState[] {
  return change(plots, place, ({ series }) => (scale === undefined ? { series } : { series, scale }));
}

function change(
  plots: readonly PlotState[],
  place: number,
  changed: (plot: PlotState) => PlotState,
): readonly PlotState[] {
  return plots.map((plot, index) => (index === place ? changed(plot) : plot));
}
