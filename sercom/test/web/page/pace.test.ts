import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Pace } from '../../../web/pace.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('does what is asked for at once, and then once in each interval', () => {
  const run = vi.fn();
  const pace = new Pace(100, run);
  pace.request();
  expect(run).toHaveBeenCalledTimes(1);
  pace.request();
  pace.request();
  vi.advanceTimersByTime(99);
  expect(run).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1);
  expect(run).toHaveBeenCalledTimes(2);
  // Nobody has asked since.
  vi.advanceTimersByTime(1_000);
  expect(run).toHaveBeenCalledTimes(2);
  expect(vi.getTimerCount()).toBe(0);
  pace.request();
  expect(run).toHaveBeenCalledTimes(3);
});

test('does nothing more after it was canceled, until it is asked again', () => {
  const run = vi.fn();
  const pace = new Pace(100, run);
  pace.request();
  pace.request();
  pace.cancel();
  vi.advanceTimersByTime(1_000);
  expect(run).toHaveBeenCalledTimes(1);
  expect(vi.getTimerCount()).toBe(0);
});
