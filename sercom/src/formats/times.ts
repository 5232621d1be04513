import { microsOf } from '../records/clock.js';
import { isoTime } from './json-line.js';

/** What `--timestamp` takes. */
export const TIMESTAMPS = ['absolute', 'iso', 'epoch', 'delta', 'start'] as const;

export type Timestamp = (typeof TIMESTAMPS)[number];

/** Writes the time of one record after the other. */
export type TimeFormat = (timeUs: number) => string;

/**
 * How times are written: of day (local), ISO 8601 (UTC), seconds since 1970, since the record before, since the first
 * record. All with microseconds.
 */
export function timeFormat(timestamp: Timestamp): TimeFormat {
  switch (timestamp) {
    case 'absolute':
      return localTime;
    case 'iso':
      return isoTime;
    case 'epoch':
      return epochTime;
    case 'start': {
      let first: number | undefined;
      return (timeUs) => {
        first ??= timeUs;
        return difference(timeUs - first);
      };
    }
    case 'delta': {
      let previous: number | undefined;
      return (timeUs) => {
        const passed = timeUs - (previous ?? timeUs);
        previous = timeUs;
        return difference(passed);
      };
    }
  }
}

/** Time of day in the local time zone. */
export function localTime(timeUs: number): string {
  const time = new Date(Math.floor(timeUs / 1000));
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, '0'));
  return `${clock.join(':')}.${microsOf(timeUs)}`;
}

/** Seconds since 1970. */
export function epochTime(timeUs: number): string {
  return `${Math.floor(timeUs / 1_000_000)}.${microsOf(timeUs)}`;
}

/** Seconds, aligned up to 9999; they may be negative: a clock can be set, a file can hold anything. */
function difference(microseconds: number): string {
  const seconds = epochTime(Math.abs(microseconds));
  return `${microseconds < 0 ? '-' : '+'}${seconds}`.padStart(12);
}
