import type { Memory } from '../store/memory.js';

const CHUNK_SHIFT = 10;

/** The most entries of a chunk, which is what can be dropped at once. */
const CHUNK_ENTRIES = 1 << CHUNK_SHIFT;
const IN_CHUNK = CHUNK_ENTRIES - 1;

/** A chunk begins with room for this many entries, and doubles: there may be a thousand series with few points each. */
const FIRST_ENTRIES = 16;

/** What an empty array takes, about. */
const ARRAY_BYTES = 200;

/**
 * Entries of a fixed number of doubles. Each has an index that it keeps when older entries are dropped. Indices may become
 * larger than 32 bits can hold, but not the distance between the first and the last one.
 */
export class Entries {
  readonly #width: number;
  readonly #memory: Memory;
  #chunks: Float64Array[] = [];
  /** The index of the first entry of the first chunk. */
  #base = 0;
  #first = 0;
  #end = 0;

  /** @param width - how many doubles an entry has */
  constructor(width: number, memory: Memory) {
    this.#width = width;
    this.#memory = memory;
  }

  /** The index of the oldest entry. It is {@link end} if there is none. */
  get first(): number {
    return this.#first;
  }

  /** The index of the next entry. */
  get end(): number {
    return this.#end;
  }

  /** The chunk with an entry, which is valid until entries are added or dropped. */
  chunkOf(index: number): Float64Array {
    return this.#chunks[(index - this.#base) >>> CHUNK_SHIFT]!;
  }

  /** Where an entry begins in its chunk. */
  offsetOf(index: number): number {
    return ((index - this.#base) & IN_CHUNK) * this.#width;
  }

  /** One double of an entry. */
  get(index: number, field: number): number {
    const position = index - this.#base;
    return this.#chunks[position >>> CHUNK_SHIFT]![(position & IN_CHUNK) * this.#width + field]!;
  }

  set(index: number, field: number, value: number): void {
    const position = index - this.#base;
    this.#chunks[position >>> CHUNK_SHIFT]![(position & IN_CHUNK) * this.#width + field] = value;
  }

  /**
   * Adds an entry of zeros.
   *
   * @returns its index
   */
  add(): number {
    const position = (this.#end - this.#base) & IN_CHUNK;
    if (position === 0) {
      this.#chunks.push(this.#allocate(FIRST_ENTRIES));
    } else if (position * this.#width === this.#chunks.at(-1)!.length) {
      this.#growLast();
    }
    return this.#end++;
  }

  /** Drops the entries before an index. Their memory is given back in chunks, and that of the last chunk by halves. */
  dropBefore(index: number): void {
    if (index <= this.#first) {
      return;
    }
    this.#first = Math.min(index, this.#end);
    const count = (this.#first - this.#base) >>> CHUNK_SHIFT;
    for (const chunk of this.#chunks.splice(0, count)) {
      this.#release(chunk);
    }
    this.#base += count * CHUNK_ENTRIES;
    if (this.#chunks.length === 1) {
      this.#shrinkOnly();
    }
  }

  /** Drops all entries and all memory. The next entry gets this index. */
  restartAt(index: number): void {
    for (const chunk of this.#chunks) {
      this.#release(chunk);
    }
    this.#chunks = [];
    this.#base = index;
    this.#first = index;
    this.#end = index;
  }

  /** Moves the entries of the only chunk to a smaller one if half of it or more was dropped. */
  #shrinkOnly(): void {
    const dropped = this.#first - this.#base;
    const left = this.#end - this.#first;
    if (left === 0) {
      this.restartAt(this.#end);
    } else if (dropped >= Math.max(left, FIRST_ENTRIES)) {
      const chunk = this.#chunks[0]!;
      const smaller = this.#allocate(FIRST_ENTRIES * 2 ** Math.ceil(Math.log2(Math.max(1, left / FIRST_ENTRIES))));
      smaller.set(chunk.subarray(dropped * this.#width, (dropped + left) * this.#width));
      this.#release(chunk);
      this.#chunks = [smaller];
      this.#base = this.#first;
    }
  }

  #growLast(): void {
    const chunk = this.#chunks.pop()!;
    const larger = this.#allocate((2 * chunk.length) / this.#width);
    larger.set(chunk);
    this.#release(chunk);
    this.#chunks.push(larger);
  }

  #allocate(entries: number): Float64Array {
    const chunk = new Float64Array(entries * this.#width);
    this.#memory.add(chunk.byteLength + ARRAY_BYTES);
    return chunk;
  }

  #release(chunk: Float64Array): void {
    this.#memory.remove(chunk.byteLength + ARRAY_BYTES);
  }
}
