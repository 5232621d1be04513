import type { PacketRecord } from '../../records/record.js';
import type { MarkKind } from '../protocol.js';
import { ChunkList } from './chunk-list.js';
import { ChunkSizes } from './chunk-sizes.js';
import { Memory } from './memory.js';
import { NameTable } from './name-table.js';
import { chunkBytes, PacketChunk } from './packet-chunk.js';
import { MAX_LENGTH, readRecord, recordBytes, writeRecord } from './row-bytes.js';
import { isMark, markFields, markKindOf, nameIndexOf, recordFields } from './row-fields.js';

/** A chunk ends early because others have allocated memory, but not before it has this many rows. */
const MIN_ROWS_PER_SHARE = 16;

export interface PacketStoreOptions {
  /** How much memory it may use, together with everything else that accounts for it in {@link PacketStore.memory}. */
  readonly memoryBytes: number;
  /** The names that get the first indices. Default: names are added as they come. */
  readonly names?: readonly string[];
}

/** What happened between packets. */
export interface Mark {
  /** In microseconds since 1970 (UTC). */
  readonly timeUs: number;
  readonly kind: MarkKind;
  /** The name of the connection. Not set if it concerns all. */
  readonly name?: string;
  /** As it is, not escaped. */
  readonly text: string;
}

/** Counts what is in the rows: many rows at once, which takes much less time. */
export interface RowCounter {
  /** Counts all rows that it has not counted. Called when a chunk is full, and before rows are dropped. */
  countRows(): void;
  /** Counts a record that is larger than the memory. */
  countUnheld(record: PacketRecord): void;
}

/** A row that is held. */
interface Place {
  readonly chunk: PacketChunk;
  /** In the chunk. */
  readonly index: number;
}

/**
 * What the live page can show: packets, rejected frames, and marks between them, as rows. Rows are numbered from 0 in the
 * order in which they were added. When the memory is used up, the oldest are dropped; the others keep their numbers.
 *
 * Times may go backwards from row to row, because a clock may be set.
 */
export class PacketStore {
  /** Everything that is allocated. Series account for theirs here, too. */
  readonly memory: Memory;
  /** The connections of all rows, also of those that were dropped. */
  readonly names: NameTable;
  readonly #sizes: ChunkSizes;
  readonly #dropListeners = new Set<(first: number) => void>();
  readonly #chunks = new ChunkList();
  /** What had been allocated when the last chunk began. */
  #allocatedBefore = 0;
  #end = 0;
  #droppedRows = 0;
  #droppedMarks = 0;
  #counter: RowCounter | undefined;

  constructor({ memoryBytes, names }: PacketStoreOptions) {
    this.memory = new Memory(memoryBytes);
    this.names = new NameTable(names);
    this.#sizes = new ChunkSizes(memoryBytes);
  }

  /**
   * Adds a packet or a rejected frame. Its bytes are copied. Raw bytes and hidden records must not be added. What is larger
   * than the memory is dropped at once, and everything older with it.
   *
   * @returns its row
   */
  add(record: PacketRecord): number {
    const fields = recordFields(record, this.names.indexOf(record.name));
    const bytes = recordBytes(record, fields);
    const chunk = this.#chunkFor(bytes);
    if (chunk === undefined) {
      this.#counter?.countUnheld(record);
      this.#droppedRows++;
      return this.#skipRow();
    }
    writeRecord(record, fields, chunk.add(record.timeUs, fields, Math.min(record.length, MAX_LENGTH), bytes));
    return this.#end++;
  }

  /**
   * Adds a mark.
   *
   * @returns its row
   */
  mark({ timeUs, kind, name, text }: Mark): number {
    const encoded = Buffer.from(text);
    const chunk = this.#chunkFor(encoded.length);
    if (chunk === undefined) {
      this.#droppedMarks++;
      return this.#skipRow();
    }
    const fields = markFields(kind, name === undefined ? undefined : this.names.indexOf(name));
    const { bytes, start } = chunk.add(timeUs, fields, encoded.length, encoded.length);
    bytes.set(encoded, start);
    return this.#end++;
  }

  /** The oldest row that is held. It is {@link end} if none is. */
  get first(): number {
    return this.#chunks.first?.firstRow ?? this.#end;
  }

  /** The number of the next row. */
  get end(): number {
    return this.#end;
  }

  /** All that is allocated, by the store and by the series. */
  get usedBytes(): number {
    return this.memory.usedBytes;
  }

  /** Packets and rejected frames that were dropped. Marks are counted in {@link droppedMarks}. */
  get droppedRows(): number {
    return this.#droppedRows;
  }

  /** Marks that were dropped. */
  get droppedMarks(): number {
    return this.#droppedMarks;
  }

  /** The earliest time of a row that is held. `undefined` if none is. */
  get firstTimeUs(): number | undefined {
    return this.#chunks.times?.first;
  }

  /** The latest time of a row that is held. `undefined` if none is. */
  get lastTimeUs(): number | undefined {
    return this.#chunks.times?.last;
  }

  /**
   * The record of a row, as it was added, except for the name of a connection that {@link names} has no room for, and for a
   * length of more than 32 bits. Its bytes are views of the store, which must not be written to. They stay valid when the row
   * is dropped.
   *
   * @returns `undefined` if the row is not held, or a mark
   */
  record(row: number): PacketRecord | undefined {
    return this.#read(row, true);
  }

  /** Like {@link record}, but without `onWire`, which takes less time: for filters and decoders. */
  payload(row: number): PacketRecord | undefined {
    return this.#read(row, false);
  }

  /** The mark of a row. `undefined` if the row is not held, or no mark. */
  markAt(row: number): Mark | undefined {
    const place = this.#placeOf(row);
    if (place === undefined) {
      return undefined;
    }
    const { chunk, index } = place;
    const fields = chunk.fields(index);
    if (!isMark(fields)) {
      return undefined;
    }
    const { bytes, start } = chunk.range(index);
    const text = Buffer.from(bytes.buffer, start, chunk.length(index)).toString();
    const nameIndex = nameIndexOf(fields);
    const mark = { timeUs: chunk.timeUs(index), kind: markKindOf(fields), text };
    return nameIndex === undefined ? mark : { ...mark, name: this.names.at(nameIndex) };
  }

  /**
   * The row with the earliest time at or after a time; among equal ones the first. So if times never go backwards, it is
   * the first row at or after the time. {@link end} if there is none.
   */
  rowAtTime(timeUs: number): number {
    return this.#chunks.rowAtTime(timeUs) ?? this.#end;
  }

  /** Makes a counter count all rows from now on. */
  countWith(counter: RowCounter): void {
    this.#counter = counter;
  }

  /** The chunks with the rows from a row on, to read many rows. The first may have earlier ones, too. */
  chunksFrom(row: number): readonly PacketChunk[] {
    return this.#chunks.from(row);
  }

  /**
   * Calls a listener when rows have been dropped, with the first row that is still held, until the returned function is
   * called. It is called during {@link add}, {@link mark} and {@link trim}, before the new row is there.
   */
  onDrop(listener: (first: number) => void): () => void {
    this.#dropListeners.add(listener);
    return () => this.#dropListeners.delete(listener);
  }

  /**
   * Drops the oldest rows while more memory is used than may be. {@link add} and {@link mark} do so as well. Call it after
   * others have allocated memory and no row is going to be added soon.
   */
  trim(): void {
    this.#makeRoom(0);
  }

  /** A chunk with room for a row. `undefined` if there is not enough memory even without all others. */
  #chunkFor(rowBytes: number): PacketChunk | undefined {
    if (this.memory.isExceeded) {
      this.#makeRoom(0);
    }
    const { last } = this.#chunks;
    if (last?.hasRoom(rowBytes) && !this.#hasUsedShare(last)) {
      return last;
    }
    this.#counter?.countRows();
    const size = this.#sizes.next(last, rowBytes);
    if (last !== undefined) {
      const before = last.allocatedBytes;
      last.seal();
      this.memory.remove(before - last.allocatedBytes);
    }
    const neededBytes = chunkBytes(size);
    this.#makeRoom(neededBytes);
    if (this.memory.usedBytes + neededBytes > this.memory.limitBytes) {
      return undefined;
    }
    // V8 looks for garbage after each few megabytes of `ArrayBuffer`s. There is none before the first row is dropped, so until
    // then it is spared the work: it does not count memory that could be shared.
    const chunk = new PacketChunk(this.#end, size, this.first === 0 ? SharedArrayBuffer : ArrayBuffer);
    this.memory.add(neededBytes);
    this.#allocatedBefore = this.memory.allocatedBytes;
    this.#chunks.push(chunk);
    return chunk;
  }

  /** Whether a chunk is to end, because so much was allocated for its rows, as for series, that dropping it frees enough. */
  #hasUsedShare({ rows }: PacketChunk): boolean {
    return rows >= MIN_ROWS_PER_SHARE && this.memory.allocatedBytes - this.#allocatedBefore > this.#sizes.shareBytes;
  }

  /** Drops the oldest rows until there is room for some bytes, or no row is left. */
  #makeRoom(bytes: number): void {
    const { memory } = this;
    while (memory.usedBytes + bytes > memory.limitBytes) {
      this.#counter?.countRows();
      const dropped = this.#chunks.shift();
      if (dropped === undefined) {
        return;
      }
      memory.remove(dropped.allocatedBytes);
      this.#droppedRows += dropped.rows - dropped.marks;
      this.#droppedMarks += dropped.marks;
      this.#reportDrop();
    }
  }

  /** Counts a row that there is no memory for. */
  #skipRow(): number {
    const row = this.#end++;
    this.#reportDrop();
    return row;
  }

  #reportDrop(): void {
    for (const listener of this.#dropListeners) {
      listener(this.first);
    }
  }

  #read(row: number, isWithWire: boolean): PacketRecord | undefined {
    const place = this.#placeOf(row);
    if (place === undefined) {
      return undefined;
    }
    const { chunk, index } = place;
    const fields = chunk.fields(index);
    if (isMark(fields)) {
      return undefined;
    }
    const name = this.names.at(nameIndexOf(fields)!);
    const head = { timeUs: chunk.timeUs(index), name, length: chunk.length(index), fields };
    return readRecord(head, chunk.range(index), isWithWire);
  }

  #placeOf(row: number): Place | undefined {
    if (!(Number.isInteger(row) && row >= this.first && row < this.#end)) {
      return undefined;
    }
    const chunk = this.#chunks.chunkOf(row);
    return { chunk, index: row - chunk.firstRow };
  }
}
