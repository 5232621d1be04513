import type { Kind } from '../../src/web/protocol.js';
import { h, setAttribute, setText } from '../dom.js';
import { count, rate } from '../format/quantities.js';
import { clockTime, duration } from '../format/times.js';

/** A line of the table of kinds. */
export class KindRow {
  readonly element: HTMLElement;
  readonly #name: HTMLButtonElement;
  readonly #dir = h('td');
  readonly #count = h('td', { class: 'kind-count number' });
  readonly #rate = h('td', { class: 'kind-rate number' });
  readonly #interval = h('td', { class: 'kind-interval number' });
  readonly #last = h('td', { class: 'kind-last number' });
  readonly #length = h('td', { class: 'kind-length number' });
  readonly #bytes = h('code', { class: 'kind-bytes' });
  readonly #text = h('span', { class: 'kind-text' });
  #kind: Kind | undefined;
  #shown: Kind | undefined;
  #isInView = false;

  /** @param onPick - gets the filter that selects the kind */
  constructor(onPick: (filter: string) => void) {
    const pick = () => {
      // Whoever marks bytes to copy them does not want to leave.
      if (this.#kind !== undefined && (getSelection()?.isCollapsed ?? true)) onPick(this.#kind.filter);
    };
    this.#name = h('button', { type: 'button', class: 'pick' });
    this.element = h(
      'tr',
      { on: { click: pick } },
      h('th', { scope: 'row' }, this.#name),
      this.#dir,
      this.#count,
      this.#rate,
      this.#interval,
      this.#last,
      this.#length,
      h('td', { class: 'kind-packet' }, h('div', {}, this.#bytes, this.#text)),
    );
  }

  /** Shows another state of the kind: at once only in view, since hundreds of kinds can change five times a second. */
  update(kind: Kind, name: string): void {
    setText(this.#name, name);
    this.#kind = kind;
    if (this.#isInView || this.#shown === undefined) this.#show(kind);
  }

  set isInView(isInView: boolean) {
    this.#isInView = isInView;
    if (isInView && this.#kind !== undefined) this.#show(this.#kind);
  }

  #show(kind: Kind): void {
    if (kind === this.#shown) return;
    this.#shown = kind;
    setAttribute(this.#name, 'title', `Show only these packets: ${kind.filter}`);
    setText(this.#dir, kind.request === undefined ? kind.dir : `${kind.dir} ${kind.request}`);
    setAttribute(this.#dir, 'class', `dir ${kind.dir}`);
    setText(this.#count, count(kind.count));
    const { intervalUs } = kind;
    setText(this.#rate, intervalUs === undefined || intervalUs <= 0 ? '–' : rate(1e6 / intervalUs));
    setText(this.#interval, intervalUs === undefined ? '–' : duration(intervalUs));
    setText(this.#last, clockTime(kind.lastTimeUs).slice(0, 12));
    setText(this.#length, count(kind.length));
    this.#bytes.replaceChildren(...bytesOf(kind));
    setText(this.#text, kind.problem === undefined ? kind.text : `✖ ${kind.problem}`);
    setAttribute(this.#text, 'class', kind.problem === undefined ? 'kind-text' : 'kind-text problem');
  }
}

/** The first bytes; those that have changed are bold and underlined. */
function bytesOf({ hex, changed, length }: Kind): (Node | string)[] {
  const bytes = hex.match(/../g) ?? [];
  const isChanged = new Set(changed);
  const pieces: (Node | string)[] = bytes.flatMap((byte, index) => [
    index === 0 ? '' : ' ',
    isChanged.has(index) ? h('b', { class: 'changed' }, byte) : byte,
  ]);
  return bytes.length < length ? [...pieces, ' …'] : pieces;
}
