import { count } from './quantities.js';
import { day } from './times.js';

/** Where to go in the table: what was typed into "go to". */
export type Place = { readonly timeUs: number } | { readonly row: number } | { readonly problem: string };

/** What is held, to complete a time of day and to count from. */
export interface HeldTimes {
  /** The number of the next row, which has not come yet. Default: any row may have come */
  readonly end?: number;
  readonly firstTimeUs?: number | undefined;
  readonly lastTimeUs?: number | undefined;
}

const UNITS_US: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  min: 60_000_000,
  h: 3_600_000_000,
};

const PLACE_HELP = '15:04:05, 2026-01-31 15:04:05, -10s (before the end), +5min (after the start) or #1234 (a row)';

/** Parses a place. A time of day is one on the day of the last packet, or on the latest day before that has it. */
export function parsePlace(text: string, held: HeldTimes): Place {
  const trimmed = text.trim();
  return (
    rowPlace(trimmed, held) ??
    relativePlace(trimmed, held) ??
    datePlace(trimmed, held) ?? { problem: `expected ${PLACE_HELP}` }
  );
}

function rowPlace(text: string, { end = Number.POSITIVE_INFINITY }: HeldTimes): Place | undefined {
  const [, number] = /^#\s*(\d{1,15})$/.exec(text.replaceAll(',', '')) ?? [];
  if (number === undefined) {
    return undefined;
  }
  const row = Number(number);
  return row < end ? { row } : { problem: `row ${count(row)} has not come yet` };
}

function relativePlace(text: string, { firstTimeUs, lastTimeUs }: HeldTimes): Place | undefined {
  const [, sign, number, unit = 's'] = /^([+-])\s*(\d+(?:\.\d+)?)\s*(us|ms|s|min|m|h)?$/.exec(text) ?? [];
  if (sign === undefined) {
    return undefined;
  }
  const fromUs = sign === '-' ? lastTimeUs : firstTimeUs;
  if (fromUs === undefined) {
    return { problem: 'there are no packets yet' };
  }
  return { timeUs: Math.round(fromUs + (sign === '-' ? -1 : 1) * Number(number) * UNITS_US[unit]!) };
}

function datePlace(text: string, { firstTimeUs, lastTimeUs }: HeldTimes): Place | undefined {
  const [, date, clock, fraction = '', zone = ''] =
    /^(?:(\d{4}-\d\d-\d\d)[T ]+)?(\d{1,2}:\d\d(?::\d\d)?)(?:\.(\d{1,6})\d*)?(Z)?$/.exec(text) ?? [];
  if (clock === undefined) {
    return undefined;
  }
  if (date === undefined && lastTimeUs === undefined) {
    return { problem: 'there are no packets yet' };
  }
  const onDay = (day: string) => timeUsOf(day, clock, fraction, zone);
  const timeUs = onDay(date ?? day(lastTimeUs!));
  if (Number.isNaN(timeUs)) {
    return { problem: `"${text}" is not a time` };
  }
  if (date !== undefined || timeUs <= lastTimeUs! || firstTimeUs === undefined) {
    return { timeUs };
  }
  // Through the calendar: a day on which the clocks change does not have 24 hours.
  const before = new Date(lastTimeUs! / 1_000);
  before.setDate(before.getDate() - 1);
  const earlierUs = onDay(day(before.getTime() * 1_000));
  return { timeUs: earlierUs >= firstTimeUs ? earlierUs : timeUs };
}

function timeUsOf(date: string, clock: string, fraction: string, zone: string): number {
  const [hours = '', minutes, seconds = '00'] = clock.split(':');
  const ms = Date.parse(`${date}T${hours.padStart(2, '0')}:${minutes}:${seconds}${zone}`);
  return ms * 1_000 + Number(fraction.padEnd(6, '0'));
}
