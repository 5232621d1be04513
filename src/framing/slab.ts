import { markAsUntransferable } from 'node:worker_threads';

/** V8 keeps arrays up to this length in its own heap, where they cost a tenth of longer ones. */
const HEAP_ARRAY_BYTES = 64;

/** For longer arrays, allocating costs little compared to the work on their bytes. One byte is for a frame's code. */
const LARGEST_SHARED_BYTES = 2_047;

/** Number of largest arrays of a size class that fit into a slab, unless that would exceed {@link LARGEST_SLAB_BYTES}. */
const ARRAYS_PER_SLAB = 16;
const LARGEST_SLAB_BYTES = 8_192;

/**
 * Memory that several short arrays are cut from, because allocating each of them would take longer than encoding or
 * decoding their bytes. No byte is used twice.
 *
 * The memory that one array keeps alive is bounded. Only arrays of one size class, a power of two, share a slab, so it is
 * less than 32 times the length of the array, and at most 8 KiB.
 */
export class Slab {
  /** All of its memory. */
  readonly bytes: Uint8Array;
  /** The same memory. */
  readonly view: DataView;
  /** The same memory. Reading the `buffer` of an array takes a call. */
  readonly #buffer: ArrayBuffer;
  /** Index of the first unused byte. */
  used = 0;

  constructor(length: number) {
    this.#buffer = new ArrayBuffer(length);
    this.bytes = new Uint8Array(this.#buffer);
    this.view = new DataView(this.#buffer);
    // Transferring the buffer of one array to a worker would take the bytes of all others with it.
    markAsUntransferable(this.#buffer);
  }

  /** Returns the next `length` bytes. */
  take(length: number): Uint8Array {
    const start = this.used;
    this.used += length;
    return new Uint8Array(this.#buffer, start, length);
  }
}

/** The current slab of each size class. */
const slabs: Slab[] = [];

/** Whether arrays of this length are cut from slabs. */
export function isShared(length: number): boolean {
  return length > HEAP_ARRAY_BYTES && length <= LARGEST_SHARED_BYTES;
}

/** A slab with `length` unused bytes, and `extraBytes` more after them. */
export function slabFor(length: number, extraBytes = 0): Slab {
  const sizeClass = 32 - Math.clz32(length - 1);
  let slab = slabs[sizeClass];
  if (slab === undefined || slab.used + length + extraBytes > slab.bytes.length) {
    slab = new Slab(Math.min(ARRAYS_PER_SLAB << sizeClass, LARGEST_SLAB_BYTES));
    slabs[sizeClass] = slab;
  }
  return slab;
}
