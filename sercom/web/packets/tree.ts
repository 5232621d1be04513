import { button } from '../button.js';
import { h, setAttribute } from '../dom.js';
import { count } from '../format/quantities.js';
import type { ValueNode } from './value-tree.js';

/** Parts shown at once; more on request. */
const MAX_PARTS = 100;
/** Nodes open by themselves down to this depth, if they are not large. */
const OPEN_DEPTH = 2;
const OPEN_PARTS = 20;

export interface TreeOptions {
  plot(series: number): void;
}

/** The tree of a decoded packet, for mouse and keys (as in the ARIA practices for trees). */
export class Tree {
  readonly element: HTMLElement;
  readonly #options: TreeOptions;
  readonly #nodes = new WeakMap<Element, { node: ValueNode; depth: number }>();
  #current: HTMLElement | undefined;

  constructor(root: ValueNode, options: TreeOptions) {
    this.#options = options;
    this.element = h('div', {
      role: 'tree',
      class: 'tree',
      'aria-label': 'Decoded packet',
      on: { keydown: (event) => this.#key(event), focusin: (event) => this.#focused(event) },
    });
    if (root.size === 0) {
      this.element.append(this.#item(root, 0));
    } else {
      this.#addParts(this.element, root, 0, 0);
    }
    this.#setCurrent(this.element.querySelector<HTMLElement>('[role=treeitem]') ?? undefined);
  }

  /** The series of the number that is selected; without a selection, of the first one. */
  get series(): number | undefined {
    const selected = this.#current === undefined ? undefined : this.#nodes.get(this.#current)?.node.series;
    if (selected !== undefined) {
      return selected;
    }
    const first = this.element.querySelector('[data-series]');
    return first === null ? undefined : this.#nodes.get(first)?.node.series;
  }

  focus(): void {
    this.#current?.focus();
  }

  #item(node: ValueNode, depth: number): HTMLElement {
    const hasParts = node.size > 0;
    const line = h(
      'div',
      { class: 'tree-line' },
      h('span', { class: 'tree-arrow', 'aria-hidden': 'true' }),
      node.key !== '' && h('span', { class: 'tree-key' }, node.key),
      h('span', { class: `tree-value ${node.kind}` }, node.text),
      hasParts && h('span', { class: 'tree-size' }, count(node.size)),
      node.series !== undefined && this.#plotButton(node.series),
    );
    const item = h(
      'div',
      {
        role: 'treeitem',
        class: 'tree-item',
        tabindex: -1,
        'aria-label': node.key === '' ? node.text : `${node.key}: ${node.text}`,
        'aria-level': depth + 1,
        'aria-expanded': hasParts ? 'false' : undefined,
        'data-series': node.series,
      },
      line,
    );
    if (hasParts) {
      line.addEventListener('click', () => this.#toggle(item));
    }
    this.#nodes.set(item, { node, depth });
    if (hasParts && depth < OPEN_DEPTH && node.size <= OPEN_PARTS) {
      this.#open(item);
    }
    return item;
  }

  #plotButton(series: number): HTMLElement {
    return button({
      label: 'Plot',
      icon: 'plot',
      action: 'plot-number',
      props: { tabindex: -1 },
      onClick: () => this.#options.plot(series),
    });
  }

  #addParts(parent: HTMLElement, node: ValueNode, first: number, depth: number): void {
    parent.append(...node.children(first, MAX_PARTS).map((part) => this.#item(part, depth)));
    const left = node.size - first - MAX_PARTS;
    if (left <= 0) {
      return;
    }
    const more = button({
      label: `${count(Math.min(left, MAX_PARTS))} more of ${count(left)}`,
      props: { class: 'button tree-more' },
      onClick: () => {
        more.remove();
        this.#addParts(parent, node, first + MAX_PARTS, depth);
      },
    });
    parent.append(more);
  }

  #toggle(item: HTMLElement): void {
    if (item.getAttribute('aria-expanded') === 'true') {
      this.#close(item);
    } else {
      this.#open(item);
    }
    this.#setCurrent(item);
  }

  #open(item: HTMLElement): void {
    const entry = this.#nodes.get(item);
    if (entry === undefined || item.getAttribute('aria-expanded') !== 'false') {
      return;
    }
    setAttribute(item, 'aria-expanded', 'true');
    const group = h('div', { role: 'group', class: 'tree-group' });
    this.#addParts(group, entry.node, 0, entry.depth + 1);
    item.append(group);
  }

  #close(item: HTMLElement): void {
    setAttribute(item, 'aria-expanded', 'false');
    item.querySelector(':scope > .tree-group')?.remove();
  }

  #setCurrent(item: HTMLElement | undefined): void {
    if (this.#current !== undefined) {
      setAttribute(this.#current, 'tabindex', -1);
    }
    this.#current = item;
    if (item !== undefined) {
      setAttribute(item, 'tabindex', 0);
    }
  }

  #focused({ target }: FocusEvent): void {
    const item = (target as Element).closest<HTMLElement>('[role=treeitem]');
    if (item !== null) {
      this.#setCurrent(item);
    }
  }

  #key(event: KeyboardEvent): void {
    const item = (event.target as Element).closest<HTMLElement>('[role=treeitem]');
    if (item === null || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    // On a button in the item, Enter presses that.
    if (event.key === 'Enter' && event.target !== item) {
      return;
    }
    const to = this.#targetOf(event.key, item);
    if (to === undefined) {
      return;
    }
    // Handled here: the table must not move, too.
    event.preventDefault();
    event.stopPropagation();
    to.focus();
  }

  /** Where a key leads, after opening or closing the item if it asks for that. */
  #targetOf(key: string, item: HTMLElement): HTMLElement | undefined {
    const isOpen = item.getAttribute('aria-expanded');
    const items = [...this.element.querySelectorAll<HTMLElement>('[role=treeitem]')];
    const at = items.indexOf(item);
    switch (key) {
      case 'ArrowDown':
        return items[at + 1] ?? item;
      case 'ArrowUp':
        return items[at - 1] ?? item;
      case 'Home':
        return items[0];
      case 'End':
        return items.at(-1);
      case 'ArrowRight':
        if (isOpen === 'false') {
          this.#open(item);
        } else if (isOpen === 'true') {
          return items[at + 1] ?? item;
        }
        return item;
      case 'ArrowLeft':
        if (isOpen === 'true') {
          this.#close(item);
        } else {
          return item.parentElement?.closest<HTMLElement>('[role=treeitem]') ?? item;
        }
        return item;
      case 'Enter':
        if (isOpen !== null) {
          this.#toggle(item);
        }
        return item;
    }
    return undefined;
  }
}
