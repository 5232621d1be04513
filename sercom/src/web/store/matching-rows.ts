import type { RecordFilter } from '../../records/filter.js';
import type { PacketStore } from './packet-store.js';
import { RowBits } from './row-bits.js';
import { TimeSlice } from './time-slice.js';

const BLOCK_ROWS = 4_096;
const BLOCK_BYTES = RowBits.memoryBytes(BLOCK_ROWS);

/** Which of some successive rows match. */
interface Block {
  /** A multiple of {@link BLOCK_ROWS}. */
  readonly firstRow: number;
  /** How many rows before it have matched. */
  readonly firstPosition: number;
  readonly matches: RowBits;
}

/**
 * The rows that match a filter, by their position among them. Positions count from 0 for the first row that matched, and
 * stay when rows are dropped. Marks always match. Without a filter, the position of a row is its number, at no cost.
 *
 * Rows are looked at in {@link advance} only, in the order in which they came. Those that were dropped before have no
 * position.
 */
export class MatchingRows {
  readonly #store: PacketStore;
  readonly #filter: RecordFilter | undefined;
  /** Without gaps, the oldest first. */
  readonly #blocks: Block[] = [];
  #next: number;
  #end = 0;
  #isClosed = false;
  /** The position of the first match, and the first row that the store held then. */
  #known = { position: 0, firstRow: 0 };

  constructor(store: PacketStore, filter: RecordFilter | undefined) {
    this.#store = store;
    this.#filter = filter;
    this.#next = store.first;
  }

  /**
   * Looks at further rows, for a limited time.
   *
   * @returns whether there are no more to look at
   */
  advance(budgetMs: number): boolean {
    const filter = this.#filter;
    if (filter === undefined || this.isComplete || this.#isClosed) {
      return true;
    }
    this.#forget();
    const store = this.#store;
    const slice = new TimeSlice(budgetMs);
    for (; this.#next < store.end && !slice.isOver(); this.#next++) {
      // Only marks are no records.
      const record = store.payload(this.#next);
      const block = this.#blockFor(this.#next);
      if (record === undefined || filter(record)) {
        block.matches.set(this.#next - block.firstRow);
        this.#end++;
      }
      slice.spend(record?.bytes.length ?? 0);
    }
    store.trim();
    return this.isComplete;
  }

  /** Whether all rows have been looked at. */
  get isComplete(): boolean {
    return this.next >= this.#store.end;
  }

  /** The row that is looked at next: all before it have been. */
  get next(): number {
    return this.#filter === undefined ? this.#store.end : Math.max(this.#next, this.#store.first);
  }

  /** The position of the first matching row that is held. It is {@link end} if there is none. */
  get first(): number {
    if (this.#filter === undefined) {
      return this.#store.first;
    }
    this.#forget();
    return this.#known.position;
  }

  /** The position after the last matching row. */
  get end(): number {
    return this.#filter === undefined ? this.#store.end : this.#end;
  }

  /** Whether a row is held, has been looked at, and matches. */
  has(row: number): boolean {
    if (!(Number.isInteger(row) && row >= this.#store.first && row < this.next)) {
      return false;
    }
    const block = this.#filter && this.#blockOf(row);
    return block === undefined || block.matches.has(row - block.firstRow);
  }

  /** The row at a position. `undefined` if it is not held, or not known yet. */
  rowAt(position: number): number | undefined {
    if (!(Number.isInteger(position) && position >= this.first && position < this.end)) {
      return undefined;
    }
    if (this.#filter === undefined) {
      return position;
    }
    const { firstRow, firstPosition, matches } = this.#blockAt(position);
    return firstRow + matches.indexOf(position - firstPosition);
  }

  /** The position of the first matching row that is held, at or after a row. {@link end} if there is none. */
  positionOf(row: number): number {
    const held = Math.max(row, this.#store.first);
    if (!(held < this.next)) {
      return this.end;
    }
    const block = this.#filter && this.#blockOf(held);
    return block === undefined ? held : block.firstPosition + block.matches.onesBefore(held - block.firstRow);
  }

  /** Accounts for its memory as given back. It looks at no further rows. */
  close(): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#store.memory.remove(this.#blocks.length * BLOCK_BYTES);
    }
  }

  /** Forgets blocks of rows that were dropped. */
  #forget(): void {
    const { first, memory } = this.#store;
    if (first === this.#known.firstRow) {
      return;
    }
    this.#next = Math.max(this.#next, first);
    const kept = this.#blocks.findIndex(({ firstRow }) => firstRow + BLOCK_ROWS > first);
    const forgotten = this.#blocks.splice(0, kept < 0 ? this.#blocks.length : kept);
    memory.remove(this.#isClosed ? 0 : forgotten.length * BLOCK_BYTES);
    this.#known = { position: this.positionOf(first), firstRow: first };
  }

  #blockFor(row: number): Block {
    const last = this.#blocks.at(-1);
    if (last !== undefined && row < last.firstRow + BLOCK_ROWS) {
      return last;
    }
    this.#store.memory.add(BLOCK_BYTES);
    const firstRow = row - (row % BLOCK_ROWS);
    const block = { firstRow, firstPosition: this.#end, matches: new RowBits(BLOCK_ROWS) };
    this.#blocks.push(block);
    return block;
  }

  /** The block of a row that was looked at. */
  #blockOf(row: number): Block {
    return this.#blocks[Math.floor((row - this.#blocks[0]!.firstRow) / BLOCK_ROWS)]!;
  }

  /** The block of a position that is known: the last that does not begin after it. */
  #blockAt(position: number): Block {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#blocks[middle]!.firstPosition <= position) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return this.#blocks[low]!;
  }
}
