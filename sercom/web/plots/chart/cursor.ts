import { MARK_SIGNS } from '../../format/marks.js';
import { momentText } from '../axes/time-axis.js';
import type { PlotArea } from './chart.js';
import type { ChartContent } from './chart-content.js';
import type { Ring } from './cursor-layer.js';
import { markNear } from './mark-labels.js';
import { lastPointIn, type Projection, pointAtTime } from './points.js';

/** What the cursor shows. */
export interface Cursor {
  /** In pixels from the left end of the lines. Undefined without a cursor, or outside the shown time. */
  readonly x: number | undefined;
  readonly rings: readonly Ring[];
  /** The time, and the mark that the cursor is on. */
  readonly text: string;
  /** Of each line: at the cursor, or the last in the shown time. */
  readonly values: readonly (number | undefined)[];
}

/** Within this distance of a point, its value is shown even in a gap. */
const TOLERANCE_PX = 5;

/** What is shown for a time: the nearest point of each line. */
export function cursorOf(
  { lines, marks, span }: ChartContent,
  cursorUs: number | undefined,
  projection: Projection,
  { width, height }: Pick<PlotArea, 'width' | 'height'>,
): Cursor {
  if (cursorUs === undefined || cursorUs < span.fromUs || cursorUs > span.toUs) {
    const values = lines.map(({ points }) => points.values[lastPointIn(points, span) ?? -1] ?? undefined);
    return { x: undefined, rings: [], text: '', values };
  }
  const usPerPixel = (span.toUs - span.fromUs) / width;
  const indices = lines.map(({ points }) => pointAtTime(points, cursorUs, TOLERANCE_PX * usPerPixel));
  const rings = lines.flatMap(({ points, style, isFaint }, line) => {
    const index = indices[line];
    if (index === undefined || isFaint) return [];
    return [{ x: projection.x(points.timesUs[index]!), y: projection.y(points.values[index]!), color: style.color }];
  });
  const x = projection.x(cursorUs);
  const mark = markNear(marks, projection.x, x, TOLERANCE_PX);
  const moment = momentText(cursorUs, usPerPixel);
  return {
    x,
    // With a fixed scale, a value may be far above or below the plot.
    rings: rings.filter(({ x, y }) => x >= 0 && x <= width && y >= 0 && y <= height),
    text: mark === undefined ? moment : `${moment}\n${MARK_SIGNS[mark.mark]} ${mark.text}`,
    values: lines.map(({ points }, line) => points.values[indices[line] ?? -1] ?? undefined),
  };
}
