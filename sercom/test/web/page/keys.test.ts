import { describe, expect, test } from 'vitest';
import { actionOf, KEYS, type KeyTarget, keyOf, shortcutOf, shownKey } from '../../../web/keys.js';
import type { ViewName } from '../../../web/state.js';

const VIEWS: readonly ViewName[] = ['packets', 'plots', 'kinds', 'connections'];

function press(key: string, target: KeyTarget = 'page', view: ViewName = 'packets', held: object = {}) {
  return actionOf({ key, ctrlKey: false, altKey: false, metaKey: false, ...held }, target, view);
}

test.each(VIEWS)('no key has two meanings in the view of %s', (view) => {
  const keys = KEYS.filter((each) => each.view === undefined || each.view === view).flatMap((each) => each.keys);
  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
});

test.each(KEYS.flatMap((binding) => binding.keys.map((key) => [shownKey(key), key, binding] as const)))(
  '%s does what the table says, where it says so',
  (_shown, key, { action, view }) => {
    for (const each of VIEWS) {
      const expected = view === undefined || view === each ? action : undefined;
      if (expected !== undefined) {
        expect(press(key, 'page', each)).toBe(expected);
      }
    }
  },
);

test('every key is described', () => {
  expect(KEYS.filter(({ does }) => does === '')).toEqual([]);
});

test('keys with Ctrl, Alt or Meta are left to the browser', () => {
  for (const held of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }]) {
    expect(press('f', 'page', 'packets', held)).toBeUndefined();
  }
});

describe('where something else takes keys', () => {
  test('a field takes all but Escape', () => {
    const keys = KEYS.flatMap((each) => each.keys);
    expect(keys.filter((key) => press(key, 'field') !== undefined)).toEqual(['Escape']);
  });

  test('a button takes those that press it', () => {
    expect(press(' ', 'button')).toBeUndefined();
    expect(press('Enter', 'button')).toBeUndefined();
    expect(press('n', 'button')).toBe('find-next');
  });

  test('a text takes those that scroll it', () => {
    for (const key of ['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End']) {
      expect(press(key, 'scroller')).toBeUndefined();
    }
    expect(press(' ', 'scroller')).toBe('toggle-follow');
  });
});

test('unknown keys do nothing', () => {
  expect(press('F5')).toBeUndefined();
  expect(press('Tab')).toBeUndefined();
});

test('names a key as people do', () => {
  expect(keyOf('toggle-follow')).toBe('Space');
  expect(keyOf('close')).toBe('Esc');
  expect(keyOf('up')).toBe('↑');
  expect(keyOf('help')).toBe('?');
});

test('names a key as screen readers expect it', () => {
  expect(shortcutOf('toggle-follow')).toBe('Space');
  expect(shortcutOf('close')).toBe('Escape');
  expect(shortcutOf('up')).toBe('ArrowUp');
  expect(shortcutOf('zoom-in')).toBe('Plus');
  // A space separates shortcuts, a plus sign the keys of one.
  expect(KEYS.map(({ action }) => shortcutOf(action)).filter((key) => /[ +]|^$/.test(key))).toEqual([]);
});
