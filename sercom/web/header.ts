import type { Hello } from '../src/web/protocol.js';
import { button } from './button.js';
import { h, setAttribute, setText } from './dom.js';
import { type Action, keyOf, shortcutOf } from './keys.js';
import type { ViewName } from './state.js';

export interface HeaderOptions {
  /** The views that there are, in the order of their tabs. */
  readonly views: readonly { readonly name: ViewName; readonly title: string }[];
  act(action: Action): void;
}

/** The top of the page: what is shown, the tabs and the tools. */
export class Header {
  readonly element: HTMLElement;
  readonly #title = h('span', { class: 'title' });
  readonly #tabs: Map<ViewName, HTMLButtonElement>;
  /** Only with `--allow-send`. */
  readonly #sending: readonly HTMLElement[];

  constructor({ views, act }: HeaderOptions) {
    this.#tabs = new Map(views.map(({ name, title }) => [name, tab(name, title, () => act(name))]));
    this.#sending = [
      button({ label: 'Send', icon: 'send', action: 'send', onClick: () => act('send') }),
      button({ label: 'Marker', icon: 'marker', action: 'marker', onClick: () => act('marker') }),
    ];
    this.element = h(
      'header',
      { class: 'header' },
      h('h1', {}, h('span', { class: 'brand' }, 'sercom'), this.#title),
      h(
        'div',
        { class: 'tabs', role: 'tablist', 'aria-label': 'Views', on: { keydown: (event) => this.#tabKey(event) } },
        ...this.#tabs.values(),
      ),
      h(
        'div',
        { class: 'tools', role: 'group', 'aria-label': 'Tools' },
        ...this.#sending,
        button({ label: 'Save', icon: 'save', action: 'save', onClick: () => act('save') }),
        button({
          label: 'Light or dark',
          icon: 'theme',
          isIconOnly: true,
          action: 'theme',
          onClick: () => act('theme'),
        }),
        button({ label: 'Keys', icon: 'keyboard', isIconOnly: true, action: 'help', onClick: () => act('help') }),
      ),
    );
    for (const each of this.#sending) {
      each.hidden = true;
    }
  }

  begin(hello: Hello): void {
    setText(this.#title, hello.title);
    setAttribute(this.#title, 'title', hello.title);
    for (const each of this.#sending) {
      each.hidden = !hello.canSend;
    }
  }

  setView(view: ViewName): void {
    for (const [name, element] of this.#tabs) {
      setAttribute(element, 'aria-selected', name === view ? 'true' : 'false');
      setAttribute(element, 'tabindex', name === view ? 0 : -1);
    }
  }

  /** The arrow keys go from tab to tab. */
  #tabKey(event: KeyboardEvent): void {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const tabs = [...this.#tabs.values()];
    const at = tabs.indexOf(event.target as HTMLButtonElement);
    if (by === undefined || at < 0) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const next = tabs[(at + by + tabs.length) % tabs.length]!;
    next.focus();
    next.click();
  }
}

function tab(name: ViewName, title: string, onClick: () => void): HTMLButtonElement {
  return h(
    'button',
    {
      type: 'button',
      role: 'tab',
      class: 'tab',
      id: `tab-${name}`,
      'aria-controls': 'view',
      'aria-keyshortcuts': shortcutOf(name),
      title: `${title} (${keyOf(name)})`,
      on: { click: onClick },
    },
    title,
  );
}
