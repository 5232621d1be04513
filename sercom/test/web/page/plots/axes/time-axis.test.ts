import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { momentText, timeTicks, withRoomForDate } from '../../../../../web/plots/axes/time-axis.js';

/** A local time in microseconds since 1970. */
function at(text: string, micros = 0): number {
  return Date.parse(text) * 1_000 + micros;
}

function labels(from: number, to: number, most: number): string[] {
  return timeTicks({ fromUs: from, toUs: to }, most).map(({ text, context }) => `${text} ${context}`.trim());
}

test('a date that the edge would cut goes to the next mark', () => {
  const start = at('2026-01-31T15:04:05');
  const ticks = timeTicks({ fromUs: start, toUs: start + 40_000_000 }, 5);
  const contexts = (edgeUs: number) =>
    withRoomForDate(ticks, (timeUs) => timeUs < edgeUs).map(({ context }) => context);
  expect(contexts(start + 5_000_001)).toEqual(['', '2026-01-31', '', '']);
  expect(contexts(start + 5_000_000)).toEqual(['2026-01-31', '', '', '']);
});

describe('timeTicks', () => {
  test('are whole seconds, with the day below the first', () => {
    const start = at('2026-01-31T15:04:05');
    expect(labels(start, start + 40_000_000, 5)).toEqual(['15:04:10 2026-01-31', '15:04:20', '15:04:30', '15:04:40']);
  });

  test('are whole minutes from a minute on', () => {
    const start = at('2026-01-31T23:50:00');
    expect(labels(start, start + 20 * 60_000_000, 4)).toEqual([
      '23:50 2026-01-31',
      '23:55',
      '00:00 2026-02-01',
      '00:05',
      '00:10',
    ]);
  });

  test('show fractions of a second, with the minute below', () => {
    const start = at('2026-01-31T15:04:59.8');
    expect(labels(start, start + 400_000, 4)).toEqual([
      '59.8 2026-01-31 15:04',
      '59.9',
      '00.0 2026-01-31 15:05',
      '00.1',
      '00.2',
    ]);
    const fine = at('2026-01-31T15:04:05', 123_400);
    expect(labels(fine, fine + 40, 4)).toEqual([
      '05.12340 2026-01-31 15:04',
      '05.12341',
      '05.12342',
      '05.12343',
      '05.12344',
    ]);
  });

  test('are midnights from a day on, over changes of the clocks', () => {
    const start = at('2026-03-27T12:00:00');
    expect(labels(start, start + 4 * 86_400_000_000, 5).map((label) => label.slice(0, 5))).toEqual([
      '03-28',
      '03-29',
      '03-30',
      '03-31',
    ]);
  });

  test('lie in the span, in order and with different labels, whatever its length', () => {
    const start = fc.integer({ min: 0, max: 4_000_000_000_000_000 });
    const length = fc.double({ min: 1.31, max: 15.4, noNaN: true }).map((power) => Math.round(10 ** power));
    fc.assert(
      fc.property(start, length, fc.integer({ min: 2, max: 25 }), (fromUs, lengthUs, most) => {
        const toUs = fromUs + lengthUs;
        const ticks = timeTicks({ fromUs, toUs }, most);
        const times = ticks.map(({ timeUs }) => timeUs);
        expect(times.every((timeUs) => timeUs >= fromUs && timeUs <= toUs)).toBe(true);
        expect([...times].sort((a, b) => a - b)).toEqual(times);
        // Daylight saving time adds an hour to some spans.
        expect(ticks.length).toBeLessThanOrEqual(most + 2);
        expect(ticks[0]?.context).not.toBe('');
      }),
    );
  });

  test('before 1970 have no labels but do not fail', () => {
    expect(timeTicks({ fromUs: -10_000_000, toUs: 0 }, 5).length).toBeGreaterThan(0);
  });
});

test('a moment has the digits that a pixel can tell apart', () => {
  const moment = at('2026-01-31T15:04:05', 123_456);
  expect(momentText(moment, 10)).toBe('2026-01-31 15:04:05.123456');
  expect(momentText(moment, 10_000)).toBe('2026-01-31 15:04:05.123');
  expect(momentText(moment, 1e7)).toBe('2026-01-31 15:04:05.1');
  expect(momentText(moment, 1e9)).toBe('2026-01-31 15:04:05');
});
