import type { MarkRow } from '../../src/web/protocol.js';
import { button } from '../button.js';
import { h, setAttribute, setText } from '../dom.js';
import type { PlotState, SeriesName } from '../state.js';
import { valueText } from './axes/number-text.js';
import type { Span } from './axes/time-range.js';
import { fitted, type Limits, legalLimits, pannedLimits, zoomedLimits } from './axes/value-scale.js';
import { Chart } from './chart/chart.js';
import type { ChartLine } from './chart/chart-content.js';
import { cursorOf } from './chart/cursor.js';
import { CursorLayer } from './chart/cursor-layer.js';
import { Gestures } from './chart/gestures.js';
import { indexAt, lastPointIn, NO_POINTS, nearestPoint, neighbor, type Points } from './chart/points.js';
import { Slots, styleOf } from './chart/series-style.js';
import type { CanvasTheme } from './chart/theme.js';
import { Legend } from './legend.js';
import { keyOfSeries } from './plot-list.js';
import { ScaleForm } from './scale-form.js';
import { acceptDrops, type DraggedSeries } from './series-drag.js';

/** What a plot shows. */
export interface PanelContent {
  readonly place: number;
  readonly state: PlotState;
  /** Of each of its series; undefined while the server does not know it. */
  readonly points: readonly (Points | undefined)[];
  readonly span: Span | undefined;
  readonly marks: readonly MarkRow[];
  readonly theme: CanvasTheme;
  readonly isActive: boolean;
  /** The lowest plot: its time axis has the dates. */
  readonly isLast: boolean;
  readonly cursorUs: number | undefined;
  readonly pin: Pin | undefined;
}

/** A point that was chosen elsewhere. */
export interface Pin {
  readonly series: SeriesName;
  readonly row: number;
  readonly timeUs: number;
  readonly value?: number | undefined;
}

/** What a plot asks of the view. Times are in microseconds, shares are of the shown time. */
export interface PanelEvents {
  activate(place: number): void;
  hover(timeUs: number | undefined): void;
  openRow(row: number): void;
  /** Another point is the chosen one, or none. */
  choose(pin: Pin | undefined): void;
  showTime(span: Span): void;
  zoomTime(factor: number, atUs?: number): void;
  panTime(share: number): void;
  showAll(): void;
  setScale(place: number, scale: Limits | undefined): void;
  removeSeries(place: number, series: SeriesName): void;
  drop(place: number, dropped: DraggedSeries): void;
  remove(place: number): void;
  savePicture(place: number): void;
  saveCsv(place: number): void;
  axisWidth(place: number, needed: number): number;
}

/** A click this near to a point means it. */
const REACH_PX = 24;

/** One plot: axes, lines, legend and its buttons. */
export class Panel {
  readonly element: HTMLElement;
  readonly chart: Chart;
  readonly #events: PanelEvents;
  readonly #heading = h('h2');
  readonly #png = button({
    label: 'PNG',
    icon: 'save',
    onClick: () => this.#events.savePicture(this.#place),
  });
  readonly #csv = button({ label: 'CSV', icon: 'save', onClick: () => this.#events.saveCsv(this.#place) });
  readonly #remove = button({
    label: 'Remove this plot',
    icon: 'close',
    isIconOnly: true,
    onClick: () => this.#events.remove(this.#place),
  });
  readonly #hint = h('p', { class: 'plot-hint' }, 'Tick a number in the list, or drag it here.');
  readonly #slots = new Slots();
  readonly #layer: CursorLayer;
  readonly #gestures: Gestures;
  readonly #legend: Legend;
  readonly #scale: ScaleForm;
  readonly #resize: ResizeObserver;
  #content: PanelContent | undefined;
  #limits: Limits = { min: 0, max: 1 };
  #pointed: string | undefined;
  #isHovered = false;

  constructor(events: PanelEvents) {
    this.#events = events;
    this.chart = new Chart((needed) => events.axisWidth(this.#place, needed));
    this.#layer = new CursorLayer(this.chart.overlay);
    this.#gestures = this.#createGestures();
    this.#legend = new Legend({
      remove: (series) => events.removeSeries(this.#place, series),
      point: (series) => this.#point(series),
      place: () => this.#place,
    });
    this.#scale = new ScaleForm((scale) => events.setScale(this.#place, scale));
    const { element } = this.chart;
    setAttribute(element, 'role', 'img');
    this.element = this.#createElement();
    acceptDrops(this.element, (dropped) => events.drop(this.#place, dropped));
    this.#resize = new ResizeObserver(([entry]) => {
      if (entry) this.chart.resize(Math.floor(entry.contentRect.width), Math.floor(entry.contentRect.height));
      this.#updateCursor();
    });
    this.#resize.observe(element);
  }

  /** The series with their looks, for a picture. */
  get lines(): readonly (ChartLine & { readonly series: SeriesName })[] {
    const series = this.#content?.state.series ?? [];
    return (this.chart.content?.lines ?? []).flatMap((line, index) =>
      series[index] ? [{ ...line, series: series[index] }] : [],
    );
  }

  get title(): string {
    return this.#heading.textContent;
  }

  update(content: PanelContent): void {
    const before = this.#content;
    this.#content = content;
    const { place, state, theme, span, marks } = content;
    this.#name(place + 1);
    this.element.classList.toggle('active', content.isActive);
    this.#hint.hidden = state.series.length > 0;
    this.#scale.element.hidden = state.series.length === 0;
    if (span !== undefined) {
      const slots = this.#slots.assign(state.series.map(keyOfSeries));
      const lines = state.series.map((series, index) => ({
        points: content.points[index] ?? NO_POINTS,
        style: styleOf(slots[index]!, theme.ground),
        isFaint: this.#pointed !== undefined && this.#pointed !== keyOfSeries(series),
      }));
      this.#limits = state.scale ? legalLimits(state.scale.min, state.scale.max) : fitted(lines.flatMap(extremesOf));
      this.#scale.update(this.#limits, state.scale !== undefined);
      this.chart.draw({ span, limits: this.#limits, lines, marks, theme, hasDates: content.isLast });
    }
    if (before?.state !== state || before.place !== place)
      setAttribute(this.chart.element, 'aria-label', this.#label());
    this.#updateCursor();
  }

  /** Each plot has the same buttons: their names tell them apart. */
  #name(number: number): void {
    setText(this.#heading, `Plot ${number}`);
    setAttribute(this.element, 'aria-label', `Plot ${number}`);
    setAttribute(this.#png, 'aria-label', `Save plot ${number} as PNG`);
    setAttribute(this.#csv, 'aria-label', `Save plot ${number} as CSV`);
    setAttribute(this.#remove, 'aria-label', `Remove plot ${number}`);
  }

  /** Shows the values at another time. */
  setCursor(cursorUs: number | undefined): void {
    if (this.#content === undefined) return;
    this.#content = { ...this.#content, cursorUs };
    this.#updateCursor();
  }

  /** Chooses the point after or before the chosen one; without one, the last that is shown of the first series. */
  step(direction: 1 | -1): void {
    const { state, points, pin, span } = this.#content ?? {};
    if (state === undefined || points === undefined || span === undefined) return;
    const pinned = state.series.findIndex(
      (series) => pin !== undefined && keyOfSeries(series) === keyOfSeries(pin.series),
    );
    const line = Math.max(0, pinned);
    const series = state.series[line];
    const drawn = points[line];
    if (series === undefined || drawn === undefined) return;
    const index = pinned >= 0 ? indexOf(drawn, pin!) : undefined;
    const next = index === undefined ? lastPointIn(drawn, span) : neighbor(drawn, index, direction);
    if (next === undefined) return;
    this.#events.choose({ series, row: drawn.rows[next]!, timeUs: drawn.timesUs[next]!, value: drawn.values[next]! });
  }

  /** Ends a drag. False if there is none. */
  abort(): boolean {
    return this.#gestures.abort();
  }

  destroy(): void {
    this.#resize.disconnect();
    this.chart.destroy();
    this.element.remove();
  }

  get #place(): number {
    return this.#content?.place ?? 0;
  }

  #createElement(): HTMLElement {
    const place = () => this.#place;
    const events = this.#events;
    return h(
      'section',
      {
        class: 'plot',
        on: { pointerdown: () => events.activate(place()), focusin: () => events.activate(place()) },
      },
      h(
        'header',
        { class: 'plot-header' },
        this.#heading,
        this.#scale.element,
        h('span', { class: 'spacer' }),
        this.#png,
        this.#csv,
        this.#remove,
      ),
      h(
        'div',
        { class: 'plot-body' },
        h('div', { class: 'chart-frame' }, this.chart.element, this.#hint),
        h('div', { class: 'legend-frame' }, this.#legend.element),
      ),
    );
  }

  #createGestures(): Gestures {
    const events = this.#events;
    const timeAt = (x: number) => this.chart.projection?.timeUs(x);
    const valueAt = (y: number) =>
      this.#limits.max - (y / this.chart.area.height) * (this.#limits.max - this.#limits.min);
    const setScale = (scale: Limits | undefined) => events.setScale(this.#place, scale);
    return new Gestures(this.chart, this.#layer, {
      hover: (place) => {
        this.#isHovered = place !== undefined;
        events.hover(place && timeAt(place.x));
      },
      click: ({ x, y }) => this.#click(x, y),
      selectTime: (from, to) => {
        const fromUs = timeAt(from);
        const toUs = timeAt(to);
        if (fromUs !== undefined && toUs !== undefined) events.showTime({ fromUs, toUs });
      },
      selectValues: (from, to) => setScale(legalLimits(valueAt(to), valueAt(from))),
      panTime: (share) => events.panTime(share),
      panValues: (share) => setScale(pannedLimits(this.#limits, share)),
      zoomTime: (factor, at) => events.zoomTime(factor, timeAt(at)),
      zoomValues: (factor, at) => setScale(zoomedLimits(this.#limits, factor, valueAt(at))),
      resetTime: () => events.showAll(),
      resetValues: () => setScale(undefined),
    });
  }

  #click(x: number, y: number): void {
    const { projection } = this.chart;
    const points = this.#content?.points.map((each) => each ?? NO_POINTS) ?? [];
    const found = projection && nearestPoint(points, projection, x, y, REACH_PX);
    if (found === undefined) this.#events.choose(undefined);
    else this.#events.openRow(points[found.line]!.rows[found.index]!);
  }

  #point(series: SeriesName | undefined): void {
    this.#pointed = series && keyOfSeries(series);
    if (this.#content !== undefined) this.update(this.#content);
  }

  #updateCursor(): void {
    const { projection, content, area } = this.chart;
    if (this.#content === undefined || projection === undefined || content === undefined) return;
    const { cursorUs, pin, state } = this.#content;
    const cursor = cursorOf(content, cursorUs, projection, area);
    // Once is enough: the line is in all plots.
    this.#layer.show(cursor.x, area.width, cursor.rings, this.#isHovered ? cursor.text : '');
    this.#legend.update(
      state.series.map((series, index) => ({
        series,
        style: content.lines[index]!.style,
        points: this.#content!.points[index],
        value: cursor.values[index],
      })),
      cursorUs === undefined ? 'last' : 'at cursor',
    );
    const line = state.series.findIndex(
      (series) => pin !== undefined && keyOfSeries(series) === keyOfSeries(pin.series),
    );
    if (pin === undefined || line < 0) {
      this.#layer.pin(undefined, undefined, area.width, '', '');
      return;
    }
    const x = projection.x(pin.timeUs);
    const isShown = x >= 0 && x <= area.width;
    const ringY = pin.value === undefined ? undefined : projection.y(pin.value);
    // With a fixed scale, it may be far above or below the plot.
    const y = ringY !== undefined && ringY >= 0 && ringY <= area.height ? ringY : undefined;
    const text = pin.value === undefined ? '' : `${pin.series.path} ${valueText(pin.value)}`.trim();
    // Beside the cursor, two texts would cover each other.
    const shownText = this.#isHovered ? '' : text;
    this.#layer.pin(isShown ? x : undefined, y, area.width, content.lines[line]!.style.color, shownText);
  }

  #label(): string {
    const { state, place } = this.#content!;
    const names = state.series.map(({ name, path }) => `${name} ${path}`).join(', ');
    return `Plot ${place + 1}${names === '' ? ', empty' : ` of ${names}; its values are in the table below`}`;
  }
}

/** The place of a chosen point among those that are drawn; if it is not among them, of the first one after it. */
function indexOf(points: Points, { row, timeUs }: Pin): number {
  const start = indexAt(points, timeUs);
  for (let index = start; points.timesUs[index] === timeUs; index++) {
    if (points.rows[index] === row) return index;
  }
  return start;
}

/** The extremes of a line: those of all its points in the shown time, or of those that are drawn. */
function extremesOf({ points }: ChartLine): readonly Limits[] {
  if (points.summary !== undefined) return [points.summary];
  const values = points.values.filter((value) => value !== null);
  return values.map((value) => ({ min: value, max: value }));
}
