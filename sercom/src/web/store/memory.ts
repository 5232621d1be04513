/** How much memory the packets and the series of the live page use together, and how much they may use. */
export class Memory {
  /** The most bytes that may be used. */
  readonly limitBytes: number;
  #usedBytes = 0;
  #allocatedBytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** What is allocated now, in bytes. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** All that was ever allocated, in bytes. */
  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  /** Whether more is used than may be. The store then drops its oldest rows: see `PacketStore.trim`. */
  get isExceeded(): boolean {
    return this.#usedBytes > this.limitBytes;
  }

  /** Accounts for bytes that were allocated. It drops nothing, so it may be called at any time. */
  add(bytes: number): void {
    this.#usedBytes += bytes;
    this.#allocatedBytes += bytes;
  }

  /** Accounts for bytes that were given back. */
  remove(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}
