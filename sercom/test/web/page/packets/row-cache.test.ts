import { expect, test } from 'vitest';
import type { Row } from '../../../../src/web/protocol.js';
import { RowCache } from '../../../../web/packets/row-cache.js';

const row = (number: number): Row => ({ row: number, timeUs: 0, mark: 'marker', text: '' });
const rows = (first: number, count: number) => Array.from({ length: count }, (_, index) => row(first + index));

test('gives rows by position', () => {
  const cache = new RowCache();
  cache.put(10, rows(100, 3), 10);
  expect([9, 10, 12, 13].map((position) => cache.get(position)?.row)).toEqual([undefined, 100, 102, undefined]);
});

test('takes newer rows in place of older ones', () => {
  const cache = new RowCache();
  cache.put(0, rows(0, 2), 0);
  cache.put(1, [row(7)], 0);
  expect(cache.get(1)!.row).toBe(7);
});

test('says what is missing in a range', () => {
  const cache = new RowCache();
  cache.put(10, rows(10, 5), 10);
  expect(cache.missing(10, 15)).toBeUndefined();
  expect(cache.missing(12, 12)).toBeUndefined();
  expect(cache.missing(8, 15)).toEqual({ first: 8, end: 10 });
  expect(cache.missing(10, 20)).toEqual({ first: 15, end: 20 });
  cache.put(18, rows(18, 2), 10);
  expect(cache.missing(10, 20)).toEqual({ first: 15, end: 18 });
  expect(cache.missing(30, 40)).toEqual({ first: 30, end: 40 });
});

test('is bounded, and keeps what is near', () => {
  const cache = new RowCache(100);
  for (let position = 0; position < 10_000; position += 10) {
    cache.put(position, rows(position, 10), position);
    expect(cache.size).toBeLessThanOrEqual(100);
  }
  expect(cache.missing(9_980, 10_000)).toBeUndefined();
  expect(cache.get(0)).toBeUndefined();
});

test('forgets everything when positions change', () => {
  const cache = new RowCache();
  cache.put(0, rows(0, 2), 0);
  cache.clear();
  expect(cache.size).toBe(0);
});
