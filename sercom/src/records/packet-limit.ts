import type { PacketRecord } from './record.js';

/** Lets a number of packets pass (`--count`): those of one direction count, and rejected frames do not. */
export class PacketLimit {
  readonly #packets: number;
  readonly #dir: PacketRecord['dir'];
  #passed = 0;
  #reach = () => {};

  /** Resolves with the last packet. */
  readonly reached: Promise<void>;

  /**
   * @param packets - Default: no limit
   * @param dir - the packets that count
   */
  constructor(packets = Number.POSITIVE_INFINITY, dir: PacketRecord['dir'] = 'rx') {
    this.#packets = packets;
    this.#dir = dir;
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
  }

  /** Whether the last packet has passed. */
  get isReached(): boolean {
    return this.#passed === this.#packets;
  }

  /** Whether a record passes, which is then counted. After the last packet, nothing of its direction does. */
  passes({ dir, error, isHidden }: PacketRecord): boolean {
    if (dir !== this.#dir || isHidden) {
      return true;
    }
    if (this.isReached) {
      return false;
    }
    if (error === undefined && ++this.#passed === this.#packets) {
      this.#reach();
    }
    return true;
  }
}
