import type { PlotArea } from './chart.js';

/** Where in a chart something is. */
export type Zone = 'lines' | 'time-axis' | 'value-axis';

/** What a drag does. */
export type DragKind = 'select' | 'pan' | 'pan-values';

export interface Place {
  /** In CSS pixels from the top left corner of the lines. */
  readonly x: number;
  readonly y: number;
}

/** What a drag has selected: a part of the axis of times or of values, in pixels from its start. */
export interface Selection {
  readonly axis: 'time' | 'values';
  readonly from: number;
  readonly to: number;
}

/** Less is a click. */
const MIN_DRAG_PX = 5;

/** The zone of a place; undefined in the corners. */
export function zoneOf({ x, y }: Place, { width, height }: PlotArea): Zone | undefined {
  const isBeside = x < 0;
  const isBelow = y > height;
  if (isBeside) return isBelow ? undefined : 'value-axis';
  if (x > width + 24) return undefined;
  return isBelow ? 'time-axis' : 'lines';
}

/** Fingers pan, since that is what they do elsewhere. Mice select, and pan with the middle button or Shift. */
export function dragKind(
  zone: Zone,
  pointer: { readonly type: string; readonly button: number; readonly hasShift: boolean },
): DragKind {
  if (zone === 'value-axis') return 'pan-values';
  const pans = zone === 'time-axis' || pointer.type === 'touch' || pointer.button === 1 || pointer.hasShift;
  return pans ? 'pan' : 'select';
}

/** What is selected by a drag from one place to another: values if it is plainly vertical, otherwise times. */
export function selectionOf(start: Place, end: Place, area: PlotArea): Selection | undefined {
  const isVertical = Math.abs(end.y - start.y) > 3 * Math.abs(end.x - start.x);
  const axis = isVertical ? 'values' : 'time';
  const limit = isVertical ? area.height : area.width;
  const [one, other] = isVertical ? [start.y, end.y] : [start.x, end.x];
  const from = clamp(Math.min(one, other), limit);
  const to = clamp(Math.max(one, other), limit);
  return to - from < MIN_DRAG_PX ? undefined : { axis, from, to };
}

export function isClick(start: Place, end: Place): boolean {
  return Math.hypot(end.x - start.x, end.y - start.y) < MIN_DRAG_PX;
}

/** The rectangle to show for a selection. */
export function selectedArea({ axis, from, to }: Selection, { width, height }: PlotArea): PlotArea {
  return axis === 'time'
    ? { left: from, top: 0, width: to - from, height }
    : { left: 0, top: from, width, height: to - from };
}

/** How much more is shown after turning a wheel: mice turn in steps, touchpads continuously. */
export function wheelFactor(delta: number, mode: number): number {
  const pixels = delta * (mode === 0 ? 1 : mode === 1 ? 16 : 400);
  return Math.exp(Math.min(240, Math.max(-240, pixels)) * 0.0025);
}

function clamp(value: number, max: number): number {
  return Math.min(max, Math.max(0, value));
}
