import type { PacketRecord } from '../../records/record.js';

/** Ends the monitor after a number of received packets (`--count`). */
export class ReceiveLimit {
  readonly #packets: number;
  #received = 0;
  #reach = () => {};

  /** Resolves with the last packet. */
  readonly reached: Promise<void>;

  /** @param packets - Default: no limit. */
  constructor(packets = Number.POSITIVE_INFINITY) {
    this.#packets = packets;
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
  }

  /** Counts a record that was received. After the last packet, nothing received passes. */
  passes({ dir, error }: PacketRecord): boolean {
    if (dir === 'tx') {
      return true;
    }
    if (this.#received === this.#packets) {
      return false;
    }
    if (error === undefined && ++this.#received === this.#packets) {
      this.#reach();
    }
    return true;
  }
}
