import type { Span } from '../axes/time-range.js';
import type { Limits } from '../axes/value-scale.js';
import type { Points } from './points.js';

/** The rectangle of the lines, in pixels of the canvas. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What a line needs of a path. */
export interface Pen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
}

/** Canvases compute with 32-bit floats. Farther outside, lines would be at wrong places. */
const FAR = 100_000;

/** Draws the line through points that follow each other without a gap. A point between two gaps becomes a short line. */
export function drawLine(pen: Pen, points: Points, span: Span, limits: Limits, box: Box): void {
  const { timesUs, values } = points;
  const toX = box.width / (span.toUs - span.fromUs);
  const toY = box.height / (limits.max - limits.min);
  let isDown = false;
  let lastX = 0;
  let lastY = 0;
  for (let index = 0; index < timesUs.length; index++) {
    const value = values[index];
    if (value === null || value === undefined) {
      isDown = false;
      continue;
    }
    const x = box.left + (timesUs[index]! - span.fromUs) * toX;
    const y = clamp(box.top + (limits.max - value) * toY, -FAR, FAR);
    if (isDown) {
      lineWithin(pen, lastX, lastY, x, y, box);
    } else {
      pen.moveTo(clamp(x, -FAR, FAR), y);
      if (typeof values[index + 1] !== 'number') pen.lineTo(clamp(x, -FAR, FAR) + 0.01, y);
    }
    isDown = true;
    lastX = x;
    lastY = y;
  }
}

/** Whether points are far enough apart that each of them is worth a dot. */
export function hasRoomForDots({ timesUs }: Points, span: Span, width: number, spacing: number): boolean {
  return (
    timesUs.length <= 2 ||
    ((timesUs.at(-1)! - timesUs[0]!) / (span.toUs - span.fromUs)) * width >= spacing * timesUs.length
  );
}

/** Draws the next segment; if an end is far outside, only the part near the box. */
function lineWithin(pen: Pen, x1: number, y1: number, x2: number, y2: number, box: Box): void {
  const left = box.left - box.width;
  const right = box.left + 2 * box.width;
  if (x1 < -FAR && x2 > left) pen.moveTo(left, y1 + ((left - x1) / (x2 - x1)) * (y2 - y1));
  if (x2 > FAR && x1 < right) pen.lineTo(right, y1 + ((right - x1) / (x2 - x1)) * (y2 - y1));
  else pen.lineTo(clamp(x2, -FAR, FAR), y2);
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
