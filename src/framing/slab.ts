import { markAsUntransferable } from 'node:worker_threads';

/** The engine keeps arrays of up to this length in its own heap, where they cost a tenth of what longer ones do. */
const HEAP_ARRAY_BYTES = 64;

/** What the memory of longer arrays costs is little against the work on their bytes. One byte is for a frame's code. */
const LARGEST_SHARED_BYTES = 2_047;

/** So many of the longest arrays of its size class fit into a slab, but it is no longer than that. */
const ARRAYS_PER_SLAB = 16;
const LARGEST_SLAB_BYTES = 8_192;

/**
 * Memory that several short arrays are cut from: to allocate it for each of them would take longer than to encode or
 * decode what it holds. No byte is ever given out twice.
 *
 * What a kept array keeps from being freed is bounded. Only arrays of one size class, a power of two, share a slab, so
 * it is less than 32 times the length of the array, and never more than 8 KiB.
 */
export class Slab {
  /** All of its memory. */
  readonly bytes: Uint8Array;
  /** The same. */
  readonly view: DataView;
  /** Asked of an array, its buffer would take a call. */
  readonly #buffer: ArrayBuffer;
  /** Index of the first byte that has not been given out. */
  used = 0;

  constructor(length: number) {
    this.#buffer = new ArrayBuffer(length);
    this.bytes = new Uint8Array(this.#buffer);
    this.view = new DataView(this.#buffer);
    // Whoever transferred the buffer of one array to a worker would take the bytes of all others along.
    markAsUntransferable(this.#buffer);
  }

  /** Gives out the next `length` bytes. */
  take(length: number): Uint8Array {
    const start = this.used;
    this.used += length;
    return new Uint8Array(this.#buffer, start, length);
  }
}

/** By size class: the slab that was opened last. */
const slabs: Slab[] = [];

/** Whether arrays of that length are cut from slabs. */
export function isShared(length: number): boolean {
  return length > HEAP_ARRAY_BYTES && length <= LARGEST_SHARED_BYTES;
}

/** A slab that has `length` bytes left, and so many behind them. */
export function slabFor(length: number, behindBytes = 0): Slab {
  const sizeClass = 32 - Math.clz32(length - 1);
  let slab = slabs[sizeClass];
  if (slab === undefined || slab.used + length + behindBytes > slab.bytes.length) {
    slab = new Slab(Math.min(ARRAYS_PER_SLAB << sizeClass, LARGEST_SLAB_BYTES));
    slabs[sizeClass] = slab;
  }
  return slab;
}
