import { clockTime, day } from '../../format/times.js';
import type { Span } from './time-range.js';

const MS = 1_000;
const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Distances between marks of the axis, in microseconds, up to half a day. Longer ones are whole days. */
const STEPS = [
  ...[1, 10, 100, MS, 10 * MS, 100 * MS].flatMap((unit) => [unit, 2 * unit, 5 * unit]),
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
];
const DAYS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/** A mark of the axis. The second line says what the first leaves out, where that changes. */
export interface TimeTick {
  readonly timeUs: number;
  readonly text: string;
  readonly context: string;
}

/** Marks at round times of the local time zone, at most `most` of them. */
export function timeTicks(span: Span, most: number): readonly TimeTick[] {
  const roughUs = (span.toUs - span.fromUs) / Math.max(1, most);
  const stepUs = STEPS.find((candidate) => candidate >= roughUs);
  if (stepUs !== undefined) return labeled(roundTimes(span, stepUs), stepUs);
  const days = DAYS.find((candidate) => candidate * DAY >= roughUs) ?? DAYS.at(-1)!;
  return labeled(midnights(span, days), days * DAY);
}

/** Moves what the first mark says in its second line to the next one, if it would be cut at the edge. */
export function withRoomForDate(
  ticks: readonly TimeTick[],
  isAtEdge: (timeUs: number) => boolean,
): readonly TimeTick[] {
  const [first, second, ...others] = ticks;
  if (first === undefined || second === undefined || second.context !== '' || !isAtEdge(first.timeUs)) return ticks;
  return [{ ...first, context: '' }, { ...second, context: first.context }, ...others];
}

/** A moment for the line of values at the cursor: with the digits that a pixel can tell apart. */
export function momentText(timeUs: number, usPerPixel: number): string {
  const decimals = usPerPixel < 1e2 ? 6 : usPerPixel < 1e5 ? 3 : usPerPixel < 1e8 ? 1 : 0;
  return `${day(timeUs)} ${clockText(timeUs, decimals)}`;
}

function roundTimes({ fromUs, toUs }: Span, stepUs: number): readonly number[] {
  // Steps of hours begin at local midnight; daylight saving time may move it within the span by an hour, which is acceptable.
  const offsetUs = stepUs >= MINUTE ? new Date(fromUs / MS).getTimezoneOffset() * MINUTE : 0;
  const times: number[] = [];
  for (let timeUs = Math.ceil((fromUs - offsetUs) / stepUs) * stepUs + offsetUs; timeUs <= toUs; timeUs += stepUs) {
    times.push(timeUs);
  }
  return times;
}

/** Midnights at steps of this many days, counted from 1970, so that they keep their places while one pans. */
function midnights({ fromUs, toUs }: Span, days: number): readonly number[] {
  const times: number[] = [];
  const date = new Date(fromUs / MS);
  date.setHours(0, 0, 0, 0);
  date.setDate(date.getDate() - (dayNumber(date) % days));
  for (; date.getTime() * MS <= toUs; date.setDate(date.getDate() + days)) {
    if (date.getTime() * MS >= fromUs) times.push(date.getTime() * MS);
  }
  return times;
}

function dayNumber(date: Date): number {
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / (DAY / MS));
}

function labeled(times: readonly number[], stepUs: number): readonly TimeTick[] {
  let before = '';
  return times.map((timeUs) => {
    const [text, context] = stepUs >= DAY ? dayLabel(timeUs) : clockLabel(timeUs, stepUs);
    const shown = context === before ? '' : context;
    before = context;
    return { timeUs, text, context: shown };
  });
}

function dayLabel(timeUs: number): [text: string, context: string] {
  const date = day(timeUs);
  return [date.slice(-5), date.slice(0, -6)];
}

function clockLabel(timeUs: number, stepUs: number): [text: string, context: string] {
  if (stepUs >= MINUTE) return [clockText(timeUs, 0).slice(0, 5), day(timeUs)];
  if (stepUs >= SECOND) return [clockText(timeUs, 0), day(timeUs)];
  const decimals = Math.ceil(6 - Math.log10(stepUs) - 1e-9);
  const text = clockText(timeUs, decimals);
  // Below a second the minute moves to the second line, so that labels stay narrow.
  return [text.slice(6), `${day(timeUs)} ${text.slice(0, 5)}`];
}

/** The time of day with some of its six decimals. */
function clockText(timeUs: number, decimals: number): string {
  // Panning can lead before 1970, where no record is.
  if (timeUs < 0) return '';
  return clockTime(Math.floor(timeUs)).slice(0, decimals === 0 ? 8 : 9 + decimals);
}
