import type { Row } from '../../src/web/protocol.js';

/** Rows by their position among those that match the filter. Bounded: the farthest from where the user looks go first. */
export class RowCache {
  readonly #maxRows: number;
  readonly #rows = new Map<number, Row>();

  constructor(maxRows = 4_000) {
    this.#maxRows = maxRows;
  }

  get(position: number): Row | undefined {
    return this.#rows.get(position);
  }

  get size(): number {
    return this.#rows.size;
  }

  clear(): void {
    this.#rows.clear();
  }

  /** @param center - the position that the user looks at */
  put(position: number, rows: readonly Row[], center: number): void {
    for (const [index, row] of rows.entries()) {
      this.#rows.set(position + index, row);
    }
    if (this.#rows.size <= this.#maxRows) {
      return;
    }
    const keep = this.#maxRows / 4;
    for (const each of this.#rows.keys()) {
      if (Math.abs(each - center) > keep) {
        this.#rows.delete(each);
      }
    }
  }

  /** The first and last position in this range that are missing, or undefined if none is. */
  missing(first: number, end: number): { first: number; end: number } | undefined {
    let from = first;
    while (from < end && this.#rows.has(from)) {
      from++;
    }
    if (from >= end) {
      return undefined;
    }
    let to = end;
    while (this.#rows.has(to - 1)) {
      to--;
    }
    return { first: from, end: to };
  }
}
