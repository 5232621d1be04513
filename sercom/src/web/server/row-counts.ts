import type { PacketRecord } from '../../records/record.js';
import type { Kinds } from '../store/kinds.js';
import type { PacketChunk } from '../store/packet-chunk.js';
import type { PacketStore, RowCounter } from '../store/packet-store.js';
import { dirOf, isMark, isPlain, nameIndexOf } from '../store/row-fields.js';
import type { Connections } from './connections.js';

/**
 * Counts what is in the rows of a store, by connection and by kind. Counting many rows at once takes less time, so packets
 * are not counted when they are added, but when a chunk is full or the counts are needed.
 */
export class RowCounts implements RowCounter {
  readonly #store: PacketStore;
  readonly #kinds: Kinds;
  readonly #connections: Connections;
  /** The first row that has not been counted. */
  #next = 0;

  constructor(store: PacketStore, kinds: Kinds, connections: Connections) {
    this.#store = store;
    this.#kinds = kinds;
    this.#connections = connections;
    store.countWith(this);
  }

  countRows(): void {
    const { end } = this.#store;
    if (this.#next === end) {
      return;
    }
    for (const chunk of this.#store.chunksFrom(this.#next)) {
      this.#countChunk(chunk, Math.max(0, this.#next - chunk.firstRow));
    }
    this.#next = end;
    this.#kinds.settle(this.#read);
  }

  countUnheld(record: PacketRecord): void {
    this.#countRecord(record);
  }

  #countChunk(chunk: PacketChunk, from: number): void {
    const { rows } = chunk;
    for (let first = from; first < rows; ) {
      const fields = chunk.fields(first);
      let end = first + 1;
      while (end < rows && chunk.fields(end) === fields) {
        end++;
      }
      if (isPlain(fields)) {
        this.#countAlike(chunk, first, end);
      } else if (!isMark(fields)) {
        this.#countEach(chunk, first, end);
      }
      first = end;
    }
  }

  /** Counts packets of one connection and direction, of which nothing else is known but their bytes. */
  #countAlike(chunk: PacketChunk, first: number, end: number): void {
    const { bytes, firstRow } = chunk;
    const fields = chunk.fields(first);
    const name = nameIndexOf(fields)!;
    const dir = dirOf(fields);
    const group = this.#kinds.groupOf(name, dir);
    let packetBytes = 0;
    for (let index = first; index < end; index++) {
      packetBytes += chunk.length(index);
      if (!this.#kinds.count(group, bytes, chunk.start(index), chunk.end(index), firstRow + index)) {
        this.#kinds.add(this.#read(firstRow + index));
      }
    }
    this.#connections.add(name, { dir }, end - first, packetBytes);
  }

  /** Counts rejected frames, and packets with an id or bytes on the wire of their own. */
  #countEach({ firstRow }: PacketChunk, first: number, end: number): void {
    this.#kinds.settle(this.#read);
    for (let row = firstRow + first; row < firstRow + end; row++) {
      this.#countRecord(this.#read(row));
    }
  }

  #countRecord(record: PacketRecord): void {
    this.#connections.add(this.#store.names.indexOf(record.name), record, 1, record.length);
    this.#kinds.add(record);
  }

  readonly #read = (row: number): PacketRecord => this.#store.payload(row)!;
}
