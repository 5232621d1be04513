import { button } from './button.js';
import { h } from './dom.js';
import { KEYS, type KeyBinding, shownKey } from './keys.js';

const GROUPS = [
  { title: 'Everywhere', view: undefined },
  { title: 'Packets', view: 'packets' },
  { title: 'Plots', view: 'plots' },
] as const;

/** The list of keys. */
export function helpDialog(): HTMLDialogElement {
  const dialog = h(
    'dialog',
    { class: 'dialog help', 'aria-labelledby': 'help-title' },
    h(
      'header',
      { class: 'dialog-head' },
      h('h2', { id: 'help-title' }, 'Keys'),
      button({ label: 'Close', icon: 'close', isIconOnly: true, onClick: () => dialog.close() }),
    ),
    h(
      'div',
      { class: 'help-groups' },
      ...GROUPS.map(({ title, view }) =>
        h('section', {}, h('h3', {}, title), h('dl', {}, ...KEYS.filter((each) => each.view === view).flatMap(entry))),
      ),
    ),
  );
  // A click beside the dialog is a click on its backdrop.
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) {
      dialog.close();
    }
  });
  return dialog;
}

function entry({ keys, does }: KeyBinding): HTMLElement[] {
  const names = keys.flatMap((key, index) => [index > 0 ? ' ' : '', h('kbd', {}, shownKey(key))]);
  return [h('dt', {}, ...names), h('dd', {}, does)];
}
