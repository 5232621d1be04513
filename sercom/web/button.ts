import { h, type Props } from './dom.js';
import { type IconName, icon } from './icons.js';
import { type Action, keyOf, shortcutOf } from './keys.js';

export interface ButtonOptions {
  /** Its name. Shown beside the icon, unless `isIconOnly`. */
  readonly label: string;
  readonly icon?: IconName;
  readonly isIconOnly?: boolean;
  /** Adds the key of this action to the tooltip. */
  readonly action?: Action;
  readonly props?: Props;
  onClick(): void;
}

export function button({
  label,
  icon: name,
  isIconOnly = false,
  action,
  props,
  onClick,
}: ButtonOptions): HTMLButtonElement {
  const key = action === undefined ? '' : keyOf(action);
  return h(
    'button',
    {
      type: 'button',
      class: isIconOnly ? 'button icon-only' : 'button',
      'aria-keyshortcuts': action === undefined ? undefined : shortcutOf(action) || undefined,
      title: key === '' ? (isIconOnly ? label : undefined) : `${label} (${key})`,
      ...props,
      on: { click: onClick },
    },
    name !== undefined && icon(name),
    h('span', { class: 'label' }, label),
  );
}
