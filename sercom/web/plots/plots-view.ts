import type { Batch } from '../../src/web/protocol.js';
import { MAX_PLOT_SERIES } from '../../src/web/request-limits.js';
import type { Destination, PageContext, PointPlace, View } from '../context.js';
import { h } from '../dom.js';
import { named } from '../format/marks.js';
import type { Action } from '../keys.js';
import { ServerClosed, ServerProblem } from '../server.js';
import type { SeriesName, ViewState } from '../state.js';
import { AxisWidths } from './axes/axis-widths.js';
import { valueText } from './axes/number-text.js';
import { momentText } from './axes/time-axis.js';
import { fixedRange, panned, showing, toggledFollow, zoomed } from './axes/time-range.js';
import { type CanvasTheme, themeOf } from './chart/theme.js';
import { Panel, type PanelEvents, type Pin } from './panel.js';
import { PlotData } from './plot-data.js';
import { PlotEditor } from './plot-editor.js';
import { keysOf, MAX_PLOTS, nameOfSeries } from './plot-list.js';
import { saveCsv, savePicture } from './save-plot.js';
import { acceptDrops } from './series-drag.js';
import { SeriesList } from './series-list.js';
import { Toolbar, ZOOM_STEP } from './toolbar.js';

const PAN_STEP = 0.25;

/** Numbers over time: several plots with one time axis. */
export class PlotsView implements View {
  readonly element: HTMLElement;
  readonly #context: PageContext;
  readonly #data: PlotData;
  readonly #list: SeriesList;
  readonly #toolbar: Toolbar;
  readonly #frame = h('div', { class: 'plot-panels' });
  readonly #editor: PlotEditor;
  readonly #axisWidths = new AxisWidths(() => this.#invalidate());
  #panels: Panel[] = [];
  #names: readonly SeriesName[] = [];
  #numbersLeft = 0;
  #cursorUs: number | undefined;
  #pin: Pin | undefined;
  #theme: CanvasTheme | undefined;
  #frameRequest: number | undefined;
  #isShown = false;
  #hasFailed = false;

  constructor(context: PageContext) {
    this.#context = context;
    this.#data = new PlotData((request, signal) => context.server.ask('plot', request, { signal }), {
      changed: () => this.#answered(),
      failed: (error) => this.#failed(error),
    });
    this.#editor = new PlotEditor(context.state, (problem) => {
      context.tell(problem, 'problem');
      // A box that was ticked in vain is cleared.
      this.#invalidate();
    });
    this.#list = new SeriesList({ toggle: (series, isWanted) => this.#editor.toggle(series, isWanted) });
    this.#toolbar = new Toolbar({
      setRange: (range) => context.state.update({ range }),
      toggleFollow: () => this.act('toggle-follow'),
      zoom: (factor) => this.#zoom(factor),
      addPlot: () => this.#editor.addPlot(),
      savePicture: () => this.#savePicture(this.#panels),
    });
    acceptDrops(this.#frame, ({ series }) => this.#editor.addPlot(series));
    this.element = h(
      'div',
      { class: 'plots-view' },
      this.#list.element,
      h('div', { class: 'plots-main' }, this.#toolbar.element, this.#frame),
    );
    context.state.onChange((now, before) => this.#stateChanged(now, before));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#themeChanged());
  }

  show(): void {
    this.#isShown = true;
    this.#themeChanged();
    this.#updateSeries();
  }

  hide(): void {
    this.#isShown = false;
    this.#data.pause();
    if (this.#frameRequest !== undefined) cancelAnimationFrame(this.#frameRequest);
    this.#frameRequest = undefined;
  }

  take(batch: Batch): void {
    this.#data.take(batch);
    if (batch.numbersWithoutSeries !== undefined) this.#numbersLeft = batch.numbersWithoutSeries;
    if (this.#isShown && (batch.newSeries !== undefined || batch.numbersWithoutSeries !== undefined))
      this.#updateSeries();
    // The first packets decide what is shown at all.
    if (this.#isShown && this.#data.shown === undefined && batch.held !== undefined) this.#invalidate();
  }

  begin(isSameRun: boolean): void {
    this.#data.reset();
    this.#names = [];
    this.#numbersLeft = 0;
    if (!isSameRun) this.#pin = undefined;
    if (this.#isShown) this.#updateSeries();
  }

  act(action: Action): boolean {
    const { state } = this.#context;
    const { range } = state.value;
    switch (action) {
      case 'toggle-follow':
        state.update({ range: toggledFollow(range, this.#data.held) });
        return true;
      case 'zoom-in':
        this.#zoom(1 / ZOOM_STEP, this.#cursorUs);
        return true;
      case 'zoom-out':
        this.#zoom(ZOOM_STEP, this.#cursorUs);
        return true;
      case 'zoom-all':
        state.update({ range: { kind: 'all' } });
        return true;
      case 'pan-left':
      case 'pan-right':
        this.#pan(action === 'pan-left' ? -PAN_STEP : PAN_STEP);
        return true;
      case 'find':
        this.#list.focusFilter();
        return true;
      case 'previous-point':
      case 'next-point':
        this.#panels[this.#editor.active]?.step(action === 'next-point' ? 1 : -1);
        return true;
      case 'open':
        if (this.#pin !== undefined) this.#context.go({ view: 'packets', row: this.#pin.row });
        return true;
      case 'close':
        return this.#close();
      default:
        return false;
    }
  }

  go(to: Destination): void {
    if (to.view === 'plots' && to.point !== undefined) this.#showPoint(to.point);
  }

  /** Shows a point: its series is plotted if it is not yet, and its time comes into view. */
  #showPoint({ series: index, row, timeUs }: PointPlace): void {
    const info = this.#context.series[index];
    if (info === undefined) return;
    const series = nameOfSeries(info, this.#context.name(info.name));
    this.#editor.ensure(series);
    const { state } = this.#context;
    state.update({ range: showing(state.value.range, this.#data.held, timeUs) });
    this.#pin = { series, row, timeUs };
    this.#invalidate();
    void this.#findPinValue(this.#pin, index);
  }

  #stateChanged(now: ViewState, before: ViewState): void {
    if (now.theme !== before.theme) this.#themeChanged();
    if (now.plots !== before.plots || now.range !== before.range) this.#invalidate();
  }

  #themeChanged(): void {
    this.#theme = undefined;
    this.#invalidate();
  }

  #currentTheme(): CanvasTheme {
    // The background of plots is not that of the frame around them.
    this.#theme ??= themeOf(this.#panels[0]!.element);
    return this.#theme;
  }

  #updateSeries(): void {
    const { series, hello } = this.#context;
    this.#names = series.map((info) => nameOfSeries(info, this.#context.name(info.name)));
    this.#data.setSeries(this.#names);
    const why = hello.hasDecoder
      ? 'No packet with a number in it has come yet.'
      : 'Packets are not decoded. Start sercom with --decode to plot what is in them.';
    this.#list.setSeries(this.#names, why, this.#numbersLeft);
    this.#invalidate();
  }

  #answered(): void {
    this.#hasFailed = false;
    this.#invalidate();
  }

  #failed(error: unknown): boolean {
    // The header shows that there is no connection, and the feed restarts this when there is one again.
    const isLost = error instanceof ServerProblem && error.status === 0;
    if (!isLost && !this.#hasFailed) this.#context.tell(`Cannot get the plots: ${messageOf(error)}`, 'problem');
    this.#hasFailed = true;
    if (error instanceof ServerClosed) return false;
    return !(error instanceof ServerProblem) || error.status === 0 || error.status === 429 || error.status >= 500;
  }

  #invalidate(): void {
    if (this.#isShown) this.#frameRequest ??= requestAnimationFrame(() => this.#render());
  }

  #render(): void {
    this.#frameRequest = undefined;
    const { range } = this.#context.state.value;
    const { plots, active } = this.#editor;
    this.#fitPanels(plots.length);
    const columns = Math.max(...this.#panels.map(({ chart }) => chart.area.width * chart.pixelRatio));
    this.#data.want({ plots: this.#context.state.value.plots, range, columns: columns > 0 ? columns : 1_000 });
    const span = this.#data.shown;
    const theme = this.#currentTheme();
    const marks = this.#data.marks.map((mark) => named(mark, this.#context));
    for (const [place, panel] of this.#panels.entries()) {
      const state = plots[place]!;
      panel.update({
        place,
        state,
        points: state.series.map((series) => this.#data.pointsOf(series)),
        span,
        marks,
        theme,
        isActive: place === active && plots.length > 1,
        isLast: place === plots.length - 1,
        cursorUs: this.#cursorUs,
        pin: this.#pin,
      });
    }
    const left = { marks: this.#data.moreMarks, series: Math.max(0, keysOf(plots).length - MAX_PLOT_SERIES) };
    this.#toolbar.update(range, span, left, plots.length < MAX_PLOTS);
    this.#list.setPlot(plots[active], active);
  }

  #fitPanels(count: number): void {
    for (const panel of this.#panels.splice(count)) panel.destroy();
    this.#axisWidths.keep(count);
    while (this.#panels.length < count) {
      const panel = new Panel(this.#panelEvents());
      this.#panels.push(panel);
      this.#frame.append(panel.element);
    }
  }

  #panelEvents(): PanelEvents {
    const { state } = this.#context;
    return {
      activate: (place) => {
        if (this.#editor.activate(place)) this.#invalidate();
      },
      hover: (timeUs) => this.#hover(timeUs),
      openRow: (row) => this.#context.go({ view: 'packets', row }),
      choose: (pin) => this.#choose(pin),
      showTime: (span) => state.update({ range: fixedRange(span) }),
      zoomTime: (factor, atUs) => this.#zoom(factor, atUs),
      panTime: (share) => this.#pan(share),
      showAll: () => this.act('zoom-all'),
      setScale: (place, scale) => this.#editor.setScale(place, scale),
      removeSeries: (place, series) => this.#editor.removeSeries(place, series),
      drop: (place, dropped) => this.#editor.drop(place, dropped),
      remove: (place) => this.#editor.remove(place),
      savePicture: (place) => this.#savePicture([this.#panels[place]!]),
      saveCsv: (place) => this.#saveCsv(place),
      axisWidth: (place, needed) => this.#axisWidths.need(place, needed),
    };
  }

  #hover(timeUs: number | undefined): void {
    if (timeUs === this.#cursorUs) return;
    this.#cursorUs = timeUs;
    for (const panel of this.#panels) panel.setCursor(timeUs);
  }

  #zoom(factor: number, atUs?: number): void {
    const { state } = this.#context;
    state.update({ range: zoomed(state.value.range, this.#data.held, factor, atUs) });
  }

  #pan(share: number): void {
    const { state } = this.#context;
    state.update({ range: panned(state.value.range, this.#data.held, share) });
  }

  #close(): boolean {
    if (this.#panels.some((panel) => panel.abort())) return true;
    if (this.#pin === undefined) return false;
    this.#choose(undefined);
    return true;
  }

  /** Makes a point the chosen one, and brings it into view. */
  #choose(pin: Pin | undefined): void {
    this.#pin = pin;
    this.#invalidate();
    if (pin === undefined) return;
    const { state } = this.#context;
    state.update({ range: showing(state.value.range, this.#data.held, pin.timeUs) });
    if (pin.value === undefined) return;
    this.#context.announce(
      `${pin.series.name} ${pin.series.path}: ${valueText(pin.value)} at ${momentText(pin.timeUs, 1)}`,
    );
  }

  /** The point may be none of those that are drawn, so its packet is asked for. */
  async #findPinValue(pin: Pin, index: number): Promise<void> {
    try {
      const answer = await this.#context.server.ask('packet', { row: pin.row }, { purpose: 'pin' });
      const value = answer?.series.find(({ series }) => series === index)?.value;
      if (value !== undefined && this.#pin === pin) this.#choose({ ...pin, value });
    } catch (error) {
      if (this.#pin === pin) this.#context.tell(`Cannot show the point: ${messageOf(error)}`, 'problem');
    }
  }

  #savePicture(panels: readonly Panel[]): void {
    const { shown } = this.#data;
    if (shown === undefined) this.#context.tell('There is nothing to save yet.', 'problem');
    else this.#finish(savePicture(panels, this.#context.hello.title, shown, this.#currentTheme()));
  }

  #saveCsv(place: number): void {
    const { shown } = this.#data;
    const series = this.#editor.plots[place]!.series.flatMap((each) => this.#data.indexOf(each) ?? []);
    if (shown === undefined || series.length === 0) this.#context.tell('There is nothing to save yet.', 'problem');
    else this.#finish(saveCsv(this.#context.server, series, shown));
  }

  /** Says how saving ended. */
  async #finish(saving: Promise<string>): Promise<void> {
    try {
      this.#context.tell(`Saved ${await saving}.`, 'done');
    } catch (error) {
      this.#context.tell(`Cannot save: ${messageOf(error)}`, 'problem');
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
