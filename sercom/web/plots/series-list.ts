import { h, replace, setText } from '../dom.js';
import { counted } from '../format/quantities.js';
import type { PlotState, SeriesName } from '../state.js';
import { keyOfSeries } from './plot-list.js';
import { makeDraggable } from './series-drag.js';

export interface SeriesListEvents {
  /** A box was ticked or cleared. */
  toggle(series: SeriesName, isWanted: boolean): void;
}

/** All series by connection: tick them, drag them into a plot, find them by a part of their names. */
export class SeriesList {
  readonly element: HTMLElement;
  readonly #filter: HTMLInputElement;
  readonly #list = h('div', { class: 'series-groups' });
  readonly #note = h('p', { class: 'note', role: 'status' });
  readonly #events: SeriesListEvents;
  #rows: readonly Row[] = [];
  #groups: readonly HTMLElement[] = [];
  #whyEmpty = '';
  #left = 0;

  constructor(events: SeriesListEvents) {
    this.#events = events;
    this.#filter = h('input', {
      type: 'search',
      placeholder: 'find numbers',
      'aria-label': 'Find numbers by a part of their names',
      spellcheck: 'false',
      on: { input: () => this.#applyFilter() },
    });
    this.element = h(
      'details',
      // Above the plots, it would take their room.
      { class: 'series-list', open: !matchMedia('(max-width: 900px)').matches },
      h('summary', {}, 'Numbers'),
      this.#filter,
      this.#note,
      this.#list,
    );
  }

  focusFilter(): void {
    this.element.setAttribute('open', '');
    this.#filter.focus();
    this.#filter.select();
  }

  /**
   * Shows these series, in the order in which they became known.
   *
   * @param left - numbers that belong to no series, because there are too many
   */
  setSeries(series: readonly SeriesName[], whyEmpty: string, left: number): void {
    this.#whyEmpty = whyEmpty;
    this.#left = left;
    if (
      series.length < this.#rows.length ||
      !this.#rows.every((row, index) => row.key === keyOfSeries(series[index]!))
    ) {
      this.#rows = [];
    }
    const added = series.slice(this.#rows.length).map((each) => new Row(each, this.#events));
    if (added.length > 0 || this.#groups.length === 0) {
      this.#rows = [...this.#rows, ...added];
      this.#group();
    }
    this.#applyFilter();
  }

  /** Ticks the series of this plot. */
  setPlot(plot: PlotState | undefined, place: number): void {
    const ticked = new Set(plot?.series.map(keyOfSeries));
    for (const row of this.#rows) row.tick(ticked.has(row.key), place);
  }

  #group(): void {
    const byName = new Map<string, HTMLElement>();
    for (const { series, element } of this.#rows) {
      const group = byName.get(series.name) ?? h('fieldset', {}, h('legend', {}, series.name));
      byName.set(series.name, group);
      group.append(element);
    }
    this.#groups = [...byName.values()];
    replace(this.#list, ...this.#groups);
  }

  #applyFilter(): void {
    const words = this.#filter.value
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    let shown = 0;
    for (const row of this.#rows) {
      const isShown = words.every((word) => row.text.includes(word));
      row.element.hidden = !isShown;
      if (isShown) shown++;
    }
    for (const group of this.#groups) group.hidden = group.querySelector('.series-row:not([hidden])') === null;
    const left =
      this.#left === 0 ? '' : `${counted(this.#left, 'number')} left out: too many, or their names are too long.`;
    const note = this.#rows.length === 0 ? this.#whyEmpty : shown === 0 ? 'No number has such a name.' : '';
    setText(this.#note, `${note} ${left}`.trim());
    this.#note.hidden = this.#note.textContent === '';
  }
}

class Row {
  readonly element: HTMLElement;
  readonly key: string;
  /** What the filter looks into. */
  readonly text: string;
  readonly series: SeriesName;
  readonly #box: HTMLInputElement;

  constructor(series: SeriesName, events: SeriesListEvents) {
    this.series = series;
    this.key = keyOfSeries(series);
    this.text = `${series.name} ${series.path}`.toLowerCase();
    let isByPointer = false;
    this.#box = h('input', {
      type: 'checkbox',
      'aria-label': `${series.name} ${series.path}`,
      on: {
        change: () => {
          events.toggle(series, this.#box.checked);
          // After the mouse, the space bar is to hold the view, not to take the number away again.
          if (isByPointer) this.#box.blur();
        },
      },
    });
    const path = series.path === '' ? h('i', {}, 'the packet') : series.path;
    this.element = h(
      'label',
      {
        class: 'series-row',
        title: `${series.name} ${series.path}`,
        on: {
          pointerdown: () => {
            isByPointer = true;
          },
          keydown: () => {
            isByPointer = false;
          },
        },
      },
      this.#box,
      h('span', {}, path),
    );
    makeDraggable(this.element, () => ({ series: [series], from: undefined }));
  }

  tick(isTicked: boolean, place: number): void {
    this.#box.checked = isTicked;
    this.#box.title = `${isTicked ? 'Remove from' : 'Add to'} plot ${place + 1}`;
  }
}
