const NOTHING = Buffer.alloc(0);

/** Bytes that are appended in pieces, in one piece of memory: many small ones take no more of it than a large one. */
export class GrowingBuffer {
  #memory = NOTHING;
  #length = 0;

  /** Number of bytes. */
  get length(): number {
    return this.#length;
  }

  /** The bytes, until more are appended or they are taken. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  /** Appends a copy. */
  append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#memory.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#memory.length));
      larger.set(this.bytes);
      this.#memory = larger;
    }
    this.#memory.set(bytes, this.#length);
    this.#length = needed;
  }

  /** Removes and returns all bytes. Their memory belongs to the caller. */
  take(): Buffer {
    const { bytes } = this;
    this.clear();
    return bytes;
  }

  clear(): void {
    this.#memory = NOTHING;
    this.#length = 0;
  }
}
