import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type AddressBar, FragmentState, type ViewState } from '../../../web/state.js';

/** A window with an address, which counts how often it is written. */
class FakeWindow implements AddressBar {
  readonly location = { hash: '', reload: vi.fn() };
  readonly written: string[] = [];
  readonly history = {
    replaceState: (_data: unknown, _unused: string, url: string) => {
      this.written.push(url);
      this.location.hash = url;
    },
  };
  readonly #listeners = new Map<string, () => void>();

  constructor(hash: string) {
    this.location.hash = hash;
  }

  addEventListener(type: string, listener: () => void): void {
    this.#listeners.set(type, listener);
  }

  emit(type: 'hashchange' | 'pagehide'): void {
    this.#listeners.get(type)!();
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('reads the token and the state of the link', () => {
  const state = new FragmentState(new FakeWindow('#token=abc&filter=dir%3Drx&top=7'));
  expect(state.token).toBe('abc');
  expect(state.value).toMatchObject({ filter: 'dir=rx', topRow: 7, view: 'packets' });
});

test('writes changes into the address, not more than twice a second', () => {
  const window = new FakeWindow('#token=abc');
  const state = new FragmentState(window);
  for (let row = 1; row <= 100; row++) {
    state.update({ topRow: row });
    vi.advanceTimersByTime(10);
  }
  vi.advanceTimersByTime(1_000);
  expect(window.written.length).toBeLessThanOrEqual(3);
  expect(window.written.at(-1)).toBe('#token=abc&top=100');
});

test('writes what is left when the page is closed', () => {
  const window = new FakeWindow('#token=abc');
  new FragmentState(window).update({ view: 'kinds' });
  window.emit('pagehide');
  expect(window.written).toEqual(['#token=abc&view=kinds']);
  vi.advanceTimersByTime(1_000);
  expect(window.written).toHaveLength(1);
});

test('tells listeners of changes, until they are removed', () => {
  const state = new FragmentState(new FakeWindow('#token=abc'));
  const changes: [ViewState, ViewState][] = [];
  const remove = state.onChange((now, before) => changes.push([now, before]));
  state.update({ filter: 'dir=rx' });
  state.update({ filter: 'dir=rx', topRow: undefined });
  expect(changes.map(([now, before]) => [now.filter, before.filter])).toEqual([['dir=rx', '']]);
  remove();
  state.update({ filter: '' });
  expect(changes).toHaveLength(1);
});

test('follows another link to the page, with what it leaves out', () => {
  const window = new FakeWindow('#token=abc&filter=dir%3Drx&top=5&row=6');
  const state = new FragmentState(window);
  window.location.hash = '#token=abc&view=plots';
  window.emit('hashchange');
  expect(state.value).toMatchObject({ view: 'plots', filter: '' });
  expect(state.value.topRow).toBeUndefined();
  expect(state.value.selectedRow).toBeUndefined();
  expect(window.location.reload).not.toHaveBeenCalled();
});

test('loads the page again for another token', () => {
  const window = new FakeWindow('#token=abc');
  const state = new FragmentState(window);
  window.location.hash = '#token=def';
  window.emit('hashchange');
  expect(window.location.reload).toHaveBeenCalledOnce();
  expect(state.token).toBe('abc');
});
