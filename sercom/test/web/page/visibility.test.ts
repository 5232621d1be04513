import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Hideable, stopWhileHidden } from '../../../web/visibility.js';

let calls: string[];
const feed = { start: () => calls.push('start'), stop: () => calls.push('stop') };

class FakePage implements Hideable {
  visibilityState: DocumentVisibilityState = 'visible';
  #listener = () => {};

  addEventListener(_type: 'visibilitychange', listener: () => void): void {
    this.#listener = listener;
  }

  turn(state: DocumentVisibilityState): void {
    this.visibilityState = state;
    this.#listener();
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  calls = [];
});

afterEach(() => {
  vi.useRealTimers();
});

test('starts the feed of a page that is shown', () => {
  stopWhileHidden(new FakePage(), feed);
  expect(calls).toEqual(['start']);
});

test('does not start the feed of a page that is opened in the background', () => {
  const page = new FakePage();
  page.visibilityState = 'hidden';
  stopWhileHidden(page, feed);
  vi.advanceTimersByTime(10_000);
  expect(calls).toEqual(['stop']);
  page.turn('visible');
  expect(calls).toEqual(['stop', 'start']);
});

test('stops the feed of a page that has been hidden for two seconds', () => {
  const page = new FakePage();
  stopWhileHidden(page, feed);
  page.turn('hidden');
  vi.advanceTimersByTime(1_999);
  expect(calls).toEqual(['start']);
  vi.advanceTimersByTime(1);
  expect(calls).toEqual(['start', 'stop']);
});

test('leaves the feed alone if the page is shown again soon', () => {
  const page = new FakePage();
  stopWhileHidden(page, feed);
  page.turn('hidden');
  vi.advanceTimersByTime(1_000);
  page.turn('visible');
  vi.advanceTimersByTime(10_000);
  expect(calls).toEqual(['start', 'start']);
});
