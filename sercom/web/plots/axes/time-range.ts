import type { TimeRange } from '../../state.js';

/** A part of the time axis, in microseconds since 1970. */
export interface Span {
  readonly fromUs: number;
  readonly toUs: number;
}

/** Below this, the axis would show fractions of a microsecond, which no record has. */
export const MIN_SPAN_US = 20;
/** About a hundred years: times beyond are mistakes. */
export const MAX_SPAN_US = 3_155_760_000_000_000;

/** A single moment is shown in the middle of this. */
const MOMENT_US = 1_000_000;
/** How far one can pan beyond what is held, as a share of the shown time. */
const PAN_MARGIN = 0.5;

/** What the time axis shows. Not defined while nothing is held, unless the range is fixed. */
export function spanOf(range: TimeRange, held: Span | undefined): Span | undefined {
  switch (range.kind) {
    case 'fixed':
      return legal(range.fromUs, range.toUs);
    case 'last':
      return held && legal(held.toUs - range.seconds * 1e6, held.toUs);
    case 'all':
      return held && (held.toUs > held.fromUs ? legal(held.fromUs, held.toUs) : around(held.toUs, MOMENT_US));
  }
}

/** Whether new packets move the right edge. */
export function isFollowing(range: TimeRange): boolean {
  return range.kind !== 'fixed';
}

export function lengthOf({ fromUs, toUs }: Span): number {
  return toUs - fromUs;
}

/** The range that shows exactly this part, and does not move. */
export function fixedRange(span: Span): TimeRange {
  return { kind: 'fixed', ...legal(Math.round(span.fromUs), Math.round(span.toUs)) };
}

/**
 * Shows `factor` times as much time.
 *
 * @param atUs - what stays at its place. Default: the newest time while following, the middle otherwise
 */
export function zoomed(range: TimeRange, held: Span | undefined, factor: number, atUs?: number): TimeRange {
  const span = spanOf(range, held);
  if (span === undefined) return range;
  const lengthUs = clamp(lengthOf(span) * factor, MIN_SPAN_US, MAX_SPAN_US);
  // While it follows, the newest packets are what one wants to see.
  if (range.kind === 'last') return { kind: 'last', seconds: lengthUs / 1e6 };
  const pivotUs = atUs ?? (span.fromUs + span.toUs) / 2;
  const fromUs = pivotUs - (pivotUs - span.fromUs) * (lengthUs / lengthOf(span));
  const next = { fromUs, toUs: fromUs + lengthUs };
  const showsAll = held !== undefined && next.fromUs <= held.fromUs && next.toUs >= held.toUs;
  if (factor > 1 && (range.kind === 'all' || showsAll)) return { kind: 'all' };
  return fixedRange(next);
}

/** Moves the shown part by a share of its length; to later times if positive. At the newest time it begins to follow. */
export function panned(range: TimeRange, held: Span | undefined, share: number): TimeRange {
  const span = spanOf(range, held);
  if (span === undefined || held === undefined || (share > 0 && isFollowing(range))) return range;
  const lengthUs = lengthOf(span);
  const earliestUs = held.fromUs - PAN_MARGIN * lengthUs;
  const latestUs = held.toUs - (1 - PAN_MARGIN) * lengthUs;
  const wantedUs = span.fromUs + share * lengthUs;
  // What is outside already, as after rows were dropped, may come back step by step but not go further.
  const fromUs =
    share > 0
      ? Math.min(wantedUs, Math.max(latestUs, span.fromUs))
      : Math.max(wantedUs, Math.min(earliestUs, span.fromUs));
  return fixedRange({ fromUs, toUs: fromUs + lengthUs });
}

/** Stops at what is shown, or follows with as much time as is shown. */
export function toggledFollow(range: TimeRange, held: Span | undefined): TimeRange {
  const span = spanOf(range, held);
  if (span === undefined) return range;
  return isFollowing(range) ? fixedRange(span) : { kind: 'last', seconds: lengthOf(span) / 1e6 };
}

/** Shows this time: as it is if it is in view, otherwise moved there. The result does not move on. */
export function showing(range: TimeRange, held: Span | undefined, timeUs: number): TimeRange {
  const span = spanOf(range, held);
  if (span === undefined) return fixedRange(around(timeUs, MOMENT_US));
  if (span.fromUs <= timeUs && timeUs <= span.toUs) return range.kind === 'last' ? fixedRange(span) : range;
  return fixedRange(around(timeUs, lengthOf(span)));
}

function around(timeUs: number, lengthUs: number): Span {
  return legal(timeUs - lengthUs / 2, timeUs + lengthUs / 2);
}

/** The span with its ends in order and a length that can be shown. */
function legal(fromUs: number, toUs: number): Span {
  const lengthUs = clamp(toUs - fromUs, MIN_SPAN_US, MAX_SPAN_US);
  return toUs - fromUs === lengthUs ? { fromUs, toUs } : { fromUs: toUs - lengthUs, toUs };
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
