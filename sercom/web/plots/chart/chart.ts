import uPlot from 'uplot';
import { h } from '../../dom.js';
import { tickText, valueTicks } from '../axes/number-text.js';
import { timeTicks, withRoomForDate } from '../axes/time-axis.js';
import type { ChartContent } from './chart-content.js';
import { drawDots, drawEndLabels, drawMarks, FAINT } from './chart-drawing.js';
import { drawLine } from './line-path.js';
import type { Projection } from './points.js';
import type { CanvasTheme } from './theme.js';

/** The rectangle of the lines within the chart, in CSS pixels. */
export interface PlotArea {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * uPlot sees scales from 0 to this, because it draws no axis for times below a millisecond or values above 10¹⁷. What they mean
 * is computed here.
 */
const FULL = 10;
const TIME_TICK_PX = 92;
const VALUE_TICK_PX = 32;
const FONT_PX = 12;
const TIME_AXIS_PX = 26;
const DATES_PX = 16;
/** Half of a date with hour and minute. */
const HALF_DATE_PX = 56;
/** Room for the labels of marks above the lines, and for the end labels of lines and half of the last time beside them. */
const PADDING: uPlot.Padding = [20, 36, 2, 0];

/** One set of axes with its lines: the part of a plot that is on a canvas. */
export class Chart {
  readonly element = h('div', { class: 'chart' });
  /** Above the lines; replaced when the number of lines changes. */
  readonly overlay = h('div', { class: 'chart-overlay' });
  readonly #axisWidth: (needed: number) => number;
  #content: ChartContent | undefined;
  #drawn: ChartContent | undefined;
  #uplot: uPlot | undefined;
  #width = 0;
  #height = 0;

  /** @param axisWidth - gets the width that the axis of values needs, returns the one it gets: plots have to line up */
  constructor(axisWidth: (needed: number) => number) {
    this.#axisWidth = axisWidth;
  }

  get content(): ChartContent | undefined {
    return this.#content;
  }

  get area(): PlotArea {
    const ratio = uPlot.pxRatio;
    const { left = 0, top = 0, width = 0, height = 0 } = this.#uplot?.bbox ?? {};
    return { left: left / ratio, top: top / ratio, width: width / ratio, height: height / ratio };
  }

  /** From times and values to CSS pixels within {@link area}. Not defined before anything was drawn. */
  get projection(): Projection | undefined {
    const content = this.#content;
    const { width, height } = this.area;
    if (content === undefined || !(width > 0) || !(height > 0)) return undefined;
    const { span, limits } = content;
    const lengthUs = span.toUs - span.fromUs;
    const range = limits.max - limits.min;
    return {
      x: (timeUs) => ((timeUs - span.fromUs) / lengthUs) * width,
      y: (value) => ((limits.max - value) / range) * height,
      timeUs: (x) => span.fromUs + (x / width) * lengthUs,
    };
  }

  /** The canvas with the axes and lines. */
  get canvas(): HTMLCanvasElement | undefined {
    return this.#uplot?.ctx.canvas;
  }

  /** Pixels of the canvas per CSS pixel. */
  get pixelRatio(): number {
    return uPlot.pxRatio;
  }

  resize(width: number, height: number): void {
    if (width === this.#width && height === this.#height) return;
    this.#width = width;
    this.#height = height;
    if (this.#content !== undefined) this.draw(this.#content);
  }

  draw(content: ChartContent): void {
    this.#content = content;
    // There is nothing to draw on in a hidden or collapsed plot.
    if (this.#width < 1 || this.#height < 1) return;
    // What was drawn last, since the content may have changed while there was nothing to draw on.
    const { lines, theme } = this.#drawn ?? {};
    const isOther = lines?.length !== content.lines.length || theme?.font !== content.theme.font;
    if (this.#uplot === undefined || isOther) this.#rebuild();
    this.#drawn = content;
    const uplot = this.#uplot!;
    uplot.batch(() => {
      if (uplot.width !== this.#width || uplot.height !== this.#height) {
        uplot.setSize({ width: this.#width, height: this.#height });
      }
      for (const [place, { style, isFaint }] of content.lines.entries()) {
        const series = uplot.series[place + 1]!;
        series.alpha = isFaint ? FAINT : 1;
        series.dash = style.dash.map((length) => length * uPlot.pxRatio);
      }
      uplot.redraw(true, true);
    });
  }

  destroy(): void {
    this.#uplot?.destroy();
    this.#uplot = undefined;
    this.element.remove();
  }

  #rebuild(): void {
    this.#uplot?.destroy();
    this.#uplot = new uPlot(this.#options(), dataOf(this.#content!), this.element);
    this.#uplot.over.append(this.overlay);
  }

  #options(): uPlot.Options {
    const content = () => this.#content!;
    const { lines, theme } = content();
    return {
      mode: 2 as uPlot.Mode,
      width: this.#width,
      height: this.#height,
      padding: PADDING,
      legend: { show: false },
      cursor: { show: false },
      select: { show: false, left: 0, top: 0, width: 0, height: 0 },
      scales: {
        x: { time: false, auto: false, range: () => [0, FULL] },
        y: { auto: false, range: () => [0, FULL] },
      },
      axes: [this.#timeAxis(theme), this.#valueAxis(theme)],
      // Without any series, uPlot has no scales in this mode.
      series: [{}, ...Array.from({ length: Math.max(1, lines.length) }, (_, place) => this.#series(place))],
      hooks: {
        drawAxes: [(uplot) => drawMarks(uplot.ctx, uplot.bbox, uPlot.pxRatio, content())],
        drawSeries: [(uplot, place) => drawDots(uplot.ctx, uplot.bbox, uPlot.pxRatio, content(), place - 1)],
        draw: [(uplot) => drawEndLabels(uplot.ctx, uplot.bbox, uPlot.pxRatio, content())],
      },
    };
  }

  #series(place: number): uPlot.Series {
    const line = () => this.#content!.lines[place];
    return {
      facets: [
        { scale: 'x', auto: false },
        { scale: 'y', auto: false },
      ],
      auto: false,
      width: 1.5,
      pxAlign: 0,
      stroke: () => line()?.style.color ?? 'transparent',
      points: { show: false },
      paths: (uplot) => {
        const stroke = new Path2D();
        const { span, limits, lines } = this.#content!;
        if (lines[place] !== undefined) drawLine(stroke, lines[place].points, span, limits, uplot.bbox);
        return { stroke, fill: null, clip: null, band: null, gaps: [], flags: 0 };
      },
    };
  }

  #timeAxis(theme: CanvasTheme): uPlot.Axis {
    const ticks = (uplot: uPlot) => {
      const { span, hasDates } = this.#content!;
      const most = Math.max(2, Math.floor(uplot.bbox.width / uPlot.pxRatio / TIME_TICK_PX));
      const toX = (timeUs: number) => ((timeUs - span.fromUs) / (span.toUs - span.fromUs)) * uplot.bbox.width;
      const isAtEdge = (timeUs: number) => uplot.bbox.left + toX(timeUs) < HALF_DATE_PX * uPlot.pxRatio;
      return withRoomForDate(timeTicks(span, most), isAtEdge).map(({ timeUs, text, context }) => ({
        at: ((timeUs - span.fromUs) / (span.toUs - span.fromUs)) * FULL,
        text: context === '' || !hasDates ? text : `${text}\n${context}`,
      }));
    };
    return {
      ...this.#axis(theme),
      scale: 'x',
      side: 2,
      size: () => TIME_AXIS_PX + (this.#content!.hasDates ? DATES_PX : 0),
      splits: (uplot) => ticks(uplot).map(({ at }) => at),
      values: (uplot) => ticks(uplot).map(({ text }) => text),
    };
  }

  #valueAxis(theme: CanvasTheme): uPlot.Axis {
    const ticks = (uplot: uPlot) => {
      const { limits, lines } = this.#content!;
      if (lines.length === 0) return [];
      const { min, max } = limits;
      const { step, at } = valueTicks(
        min,
        max,
        Math.max(3, Math.floor(uplot.bbox.height / uPlot.pxRatio / VALUE_TICK_PX)),
      );
      return at.map((value) => ({ at: ((value - min) / (max - min)) * FULL, text: tickText(value, step) }));
    };
    return {
      ...this.#axis(theme),
      scale: 'y',
      side: 3,
      size: (uplot, values) => this.#axisWidth(widestOf(uplot, values ?? [], theme)),
      splits: (uplot) => ticks(uplot).map(({ at }) => at),
      values: (uplot) => ticks(uplot).map(({ text }) => text),
    };
  }

  #axis(theme: CanvasTheme): uPlot.Axis {
    const grid = () => this.#content!.theme.grid;
    return {
      stroke: () => this.#content!.theme.muted,
      font: `${FONT_PX}px ${theme.font}`,
      lineGap: 1.3,
      gap: 4,
      // The ticks are computed above; uPlot only has to find that there is room for them.
      incrs: () => [FULL],
      space: () => 1,
      grid: { stroke: grid, width: 1 },
      ticks: { stroke: grid, width: 1, size: 5 },
      border: { show: true, stroke: grid, width: 1 },
    };
  }
}

function dataOf({ lines }: ChartContent): uPlot.AlignedData {
  // uPlot asks only for the lengths: the paths are drawn from the content. One point makes it draw even if there is none.
  const one = [[0], [0]];
  return [null, ...(lines.length === 0 ? [one] : lines.map(() => one))] as unknown as uPlot.AlignedData;
}

function widestOf(uplot: uPlot, values: readonly unknown[], theme: CanvasTheme): number {
  const { ctx } = uplot;
  ctx.save();
  ctx.font = `${FONT_PX}px ${theme.font}`;
  const widest = values.reduce<number>((width, text) => Math.max(width, ctx.measureText(String(text)).width), 0);
  ctx.restore();
  return Math.ceil(widest) + 14;
}
