import { epochTime, withMicroseconds } from '../text/timestamp.js';

/** The values of `--timestamp`. */
export const TIMESTAMPS = ['absolute', 'iso', 'epoch', 'delta', 'start'] as const;

export type Timestamp = (typeof TIMESTAMPS)[number];

/** Formats the time of each record, in the order of the records. */
export type TimeFormat = (timeUs: number) => string;

/**
 * Times of day (local), ISO 8601 (UTC), seconds since 1970, since the record before, or since the first record. All have
 * microseconds.
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

/** Formats the time of day in the local time zone. */
export const localTime: TimeFormat = withMicroseconds((second) => {
  const time = new Date(second * 1_000);
  const parts = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, '0'));
  return `${parts.join(':')}.`;
});

const isoTimeWithoutZone = withMicroseconds((second) =>
  new Date(second * 1_000).toISOString().slice(0, -'000Z'.length),
);

/** Formats a time as ISO 8601 in UTC. */
export const isoTime: TimeFormat = (timeUs) => `${isoTimeWithoutZone(timeUs)}Z`;

/** Seconds, aligned up to 9999. They can be negative, because clocks are set and recordings are arbitrary. */
function difference(microseconds: number): string {
  const seconds = epochTime(Math.abs(microseconds));
  return `${microseconds < 0 ? '-' : '+'}${seconds}`.padStart(12);
}
