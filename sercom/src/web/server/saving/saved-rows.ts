import { setImmediate as turn } from 'node:timers/promises';
import type { RecordFilter } from '../../../records/filter.js';
import type { PacketRecord } from '../../../records/record.js';
import type { Mark, PacketStore } from '../../store/packet-store.js';
import { TimeSlice } from '../../store/time-slice.js';

/** How long to look at rows before other work has its turn. */
const SLICE_MS = 3;

/** What is handed to the client at a time, about. */
const CHUNK_BYTES = 65_536;

/** Text, or bytes that may change at the next call. */
export type Saved = string | Uint8Array | undefined;

/** Makes a file of rows. */
export interface RowWriter {
  header?(): Saved;
  /** @param missedRows - how many rows before this one were dropped, so that they are missing */
  record(record: PacketRecord, missedRows: number): Saved;
  mark?(mark: Mark): Saved;
}

/**
 * A file of the rows that are held when it is made. It can be read once, as slowly as its reader wants. Rows that are dropped
 * before they are read are missing, and counted.
 */
export class SavedRows implements AsyncIterable<Uint8Array> {
  readonly #store: PacketStore;
  readonly #matches: RecordFilter | undefined;
  readonly #writer: RowWriter;
  readonly #signal: AbortSignal;
  readonly #end: number;
  #row: number;
  #missedRows = 0;
  /** Those that the writer does not know of. */
  #newlyMissed = 0;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  /**
   * @param matches - which packets and rejected frames to save. Default: all
   * @param signal - aborted when nobody reads the file any more. It ends then
   */
  constructor(store: PacketStore, matches: RecordFilter | undefined, writer: RowWriter, signal: AbortSignal) {
    this.#store = store;
    this.#matches = matches;
    this.#writer = writer;
    this.#signal = signal;
    this.#row = store.first;
    this.#end = store.end;
  }

  /** Rows that were dropped before they could be read. */
  get missedRows(): number {
    return this.#missedRows;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    this.#put(this.#writer.header?.());
    while (this.#row < this.#end && !this.#signal.aborted) {
      this.#skipDropped();
      const slice = new TimeSlice(SLICE_MS);
      while (this.#row < this.#end && this.#bytes < CHUNK_BYTES && !slice.isOver()) {
        slice.spend(this.#write(this.#row++));
      }
      if (this.#bytes >= CHUNK_BYTES) {
        yield this.#take();
      }
      await turn();
    }
    yield this.#take();
  }

  #skipDropped(): void {
    const missed = Math.min(this.#store.first, this.#end) - this.#row;
    if (missed > 0) {
      this.#missedRows += missed;
      this.#newlyMissed += missed;
      this.#row += missed;
    }
  }

  /** Returns how many bytes the row has. */
  #write(row: number): number {
    const record = this.#store.record(row);
    if (record === undefined) {
      const mark = this.#store.markAt(row);
      this.#put(mark && this.#writer.mark?.(mark));
    } else if (this.#matches === undefined || this.#matches(record)) {
      this.#put(this.#writer.record(record, this.#newlyMissed));
      this.#newlyMissed = 0;
    }
    return record?.bytes.length ?? 0;
  }

  #put(saved: Saved): void {
    if (saved !== undefined) {
      const bytes = Buffer.from(saved);
      this.#chunks.push(bytes);
      this.#bytes += bytes.length;
    }
  }

  #take(): Uint8Array {
    const chunk = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#bytes = 0;
    return chunk;
  }
}
