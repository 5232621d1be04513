import { expect, test, vi } from 'vitest';
import { AxisWidths } from '../../../../../web/plots/axes/axis-widths.js';

test('all plots get the width of the widest, and are told when it changes', () => {
  const onChange = vi.fn();
  const widths = new AxisWidths(onChange);
  expect(widths.need(0, 30)).toBe(36);
  expect(onChange).not.toHaveBeenCalled();
  expect(widths.need(1, 50)).toBe(60);
  expect(onChange).toHaveBeenCalledTimes(1);
  expect(widths.need(0, 30)).toBe(60);
  expect(widths.need(1, 55)).toBe(60);
  expect(onChange).toHaveBeenCalledTimes(1);
  expect(widths.need(1, 10)).toBe(36);
  expect(onChange).toHaveBeenCalledTimes(2);
});

test('a plot that is removed no longer counts', () => {
  const widths = new AxisWidths(() => {});
  widths.need(0, 20);
  widths.need(1, 100);
  widths.keep(1);
  expect(widths.need(0, 20)).toBe(24);
});
