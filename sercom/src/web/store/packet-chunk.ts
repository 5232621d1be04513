import type { ChunkSize } from './chunk-sizes.js';
import type { ByteRange } from './row-bytes.js';
import { isMark, type RowFields } from './row-fields.js';

/** Time, fields, length, and where the bytes end. */
const ROW_BYTES = 20;

/** What the objects of a chunk need. */
const OVERHEAD_BYTES = 1_024;

/** When a chunk is full, it gives back memory that it has not used, if it is more than this part of it. */
const WASTE = 1 / 8;

/** How much memory a chunk needs. */
export function chunkBytes({ rows, bytes }: ChunkSize): number {
  return OVERHEAD_BYTES + rows * ROW_BYTES + bytes;
}

/** Successive rows, in arrays of numbers and one of bytes. Their size is fixed. */
export class PacketChunk {
  /** The number of its first row. */
  readonly firstRow: number;
  #rows = 0;
  #marks = 0;
  #usedBytes = 0;
  #minTimeUs = Number.POSITIVE_INFINITY;
  #maxTimeUs = Number.NEGATIVE_INFINITY;
  /** Whether no time is earlier than the one before. */
  #isSorted = true;
  #times: Float64Array;
  #fields: Uint32Array;
  #lengths: Uint32Array;
  #ends: Uint32Array;
  #bytes: Uint8Array;
  #view: DataView;

  /** @param Memory - what its memory is made of */
  constructor(firstRow: number, { rows, bytes }: ChunkSize, Memory: typeof ArrayBuffer | typeof SharedArrayBuffer) {
    this.firstRow = firstRow;
    this.#times = new Float64Array(new Memory(rows * Float64Array.BYTES_PER_ELEMENT));
    this.#fields = new Uint32Array(new Memory(rows * Uint32Array.BYTES_PER_ELEMENT));
    this.#lengths = new Uint32Array(new Memory(rows * Uint32Array.BYTES_PER_ELEMENT));
    this.#ends = new Uint32Array(new Memory(rows * Uint32Array.BYTES_PER_ELEMENT));
    this.#bytes = new Uint8Array(new Memory(bytes));
    this.#view = new DataView(this.#bytes.buffer);
  }

  get rows(): number {
    return this.#rows;
  }

  /** How many of its rows are marks. */
  get marks(): number {
    return this.#marks;
  }

  /** The row after its last one. */
  get endRow(): number {
    return this.firstRow + this.#rows;
  }

  /** The bytes of its rows. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** All the memory that it needs. */
  get allocatedBytes(): number {
    return chunkBytes({ rows: this.#times.length, bytes: this.#bytes.length });
  }

  get minTimeUs(): number {
    return this.#minTimeUs;
  }

  get maxTimeUs(): number {
    return this.#maxTimeUs;
  }

  /** Whether one more row with this many bytes fits. */
  hasRoom(bytes: number): boolean {
    return this.#rows < this.#times.length && this.#usedBytes + bytes <= this.#bytes.length;
  }

  /** Adds a row, for which there must be room. Its bytes are to be written to the returned range. */
  add(timeUs: number, fields: RowFields, length: number, bytes: number): ByteRange {
    const index = this.#rows++;
    const start = this.#usedBytes;
    const end = start + bytes;
    this.#usedBytes = end;
    this.#isSorted &&= timeUs >= this.#maxTimeUs;
    if (timeUs < this.#minTimeUs) {
      this.#minTimeUs = timeUs;
    }
    if (timeUs > this.#maxTimeUs) {
      this.#maxTimeUs = timeUs;
    }
    this.#times[index] = timeUs;
    this.#fields[index] = fields;
    this.#lengths[index] = length;
    this.#ends[index] = end;
    if (isMark(fields)) {
      this.#marks++;
    }
    return { bytes: this.#bytes, view: this.#view, start, end };
  }

  /** Gives back memory that it has not used. Nothing can be added any more. */
  seal(): void {
    const rows = this.#rows;
    if (this.#times.length * (1 - WASTE) > rows) {
      this.#times = this.#times.slice(0, rows);
      this.#fields = this.#fields.slice(0, rows);
      this.#lengths = this.#lengths.slice(0, rows);
      this.#ends = this.#ends.slice(0, rows);
    }
    if (this.#bytes.length * (1 - WASTE) > this.#usedBytes) {
      this.#bytes = this.#bytes.slice(0, this.#usedBytes);
      this.#view = new DataView(this.#bytes.buffer);
    }
  }

  timeUs(index: number): number {
    return this.#times[index]!;
  }

  fields(index: number): RowFields {
    return this.#fields[index]!;
  }

  length(index: number): number {
    return this.#lengths[index]!;
  }

  range(index: number): ByteRange {
    return { bytes: this.#bytes, view: this.#view, start: this.start(index), end: this.end(index) };
  }

  /** What {@link range} consists of, for many rows in turn. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  start(index: number): number {
    return index === 0 ? 0 : this.#ends[index - 1]!;
  }

  end(index: number): number {
    return this.#ends[index]!;
  }

  /**
   * The index of the earliest time at or after a time; among equal ones the first. There must be one, so the time must not
   * be after {@link maxTimeUs}.
   */
  indexAtTime(timeUs: number): number {
    return this.#isSorted ? this.#searchTime(timeUs) : this.#scanTime(timeUs);
  }

  #searchTime(timeUs: number): number {
    let low = 0;
    let high = this.#rows - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#times[middle]! < timeUs) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  #scanTime(timeUs: number): number {
    let best = 0;
    let bestUs = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.#rows; index++) {
      const each = this.#times[index]!;
      if (each >= timeUs && each < bestUs) {
        best = index;
        bestUs = each;
      }
    }
    return best;
  }
}
