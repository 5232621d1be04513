import type { Kind } from '../../src/web/protocol.js';

export type KindColumn = 'name' | 'dir' | 'count' | 'rate' | 'interval' | 'last' | 'length' | 'packet';

export const KIND_COLUMNS: readonly { readonly id: KindColumn; readonly title: string; readonly isNumber?: boolean }[] =
  [
    { id: 'name', title: 'name' },
    { id: 'dir', title: 'dir' },
    { id: 'count', title: 'count', isNumber: true },
    { id: 'rate', title: 'per second', isNumber: true },
    { id: 'interval', title: 'interval', isNumber: true },
    { id: 'last', title: 'last', isNumber: true },
    { id: 'length', title: 'length', isNumber: true },
    { id: 'packet', title: 'packet' },
  ];

/** As many as the server keeps. */
const MAX_KINDS = 1_000;

/** By what kinds are sorted first. */
const SORT_KEYS: Readonly<Record<KindColumn, (kind: Kind) => number | string>> = {
  name: ({ name }) => name,
  dir: ({ dir }) => dir,
  count: ({ count }) => count,
  // Without an interval, there was only one packet.
  rate: ({ intervalUs }) => -(intervalUs ?? Number.POSITIVE_INFINITY),
  interval: ({ intervalUs }) => intervalUs ?? Number.POSITIVE_INFINITY,
  last: ({ lastTimeUs }) => lastTimeUs,
  length: ({ length }) => length,
  packet: ({ hex }) => hex,
};

/** The columns for which the largest are the most interesting. */
const DESCENDING: readonly KindColumn[] = ['count', 'rate', 'last', 'length'];

/** The kinds that the server has sent, in the order of one column. */
export class KindTable {
  readonly #kinds = new Map<number, Kind>();
  #column: KindColumn = 'name';
  #isDescending = false;

  get order(): { readonly column: KindColumn; readonly isDescending: boolean } {
    return { column: this.#column, isDescending: this.#isDescending };
  }

  /** Takes kinds that are new or have changed. As on the server, those that were seen least recently make room. */
  take(kinds: readonly Kind[]): void {
    for (const kind of kinds) {
      this.#kinds.delete(kind.key);
      this.#kinds.set(kind.key, kind);
    }
    for (const [key] of this.#kinds) {
      if (this.#kinds.size <= MAX_KINDS) break;
      this.#kinds.delete(key);
    }
  }

  clear(): void {
    this.#kinds.clear();
  }

  /** Sorts by a column; in the other direction if it is sorted by that one. */
  sortBy(column: KindColumn): void {
    this.#isDescending = column === this.#column ? !this.#isDescending : DESCENDING.includes(column);
    this.#column = column;
  }

  sorted(): readonly Kind[] {
    const key = SORT_KEYS[this.#column];
    const sign = this.#isDescending ? -1 : 1;
    return [...this.#kinds.values()].sort((a, b) => sign * compare(key(a), key(b)) || byPlace(a, b));
  }
}

/** The order of `--changes`: connection, direction, kind of id, reason, first bytes. */
function byPlace(a: Kind, b: Kind): number {
  return (
    compare(a.name, b.name) ||
    compare(a.dir, b.dir) ||
    compare(a.request ?? '', b.request ?? '') ||
    compare(a.problem ?? '', b.problem ?? '') ||
    compare(a.hex, b.hex) ||
    compare(a.key, b.key)
  );
}

function compare(a: number | string, b: number | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
