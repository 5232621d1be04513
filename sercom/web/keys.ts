import type { ViewName } from './state.js';

/** What a key or a button can ask for. */
export type Action =
  | 'toggle-follow'
  | 'find'
  | 'find-next'
  | 'find-previous'
  | 'filter'
  | 'go-to-time'
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'first'
  | 'last'
  | 'open'
  | 'packets'
  | 'plots'
  | 'kinds'
  | 'connections'
  | 'send'
  | 'marker'
  | 'save'
  | 'plot-number'
  | 'zoom-in'
  | 'zoom-out'
  | 'zoom-all'
  | 'pan-left'
  | 'pan-right'
  | 'previous-point'
  | 'next-point'
  | 'close'
  | 'theme'
  | 'help';

export interface KeyBinding {
  /** As `KeyboardEvent.key` has them. */
  readonly keys: readonly string[];
  readonly action: Action;
  /** For the list of keys. */
  readonly does: string;
  /** Where it has a meaning. Default: everywhere. */
  readonly view?: ViewName;
}

/** All keys, in the order in which the list of keys shows them. */
export const KEYS: readonly KeyBinding[] = [
  { keys: ['1'], action: 'packets', does: 'show packets' },
  { keys: ['2'], action: 'plots', does: 'show plots' },
  { keys: ['3'], action: 'kinds', does: 'show kinds of packets' },
  { keys: ['4'], action: 'connections', does: 'show connections' },
  { keys: [' '], action: 'toggle-follow', does: 'hold the view, or follow new packets; recording continues' },
  { keys: ['f'], action: 'filter', does: 'filter packets' },
  { keys: [':'], action: 'send', does: 'send a packet' },
  { keys: ['m'], action: 'marker', does: 'set a marker' },
  { keys: ['s'], action: 'save', does: 'save what is held' },
  { keys: ['d'], action: 'theme', does: 'switch between light and dark' },
  { keys: ['?'], action: 'help', does: 'show the keys' },
  { keys: ['Escape'], action: 'close', does: 'close what is open, or leave a field' },
  { keys: ['/'], action: 'find', does: 'find text, bytes or a condition', view: 'packets' },
  { keys: ['n'], action: 'find-next', does: 'find the next match', view: 'packets' },
  { keys: ['N'], action: 'find-previous', does: 'find the previous match', view: 'packets' },
  { keys: ['t'], action: 'go-to-time', does: 'go to a time or a row', view: 'packets' },
  { keys: ['ArrowUp', 'k'], action: 'up', does: 'select the packet above', view: 'packets' },
  { keys: ['ArrowDown', 'j'], action: 'down', does: 'select the packet below', view: 'packets' },
  { keys: ['PageUp'], action: 'page-up', does: 'go up a page', view: 'packets' },
  { keys: ['PageDown'], action: 'page-down', does: 'go down a page', view: 'packets' },
  { keys: ['Home'], action: 'first', does: 'go to the first packet', view: 'packets' },
  { keys: ['End'], action: 'last', does: 'go to the end, and follow', view: 'packets' },
  { keys: ['Enter'], action: 'open', does: 'go into the details of the selected packet', view: 'packets' },
  { keys: ['p'], action: 'plot-number', does: 'plot the selected number', view: 'packets' },
  { keys: ['+', '='], action: 'zoom-in', does: 'zoom in', view: 'plots' },
  { keys: ['-'], action: 'zoom-out', does: 'zoom out', view: 'plots' },
  { keys: ['0'], action: 'zoom-all', does: 'show all that is held', view: 'plots' },
  { keys: ['ArrowLeft'], action: 'pan-left', does: 'go back in time', view: 'plots' },
  { keys: ['ArrowRight'], action: 'pan-right', does: 'go forward in time', view: 'plots' },
  { keys: ['.'], action: 'next-point', does: 'choose the next point', view: 'plots' },
  { keys: [','], action: 'previous-point', does: 'choose the point before', view: 'plots' },
  { keys: ['Enter'], action: 'open', does: 'show the packet of the chosen point', view: 'plots' },
  { keys: ['/'], action: 'find', does: 'find numbers by their names', view: 'plots' },
];

const SHOWN: Readonly<Record<string, string>> = {
  ' ': 'Space',
  Escape: 'Esc',
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  PageUp: 'Page Up',
  PageDown: 'Page Down',
};

/** A key as people call it. */
export function shownKey(key: string): string {
  return SHOWN[key] ?? key;
}

/** The key of an action, for tooltips. Empty if it has none. */
export function keyOf(action: Action): string {
  return shownKey(firstKeyOf(action));
}

/** The key of an action, for `aria-keyshortcuts`, which has names for keys that it would misread. Empty if it has none. */
export function shortcutOf(action: Action): string {
  const key = firstKeyOf(action);
  return { ' ': 'Space', '+': 'Plus' }[key] ?? key;
}

function firstKeyOf(action: Action): string {
  return KEYS.find((binding) => binding.action === action)?.keys[0] ?? '';
}

/** What of a keyboard event decides about its action. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

/**
 * Where the key was pressed: fields take all keys but Escape, buttons those that press them, and a text that can be scrolled
 * those that scroll.
 */
export type KeyTarget = 'field' | 'button' | 'scroller' | 'page';

const PRESSING = [' ', 'Enter'];
const SCROLLING = ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'PageUp', 'PageDown', 'Home', 'End'];

/** The action that a key asks for. */
export function actionOf(press: KeyPress, target: KeyTarget, view: ViewName): Action | undefined {
  if (press.ctrlKey || press.altKey || press.metaKey) {
    return undefined;
  }
  if (target === 'field' && press.key !== 'Escape') {
    return undefined;
  }
  if (target === 'button' && PRESSING.includes(press.key)) {
    return undefined;
  }
  if (target === 'scroller' && SCROLLING.includes(press.key)) {
    return undefined;
  }
  return KEYS.find((each) => each.keys.includes(press.key) && (each.view === undefined || each.view === view))?.action;
}
