import { expect, test } from 'vitest';
import { isDark, withAlpha } from '../../../../../web/plots/chart/theme.js';

test.each([
  ['rgb(255, 255, 255)', false],
  ['rgb(26, 30, 36)', true],
  ['rgba(240, 240, 240, 0.5)', false],
  ['rgb(0 0 0)', true],
  ['', false],
])('%s is dark: %s', (color, expected) => {
  expect(isDark(color)).toBe(expected);
});

test('a color can be made transparent', () => {
  expect(withAlpha('rgb(26, 30, 36)', 0.5)).toBe('rgba(26, 30, 36, 0.5)');
});
