import type { Batch, ConnectionStatus, Kind } from '../src/web/protocol.js';
import { lastLoss } from './connections/last-loss.js';
import type { PageContext, View } from './context.js';
import { h, setAttribute, setText } from './dom.js';
import { counted } from './format/quantities.js';
import { KindRow } from './kinds/kind-row.js';
import { KIND_COLUMNS, type KindColumn, KindTable } from './kinds/kind-table.js';

/** The kinds of packets: how often each comes, and which of its bytes change. One of them can be made the filter. */
export class KindsView implements View {
  readonly element: HTMLElement;
  readonly #context: PageContext;
  readonly #table = new KindTable();
  readonly #rows = new Map<number, KindRow>();
  readonly #byElement = new WeakMap<Element, KindRow>();
  readonly #frame: HTMLElement;
  readonly #inView: IntersectionObserver;
  readonly #body = h('tbody');
  readonly #heads: ReadonlyMap<KindColumn, HTMLElement>;
  readonly #empty = h('p', { class: 'note' }, 'No packets yet.');
  readonly #note = h('p', { class: 'note', role: 'status' });
  readonly #losses = h('ul', { class: 'kinds-losses', 'aria-label': 'Losses of ports' });
  #lossesShown = '';
  #forgotten = 0;
  #isShown = false;
  #frameRequest: number | undefined;

  constructor(context: PageContext) {
    this.#context = context;
    this.#heads = new Map(KIND_COLUMNS.map((column) => [column.id, this.#head(column)]));
    this.#frame = h(
      'div',
      { class: 'kinds-frame', tabindex: 0, role: 'region', 'aria-label': 'Kinds of packets' },
      h(
        'table',
        { class: 'kinds', 'aria-label': 'Kinds of packets' },
        h('thead', {}, h('tr', {}, ...this.#heads.values())),
        this.#body,
      ),
      this.#empty,
    );
    this.#inView = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) this.#byElement.get(target)!.isInView = isIntersecting;
      },
      // Rows that come into view next are written before they do.
      { root: this.#frame, rootMargin: '300px' },
    );
    this.element = h(
      'div',
      { class: 'kinds-view' },
      h(
        'p',
        { class: 'note' },
        `Packets with the same connection, direction and first bytes are of one kind. Bytes that differ from the packet before are `,
        h('b', { class: 'changed' }, 'bold and underlined'),
        '. Choose a kind to filter packets.',
      ),
      this.#losses,
      this.#frame,
      this.#note,
    );
    this.#showOrder();
  }

  show(): void {
    this.#isShown = true;
    this.#context.want({ kinds: true });
    this.#invalidate();
  }

  hide(): void {
    this.#isShown = false;
    this.#context.want({ kinds: false });
  }

  take({ kinds, forgottenKinds, connections }: Batch): void {
    if (connections !== undefined) this.#showLosses(connections);
    if (forgottenKinds !== undefined) this.#forgotten = forgottenKinds;
    if (kinds !== undefined) this.#table.take(kinds);
    if ((kinds ?? forgottenKinds) !== undefined) this.#invalidate();
  }

  begin(isSameRun: boolean): void {
    // The feed sends all kinds again, under the same keys if sercom is the same.
    if (!isSameRun) this.#table.clear();
    this.#forgotten = 0;
    this.#invalidate();
  }

  /** A loss explains why a kind no longer comes. */
  #showLosses(connections: readonly ConnectionStatus[]): void {
    const losses = connections.flatMap((status, index) => {
      const text = lastLoss(status);
      return text === undefined ? [] : [`${this.#context.name(index)}: ${text}`];
    });
    if (losses.join('\n') !== this.#lossesShown) {
      this.#lossesShown = losses.join('\n');
      this.#losses.replaceChildren(...losses.map((text) => h('li', {}, text)));
    }
  }

  #head({ id, title, isNumber }: (typeof KIND_COLUMNS)[number]): HTMLElement {
    const sort = h('button', { type: 'button', class: 'sort', on: { click: () => this.#sortBy(id) } }, title);
    return h('th', { scope: 'col', class: `kind-${id}${isNumber ? ' number' : ''}` }, sort);
  }

  #sortBy(column: KindColumn): void {
    this.#table.sortBy(column);
    this.#showOrder();
    this.#invalidate();
  }

  #showOrder(): void {
    const { column, isDescending } = this.#table.order;
    for (const [id, head] of this.#heads) {
      setAttribute(head, 'aria-sort', id === column ? (isDescending ? 'descending' : 'ascending') : undefined);
    }
  }

  #invalidate(): void {
    if (this.#isShown) this.#frameRequest ??= requestAnimationFrame(() => this.#render());
  }

  #render(): void {
    this.#frameRequest = undefined;
    const kinds = this.#table.sorted();
    const keys = new Set(kinds.map(({ key }) => key));
    for (const [key, row] of this.#rows) {
      if (keys.has(key)) continue;
      this.#inView.unobserve(row.element);
      row.element.remove();
      this.#rows.delete(key);
    }
    let place = this.#body.firstElementChild;
    for (const kind of kinds) {
      const row = this.#rowOf(kind);
      // Only rows that are at a wrong place are moved: moving one takes the focus from it.
      if (row.element === place) place = place.nextElementSibling;
      else this.#body.insertBefore(row.element, place);
    }
    this.#empty.hidden = kinds.length > 0;
    setText(
      this.#note,
      this.#forgotten === 0 ? '' : `${counted(this.#forgotten, 'older kind')} forgotten: there are too many.`,
    );
  }

  #rowOf(kind: Kind): KindRow {
    let row = this.#rows.get(kind.key);
    if (row === undefined) {
      row = new KindRow((filter) => this.#filter(filter));
      this.#rows.set(kind.key, row);
      this.#byElement.set(row.element, row);
      this.#inView.observe(row.element);
    }
    row.update(kind, this.#context.name(kind.name));
    return row;
  }

  #filter(filter: string): void {
    this.#context.state.update({ filter });
    this.#context.go({ view: 'packets' });
  }
}
