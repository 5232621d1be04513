import { h, setAttribute, setText } from '../dom.js';
import { count } from '../format/quantities.js';
import { icon } from '../icons.js';
import type { SeriesName } from '../state.js';
import { valueText } from './axes/number-text.js';
import type { Points } from './chart/points.js';
import type { SeriesStyle } from './chart/series-style.js';
import { keyOfSeries } from './plot-list.js';
import { makeDraggable } from './series-drag.js';

export interface LegendRow {
  readonly series: SeriesName;
  readonly style: SeriesStyle;
  /** Undefined while the series is unknown to the server. */
  readonly points: Points | undefined;
  /** At the cursor, or the last one. */
  readonly value: number | undefined;
}

export interface LegendEvents {
  remove(series: SeriesName): void;
  /** Points at a series, so that others become faint. */
  point(series: SeriesName | undefined): void;
  /** The place of the plot. */
  place(): number;
}

const SVG = 'http://www.w3.org/2000/svg';
const NONE = '–';
/** The titles of the columns, and what stands before the values where there are no columns. */
const STATS = { min: 'min', max: 'max', mean: 'mean', points: 'n' };
/** Fewer than of the value itself, so that they fit side by side. */
const STAT_DIGITS = 5;

/** The series of a plot with their values: also its content for those who do not see lines. */
export class Legend {
  readonly element: HTMLElement;
  readonly #body = h('tbody');
  readonly #valueHead = h('th', { scope: 'col', class: 'number' });
  readonly #events: LegendEvents;
  #rows: readonly Row[] = [];

  constructor(events: LegendEvents) {
    this.#events = events;
    const column = (text: string) => h('th', { scope: 'col', class: 'number stat' }, text);
    this.element = h(
      'table',
      { class: 'legend', 'aria-label': 'Values of the series' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, 'Series'),
          this.#valueHead,
          ...Object.keys(STATS).map(column),
          h('th', {}, h('span', { class: 'visually-hidden' }, 'remove')),
        ),
      ),
      this.#body,
    );
  }

  /** @param valueHead - which value is shown: that at the cursor or the last */
  update(rows: readonly LegendRow[], valueHead: string): void {
    setText(this.#valueHead, valueHead);
    this.element.hidden = rows.length === 0;
    const keys = rows.map(({ series }) => keyOfSeries(series)).join('\n');
    if (keys !== this.#rows.map(({ key }) => key).join('\n')) {
      this.#rows = rows.map(({ series }) => new Row(series, this.#events));
      this.#body.replaceChildren(...this.#rows.map(({ element }) => element));
    }
    for (const [index, row] of rows.entries()) this.#rows[index]!.update(row);
  }
}

class Row {
  readonly element: HTMLElement;
  readonly key: string;
  readonly #label = h('span', { class: 'series-label' });
  readonly #line = document.createElementNS(SVG, 'line');
  readonly #value = h('td', { class: 'number value' });
  readonly #stats = Object.values(STATS).map((name) => h('td', { class: 'number stat', 'data-name': name }));

  constructor(series: SeriesName, events: LegendEvents) {
    this.key = keyOfSeries(series);
    const name = `${series.name} ${series.path}`.trim();
    this.element = h(
      'tr',
      { on: { pointerenter: () => events.point(series), pointerleave: () => events.point(undefined) } },
      h(
        'th',
        { scope: 'row', title: name },
        h(
          'span',
          { class: 'series-name' },
          this.#label,
          this.#sample(),
          h('span', { class: 'connection' }, series.name),
          ' ',
          h('b', {}, series.path),
        ),
      ),
      this.#value,
      ...this.#stats,
      h(
        'td',
        {},
        h(
          'button',
          {
            type: 'button',
            class: 'button icon-only plain',
            'aria-label': `Remove ${name} from the plot`,
            on: {
              click: () => events.remove(series),
              focus: () => events.point(series),
              blur: () => events.point(undefined),
            },
          },
          icon('close'),
        ),
      ),
    );
    makeDraggable(this.element, () => ({ series: [series], from: events.place() }));
  }

  update({ style, points, value }: LegendRow): void {
    setText(this.#label, style.label);
    setAttribute(this.#line, 'stroke', style.color);
    setAttribute(this.#line, 'stroke-dasharray', style.dash.join(' '));
    setText(this.#value, points === undefined ? 'no data yet' : value === undefined ? NONE : valueText(value));
    const summary = points?.summary;
    const texts = summary
      ? [...[summary.min, summary.max, summary.mean].map((each) => valueText(each, STAT_DIGITS)), count(summary.count)]
      : [NONE, NONE, NONE, points === undefined ? NONE : '0'];
    for (const [index, cell] of this.#stats.entries()) setText(cell, texts[index]!);
  }

  #sample(): SVGElement {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('class', 'series-sample');
    svg.setAttribute('viewBox', '0 0 30 10');
    svg.setAttribute('aria-hidden', 'true');
    const at = { x1: 0, y1: 5, x2: 30, y2: 5, 'stroke-width': 2.5 };
    for (const [name, value] of Object.entries(at)) this.#line.setAttribute(name, String(value));
    svg.append(this.#line);
    return svg;
  }
}
