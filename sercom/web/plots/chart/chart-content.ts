import type { MarkRow } from '../../../src/web/protocol.js';
import type { Span } from '../axes/time-range.js';
import type { Limits } from '../axes/value-scale.js';
import type { Points } from './points.js';
import type { SeriesStyle } from './series-style.js';
import type { CanvasTheme } from './theme.js';

export interface ChartLine {
  readonly points: Points;
  readonly style: SeriesStyle;
  /** Drawn more faintly, since another one is pointed at. */
  readonly isFaint: boolean;
}

export interface ChartContent {
  readonly span: Span;
  readonly limits: Limits;
  readonly lines: readonly ChartLine[];
  readonly marks: readonly MarkRow[];
  readonly theme: CanvasTheme;
  /** Whether the time axis has its second line, which says the date. */
  readonly hasDates: boolean;
}
