import { expect, test } from 'vitest';
import { curve } from '../../../web/connections/sparkline.js';

test('ends at the right edge, with the largest value at the top', () => {
  expect(curve([0, 5, 10])).toBe('M117 23.0L118 12.0L119 1.0');
});

test('is flat at the bottom if nothing happens', () => {
  expect(curve([0, 0])).toBe('M118 23.0L119 23.0');
});

test('is empty without values', () => {
  expect(curve([])).toBe('');
});
