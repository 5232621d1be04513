import { expect, test } from 'vitest';
import { byteRate, count, counted, memory, rate } from '../../../../web/format/quantities.js';

test('counts with separators', () => {
  expect([count(0), count(1_234), count(1_234_567.6)]).toEqual(['0', '1,234', '1,234,568']);
  expect([counted(1, 'row'), counted(2_000, 'row'), counted(2, 'reply', 'replies')]).toEqual([
    '1 row',
    '2,000 rows',
    '2 replies',
  ]);
});

test('shows memory in the units of --web-memory', () => {
  expect([0, 1_023, 1_024, 268_435_456, 1_500_000, 1e12].map(memory)).toEqual([
    '0 bytes',
    '1023 bytes',
    '1.0 KiB',
    '256 MiB',
    '1.4 MiB',
    '931 GiB',
  ]);
});

test('shows rates', () => {
  expect([0, 0.5, 9.96, 10, 1_234.4].map(rate)).toEqual(['0', '0.5', '10.0', '10', '1,234']);
  expect([0, 999, 1_234, 2_500_000].map(byteRate)).toEqual(['0 B/s', '999 B/s', '1.2 kB/s', '2.5 MB/s']);
});
