/** How much is read while the listener is not ready, because an answer comes after it. */
const MAX_HELD_BYTES = 65_536;

/** Data for which a listener was not ready. */
export class HeldData {
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** Whether nothing more should be read. What has already been read may still be added. */
  get isFull(): boolean {
    return this.#bytes >= MAX_HELD_BYTES;
  }

  /** Adds a copy of data. */
  add(data: Uint8Array): void {
    this.#chunks.push(data.slice());
    this.#bytes += data.length;
  }

  /** Returns everything, and holds nothing any more. */
  take(): Uint8Array {
    const data = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#bytes = 0;
    return data;
  }
}
