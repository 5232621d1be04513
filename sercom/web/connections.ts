import type { Batch, ConnectionStatus } from '../src/web/protocol.js';
import { Card } from './connections/card.js';
import type { PageContext, View } from './context.js';
import { h } from './dom.js';
import type { Past } from './feed/past.js';

/** One card for each connection: its state, rates and losses. */
export class ConnectionsView implements View {
  readonly element: HTMLElement;
  readonly #context: PageContext;
  readonly #list = h('ul', { class: 'cards' });
  readonly #cards: Card[] = [];
  #latest: readonly ConnectionStatus[] = [];
  #past: Past | undefined;
  #isShown = false;

  constructor(context: PageContext) {
    this.#context = context;
    this.element = h('section', { class: 'connections', 'aria-label': 'Connections' }, this.#list);
  }

  show(): void {
    this.#isShown = true;
    this.#draw();
  }

  hide(): void {
    this.#isShown = false;
  }

  setPast(past: Past | undefined): void {
    this.#past = past;
    if (this.#isShown) {
      this.#draw();
    }
  }

  take({ connections }: Batch): void {
    if (connections === undefined) {
      return;
    }
    this.#latest = connections;
    while (this.#cards.length > connections.length) {
      this.#cards.pop()!.element.remove();
    }
    while (this.#cards.length < connections.length) {
      const card = new Card((filter) => {
        this.#context.state.update({ filter });
        this.#context.go({ view: 'packets' });
      });
      this.#cards.push(card);
      this.#list.append(card.element);
    }
    // The history of the rates goes on while the view is hidden.
    for (const [index, status] of connections.entries()) {
      this.#cards[index]!.remember(status);
    }
    if (this.#isShown) {
      this.#draw();
    }
  }

  #draw(): void {
    for (const [index, status] of this.#latest.entries()) {
      this.#cards[index]!.show(this.#context.name(index), status, this.#past);
    }
  }
}
