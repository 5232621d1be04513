import { describe, expect, test } from 'vitest';
import { parsePlace } from '../../../../web/format/place.js';

/** A time in the zone of this machine, in microseconds. */
const at = (text: string, micros = 0) => new Date(text).getTime() * 1_000 + micros;

const HELD = { firstTimeUs: at('2026-03-09T22:00:00'), lastTimeUs: at('2026-03-11T15:04:05', 500_000) };
const NOTHING = {};

test.each([
  ['#1234', 1_234],
  ['# 1,234', 1_234],
  [' #0 ', 0],
])('%s is a row', (text, row) => {
  expect(parsePlace(text, NOTHING)).toEqual({ row });
});

test('a row that has not come yet is none', () => {
  expect(parsePlace('#1999', { end: 2_000 })).toEqual({ row: 1_999 });
  expect(parsePlace('#2000', { end: 2_000 })).toEqual({ problem: 'row 2,000 has not come yet' });
});

describe('a time of day', () => {
  test.each([
    ['15:04:05', at('2026-03-11T15:04:05')],
    ['9:30', at('2026-03-11T09:30:00')],
    ['15:04:05.25', at('2026-03-11T15:04:05', 250_000)],
    ['15:04:05.123456789', at('2026-03-11T15:04:05', 123_456)],
  ])('%s is on the day of the last packet', (text, timeUs) => {
    expect(parsePlace(text, HELD)).toEqual({ timeUs });
  });

  test('is on the day before if the last day does not have it yet', () => {
    expect(parsePlace('23:00', HELD)).toEqual({ timeUs: at('2026-03-10T23:00:00') });
  });

  test('stays on the last day if nothing of the day before is held', () => {
    const held = { firstTimeUs: at('2026-03-11T14:00:00'), lastTimeUs: HELD.lastTimeUs };
    expect(parsePlace('23:00', held)).toEqual({ timeUs: at('2026-03-11T23:00:00') });
  });

  test('needs packets', () => {
    expect(parsePlace('15:04', NOTHING)).toEqual({ problem: 'there are no packets yet' });
  });

  test.each(['25:00', '12:60', '12:00:61'])('%s is none', (text) => {
    expect(parsePlace(text, HELD)).toEqual({ problem: `"${text}" is not a time` });
  });
});

test.each([
  ['2026-01-31 15:04:05', at('2026-01-31T15:04:05')],
  ['2026-01-31T15:04', at('2026-01-31T15:04:00')],
  ['2026-01-31 15:04:05.5Z', Date.UTC(2026, 0, 31, 15, 4, 5) * 1_000 + 500_000],
])('%s is a date and a time', (text, timeUs) => {
  expect(parsePlace(text, NOTHING)).toEqual({ timeUs });
});

test.each([
  ['-10s', HELD.lastTimeUs - 10_000_000],
  ['-10', HELD.lastTimeUs - 10_000_000],
  ['- 1.5 min', HELD.lastTimeUs - 90_000_000],
  ['+250ms', HELD.firstTimeUs + 250_000],
  ['+2h', HELD.firstTimeUs + 7_200_000_000],
])('%s counts from the end or the start', (text, timeUs) => {
  expect(parsePlace(text, HELD)).toEqual({ timeUs });
});

test('a span needs packets', () => {
  expect(parsePlace('-10s', NOTHING)).toEqual({ problem: 'there are no packets yet' });
});

test.each(['', 'yesterday', '10s', '#', '#1x', '2026-13-01', '12', '-10 weeks'])('"%s" is explained', (text) => {
  expect(parsePlace(text, HELD)).toMatchObject({ problem: expect.stringMatching(/^expected 15:04:05/) });
});
