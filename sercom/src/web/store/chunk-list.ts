import type { PacketChunk } from './packet-chunk.js';

/** A range of times. Both ends are in it. */
interface TimeRange {
  readonly first: number;
  readonly last: number;
}

/** The chunks of a store, and what is found by looking at all of them. */
export class ChunkList {
  /** The oldest first. Their rows have no gaps between them. */
  readonly #chunks: PacketChunk[] = [];
  /** The one that was read last: the next row is usually in it, too. */
  #recent: PacketChunk | undefined;
  /** The times of all chunks but the last. Not set if they are to be looked at. */
  #timesBefore: TimeRange | undefined;
  #last: PacketChunk | undefined;

  get first(): PacketChunk | undefined {
    return this.#chunks[0];
  }

  get last(): PacketChunk | undefined {
    return this.#last;
  }

  push(chunk: PacketChunk): void {
    this.#chunks.push(chunk);
    this.#last = chunk;
    this.#timesBefore = undefined;
  }

  /** Removes the first one. */
  shift(): PacketChunk | undefined {
    this.#recent = undefined;
    this.#timesBefore = undefined;
    const chunk = this.#chunks.shift();
    this.#last = this.#chunks.at(-1);
    return chunk;
  }

  /** The chunk of a row, which must be in one of them. */
  chunkOf(row: number): PacketChunk {
    const recent = this.#recent;
    if (recent !== undefined && row >= recent.firstRow && row < recent.endRow) {
      return recent;
    }
    const chunk = this.#chunks[this.#indexOf(row)]!;
    this.#recent = chunk;
    return chunk;
  }

  /** The earliest and the latest time of all rows. `undefined` if there are none. */
  get times(): TimeRange | undefined {
    const last = this.#last;
    if (last === undefined) {
      return undefined;
    }
    this.#timesBefore ??= timesOf(this.#chunks.slice(0, -1));
    return {
      first: Math.min(this.#timesBefore.first, last.minTimeUs),
      last: Math.max(this.#timesBefore.last, last.maxTimeUs),
    };
  }

  /** The chunks with rows from a row on. */
  from(row: number): readonly PacketChunk[] {
    const last = this.#last;
    // Usually, only the last one is asked for.
    return last !== undefined && row >= last.firstRow ? [last] : this.#chunks.slice(this.#indexOf(row));
  }

  /** The row with the earliest time at or after a time; among equal ones the first. `undefined` if there is none. */
  rowAtTime(timeUs: number): number | undefined {
    let bestRow: number | undefined;
    let bestUs = Number.POSITIVE_INFINITY;
    for (const chunk of this.#chunks) {
      if (chunk.maxTimeUs >= timeUs && chunk.minTimeUs < bestUs) {
        const index = chunk.indexAtTime(timeUs);
        const each = chunk.timeUs(index);
        if (each < bestUs) {
          bestUs = each;
          bestRow = chunk.firstRow + index;
        }
      }
    }
    return bestRow;
  }

  /** Which chunk has a row: the first one if it is before all. */
  #indexOf(row: number): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#chunks[middle]!.firstRow <= row) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }
}

function timesOf(chunks: readonly PacketChunk[]): TimeRange {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { minTimeUs, maxTimeUs } of chunks) {
    first = Math.min(first, minTimeUs);
    last = Math.max(last, maxTimeUs);
  }
  return { first, last };
}
