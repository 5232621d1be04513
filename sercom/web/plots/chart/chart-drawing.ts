import type { ChartContent } from './chart-content.js';
import { type Box, hasRoomForDots } from './line-path.js';
import { placeMarks } from './mark-labels.js';
import { lastPointIn } from './points.js';

type Context = CanvasRenderingContext2D;

const DOT_SPACING = 9;
const DOT_RADIUS = 2.5;
const LABEL_HEIGHT = 13;
const LABEL_PX = 11;

/** Lines at the times of marks, with labels above the lines of series. */
export function drawMarks(ctx: Context, box: Box, ratio: number, { marks, span, theme }: ChartContent): void {
  const toX = (timeUs: number) => box.left + ((timeUs - span.fromUs) / (span.toUs - span.fromUs)) * box.width;
  const right = box.left + box.width;
  ctx.save();
  ctx.font = `${LABEL_PX * ratio}px ${theme.font}`;
  ctx.textBaseline = 'bottom';
  ctx.textAlign = 'left';
  ctx.fillStyle = theme.text;
  ctx.strokeStyle = theme.muted;
  ctx.lineWidth = ratio;
  ctx.setLineDash([4 * ratio, 3 * ratio]);
  const widthOf = (text: string) => ctx.measureText(text).width / ratio;
  const placed = placeMarks(marks, (timeUs) => toX(timeUs) / ratio, box.left / ratio, right / ratio, widthOf);
  ctx.beginPath();
  for (const { x, label } of placed) {
    const pixel = Math.round(x * ratio) + 0.5;
    ctx.moveTo(pixel, box.top - (label === '' ? 0 : 14 * ratio));
    ctx.lineTo(pixel, box.top + box.height);
    if (label !== '') ctx.fillText(label, pixel + 4 * ratio, box.top - 2 * ratio);
  }
  ctx.stroke();
  ctx.restore();
}

/** A dot at each point, where there is room for them. */
export function drawDots(ctx: Context, box: Box, ratio: number, content: ChartContent, place: number): void {
  const line = content.lines[place];
  if (line === undefined || !hasRoomForDots(line.points, content.span, box.width, DOT_SPACING * ratio)) return;
  const { span, limits } = content;
  const { timesUs, values } = line.points;
  ctx.save();
  clip(ctx, box, DOT_RADIUS * ratio);
  ctx.fillStyle = line.style.color;
  if (line.isFaint) ctx.globalAlpha = FAINT;
  ctx.beginPath();
  for (const [index, value] of values.entries()) {
    if (value === null) continue;
    const x = box.left + ((timesUs[index]! - span.fromUs) / (span.toUs - span.fromUs)) * box.width;
    const y = box.top + ((limits.max - value) / (limits.max - limits.min)) * box.height;
    ctx.moveTo(x + DOT_RADIUS * ratio, y);
    ctx.arc(x, y, DOT_RADIUS * ratio, 0, 2 * Math.PI);
  }
  ctx.fill();
  ctx.restore();
}

/** How much is seen of lines that another one is pointed at. */
export const FAINT = 0.2;

/** The number of each series at the end of its line, so that lines can be told apart without their colors. */
export function drawEndLabels(
  ctx: Context,
  box: Box,
  ratio: number,
  { lines, limits, span, theme }: ChartContent,
): void {
  const ends = lines.flatMap(({ points, style, isFaint }) => {
    const value = points.values[lastPointIn(points, span) ?? -1];
    if (typeof value !== 'number' || value < limits.min || value > limits.max) return [];
    return [{ style, isFaint, y: box.top + ((limits.max - value) / (limits.max - limits.min)) * box.height }];
  });
  const places = spread(
    ends.map(({ y }) => y),
    LABEL_HEIGHT * ratio,
    box.top,
    box.top + box.height,
  );
  ctx.save();
  ctx.font = `600 ${LABEL_PX * ratio}px ${theme.font}`;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  for (const [index, { style, isFaint, y }] of ends.entries()) {
    const x = box.left + box.width;
    const place = places[index]!;
    ctx.globalAlpha = isFaint ? FAINT : 1;
    ctx.fillStyle = ctx.strokeStyle = style.color;
    ctx.lineWidth = ratio;
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x + 5 * ratio, place);
    ctx.stroke();
    ctx.fillText(style.label, x + 7 * ratio, place);
  }
  ctx.restore();
}

/** Moves places apart, in their order, so that labels of this height do not overlap; within the limits if there is room. */
export function spread(places: readonly number[], height: number, top: number, bottom: number): readonly number[] {
  const order = places.map((_, index) => index).sort((a, b) => places[a]! - places[b]!);
  const result = [...places];
  let least = top;
  for (const index of order) {
    result[index] = Math.max(result[index]!, least);
    least = result[index]! + height;
  }
  let most = bottom;
  for (const index of order.toReversed()) {
    if (result[index]! <= most) break;
    result[index] = most;
    most -= height;
  }
  return result;
}

function clip(ctx: Context, box: Box, margin: number): void {
  ctx.beginPath();
  ctx.rect(box.left - margin, box.top - margin, box.width + 2 * margin, box.height + 2 * margin);
  ctx.clip();
}
