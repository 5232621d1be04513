import { MAX_PLOT_SERIES } from '../../src/web/request-limits.js';
import type { PlotState, SeriesName, State } from '../state.js';
import type { Limits } from './axes/value-scale.js';
import { MAX_SERIES_PER_PLOT } from './chart/series-style.js';
import {
  hasSeries,
  isFull,
  keysOf,
  MAX_PLOTS,
  withMoved,
  withoutPlot,
  withoutSeries,
  withPlot,
  withScale,
  withSeries,
} from './plot-list.js';
import type { DraggedSeries } from './series-drag.js';

const NO_PLOT: PlotState = { series: [] };

/** Changes the plots of the state, and knows which of them is the active one: where ticked series go. */
export class PlotEditor {
  readonly #state: State;
  readonly #tell: (problem: string) => void;
  #active = 0;

  /** @param tell - gets why something could not be done */
  constructor(state: State, tell: (problem: string) => void) {
    this.#state = state;
    this.#tell = tell;
  }

  /** The plots of the state; an empty one if there are none. */
  get plots(): readonly PlotState[] {
    const { plots } = this.#state.value;
    return plots.length === 0 ? [NO_PLOT] : plots.slice(0, MAX_PLOTS);
  }

  get active(): number {
    return Math.min(this.#active, this.plots.length - 1);
  }

  /** @returns whether another plot was active before */
  activate(place: number): boolean {
    const isOther = place !== this.active;
    this.#active = place;
    return isOther;
  }

  /** Ticks or clears a series in the active plot. */
  toggle(series: SeriesName, isWanted: boolean): void {
    if (isWanted) this.#add(this.active, [series]);
    else this.#set(withoutSeries(this.plots, this.active, series));
  }

  /** Makes a plot with the series the active one; adds it to the active one if there is none. */
  ensure(series: SeriesName): void {
    const place = this.plots.findIndex((plot) => hasSeries(plot, series));
    if (place >= 0) this.#active = place;
    else this.#add(this.active, [series]);
  }

  addPlot(series: readonly SeriesName[] = []): void {
    if (this.plots.length >= MAX_PLOTS) {
      this.#tell(`There can be ${MAX_PLOTS} plots.`);
      return;
    }
    const plots = withPlot(this.plots, series);
    if (this.#grow(plots)) this.#active = plots.length - 1;
  }

  /** Series from the list are added; those of another plot are moved. */
  drop(place: number, { series, from }: DraggedSeries): void {
    this.#active = place;
    if (from === undefined) this.#add(place, series);
    else this.#set(series.reduce((plots, each) => withMoved(plots, from, place, each), this.plots));
  }

  removeSeries(place: number, series: SeriesName): void {
    this.#set(withoutSeries(this.plots, place, series));
  }

  remove(place: number): void {
    if (place < this.#active) this.#active--;
    this.#set(withoutPlot(this.plots, place));
  }

  setScale(place: number, scale: Limits | undefined): void {
    this.#set(withScale(this.plots, place, scale));
  }

  #add(place: number, series: readonly SeriesName[]): void {
    if (isFull(this.plots[place]!)) this.#tell(`A plot can have ${MAX_SERIES_PER_PLOT} series. Add a plot for more.`);
    else this.#grow(withSeries(this.plots, place, series));
  }

  /** Sets plots unless they have more series than a request may ask for. */
  #grow(plots: readonly PlotState[]): boolean {
    const isLegal = keysOf(plots).length <= MAX_PLOT_SERIES;
    if (isLegal) this.#set(plots);
    else this.#tell(`All plots together can have ${MAX_PLOT_SERIES} series. Remove some first.`);
    return isLegal;
  }

  #set(plots: readonly PlotState[]): void {
    this.#state.update({ plots });
  }
}
