import type { SeriesName } from '../state.js';
import { valueText } from './axes/number-text.js';
import type { ChartLine } from './chart/chart-content.js';
import type { CanvasTheme } from './chart/theme.js';

/** A plot as it goes into a picture. */
export interface PictureOf {
  readonly canvas: HTMLCanvasElement;
  readonly title: string;
  readonly lines: readonly (ChartLine & { readonly series: SeriesName })[];
}

const MARGIN = 12;
const TITLE_PX = 15;
const TEXT_PX = 12;
const LINE_HEIGHT = 18;
const SAMPLE_WIDTH = 28;

/** Draws plots below each other: a title, the shown time, and each plot with its legend, in the colors of the theme. */
export function drawPicture(
  plots: readonly PictureOf[],
  title: string,
  shownTime: string,
  theme: CanvasTheme,
  ratio: number,
): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  const width = Math.max(...plots.map(({ canvas: { width } }) => width)) + 2 * MARGIN * ratio;
  const heads = 2 * LINE_HEIGHT + 2 * MARGIN;
  const bodies = plots.reduce(
    (sum, plot) => sum + plot.canvas.height / ratio + (plot.lines.length + 1) * LINE_HEIGHT + MARGIN,
    0,
  );
  canvas.width = Math.ceil(width);
  canvas.height = Math.ceil((heads + bodies) * ratio);
  const ctx = canvas.getContext('2d')!;
  ctx.fillStyle = theme.background;
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.scale(ratio, ratio);
  ctx.textBaseline = 'middle';
  const room = canvas.width / ratio - 2 * MARGIN;
  write(ctx, title, MARGIN, MARGIN + LINE_HEIGHT / 2, `600 ${TITLE_PX}px ${theme.font}`, theme.text, room);
  write(ctx, shownTime, MARGIN, MARGIN + 1.5 * LINE_HEIGHT, `${TEXT_PX}px ${theme.font}`, theme.muted, room);
  let top = heads;
  for (const plot of plots) top = drawPlot(ctx, plot, top, theme, ratio, room);
  return canvas;
}

function drawPlot(
  ctx: CanvasRenderingContext2D,
  plot: PictureOf,
  top: number,
  theme: CanvasTheme,
  ratio: number,
  room: number,
): number {
  const font = `${TEXT_PX}px ${theme.font}`;
  write(ctx, plot.title, MARGIN, top + LINE_HEIGHT / 2, `600 ${font}`, theme.text, room);
  let below = top + LINE_HEIGHT;
  const height = plot.canvas.height / ratio;
  ctx.drawImage(plot.canvas, MARGIN, below, plot.canvas.width / ratio, height);
  below += height;
  for (const line of plot.lines) {
    drawLegendLine(ctx, line, below + LINE_HEIGHT / 2, font, theme, room);
    below += LINE_HEIGHT;
  }
  return below + MARGIN;
}

function drawLegendLine(
  ctx: CanvasRenderingContext2D,
  { style, series, points }: PictureOf['lines'][number],
  y: number,
  font: string,
  theme: CanvasTheme,
  room: number,
): void {
  write(ctx, style.label, MARGIN + 8, y, `600 ${font}`, style.color, 24);
  ctx.strokeStyle = style.color;
  ctx.lineWidth = 2;
  ctx.setLineDash([...style.dash]);
  ctx.beginPath();
  ctx.moveTo(MARGIN + 30, y);
  ctx.lineTo(MARGIN + 30 + SAMPLE_WIDTH, y);
  ctx.stroke();
  ctx.setLineDash([]);
  const { summary } = points;
  const values = summary
    ? `   min ${valueText(summary.min)}   max ${valueText(summary.max)}   mean ${valueText(summary.mean)}`
    : '   no points';
  const x = MARGIN + 38 + SAMPLE_WIDTH;
  write(ctx, `${series.name} ${series.path}${values}`, x, y, font, theme.text, room - x);
}

function write(
  ctx: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  font: string,
  color: string,
  room: number,
): void {
  ctx.font = font;
  ctx.fillStyle = color;
  // Narrower letters rather than text beyond the edge.
  ctx.fillText(text, x, y, Math.max(1, room));
}
