import { withMicroseconds } from '../../src/text/timestamp.js';

const DAY_US = 86_400_000_000;

/** The time of day here, as on the screen of `monitor`: `15:04:05.123456`. */
export const clockTime = withMicroseconds((second) => {
  const time = new Date(second * 1_000);
  // A recording may hold a number that is no date.
  if (Number.isNaN(time.getTime())) {
    return `${second}.`;
  }
  return `${[time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(':')}.`;
});

/** The day here: `2026-01-31`. */
export function day(timeUs: number): string {
  const time = new Date(timeUs / 1_000);
  return Number.isNaN(time.getTime())
    ? ''
    : [time.getFullYear(), twoDigits(time.getMonth() + 1), twoDigits(time.getDate())].join('-');
}

/** Day and time. */
export function dateTime(timeUs: number): string {
  return `${day(timeUs)} ${clockTime(timeUs)}`.trim();
}

/** A span of time in the unit that suits it: `1.5 ms`, `12 s`, `3 min`. */
export function duration(us: number): string {
  const size = Math.abs(us);
  if (size < 1_000) {
    return `${Math.round(us)} µs`;
  }
  if (size < 1_000_000) {
    return `${short(us / 1_000)} ms`;
  }
  if (size < 60_000_000) {
    return `${short(us / 1_000_000)} s`;
  }
  if (size < 3_600_000_000) {
    return `${short(us / 60_000_000)} min`;
  }
  if (size < DAY_US) {
    return `${short(us / 3_600_000_000)} h`;
  }
  const days = short(us / DAY_US);
  return days === '1' ? '1 day' : `${days} days`;
}

function short(number: number): string {
  return String(Number(number.toPrecision(3)));
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
