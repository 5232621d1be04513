import { expect, test } from 'vitest';
import { pageTitle } from '../../src/web/page-title.js';

test.each([
  [['arm'], 'monitor arm'],
  [['/dev/ttyUSB0', 'leg'], 'monitor /dev/ttyUSB0, leg'],
  [['a', 'b', 'c', 'd'], 'monitor a, b, c, d'],
  [['a', 'b', 'c', 'd', 'e'], 'monitor a, b, c, d, 1 more connection'],
  [Array.from({ length: 1_000 }, (_, index) => `c${index}`), 'monitor c0, c1, c2, c3, 996 more connections'],
  [['x'.repeat(10_000)], `monitor ${'x'.repeat(60)}…`],
])('names what a page shows, as far as a tab has room: %#', (names, title) => {
  expect(pageTitle('monitor', names, 'connection')).toBe(title);
});
