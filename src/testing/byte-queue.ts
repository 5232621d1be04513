/** A bounded first-in, first-out buffer of bytes. Each byte is copied once on its way in and once on its way out. */
export class ByteQueue {
  readonly #bytes: Uint8Array;
  #start = 0;
  #length = 0;

  constructor(capacityBytes: number) {
    this.#bytes = new Uint8Array(capacityBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** Adds as much of `source` as there is room for. Returns the number of bytes added. */
  write(source: Uint8Array): number {
    const capacity = this.#bytes.length;
    const count = Math.min(source.length, capacity - this.#length);
    const end = (this.#start + this.#length) % capacity;
    const untilWrap = Math.min(count, capacity - end);
    this.#bytes.set(source.subarray(0, untilWrap), end);
    this.#bytes.set(source.subarray(untilWrap, count), 0);
    this.#length += count;
    return count;
  }

  /** Adds one byte. Returns false if there is no room. */
  push(byte: number): boolean {
    if (this.#length === this.#bytes.length) {
      return false;
    }
    this.#bytes[(this.#start + this.#length) % this.#bytes.length] = byte;
    this.#length++;
    return true;
  }

  /** Moves bytes to `target` until it is full or the queue is empty. Returns the number of bytes moved. */
  read(target: Uint8Array): number {
    const count = Math.min(target.length, this.#length);
    const untilWrap = Math.min(count, this.#bytes.length - this.#start);
    target.set(this.#bytes.subarray(this.#start, this.#start + untilWrap));
    target.set(this.#bytes.subarray(0, count - untilWrap), untilWrap);
    this.#start = (this.#start + count) % this.#bytes.length;
    this.#length -= count;
    return count;
  }

  /** Removes the oldest byte. Returns undefined if there is none. */
  shift(): number | undefined {
    if (this.#length === 0) {
      return undefined;
    }
    const byte = this.#bytes[this.#start];
    this.#start = (this.#start + 1) % this.#bytes.length;
    this.#length--;
    return byte;
  }

  /** Discards all bytes. Returns how many. */
  clear(): number {
    const count = this.#length;
    this.#length = 0;
    return count;
  }
}
