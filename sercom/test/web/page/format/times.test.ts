import { expect, test } from 'vitest';
import { clockTime, dateTime, day, duration } from '../../../../web/format/times.js';

const TIME_US = new Date('2026-01-31T05:04:03').getTime() * 1_000 + 1_020;

test('shows the time of day with microseconds', () => {
  expect(clockTime(TIME_US)).toBe('05:04:03.001020');
});

test('shows the day, and both', () => {
  expect(day(TIME_US)).toBe('2026-01-31');
  expect(dateTime(TIME_US)).toBe('2026-01-31 05:04:03.001020');
});

test('shows numbers that are no dates as seconds', () => {
  const timeUs = 9_000_000_000_000_000_000;
  expect(day(timeUs)).toBe('');
  expect(dateTime(timeUs)).toBe('9000000000000.000000');
});

test.each([
  [0, '0 µs'],
  [999, '999 µs'],
  [1_500, '1.5 ms'],
  [-2_000, '-2 ms'],
  [12_345_678, '12.3 s'],
  [90_000_000, '1.5 min'],
  [7_200_000_000, '2 h'],
  [86_400_000_000, '1 day'],
  [259_200_000_000, '3 days'],
])('%d µs are %s', (us, text) => {
  expect(duration(us)).toBe(text);
});
