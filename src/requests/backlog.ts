/** A longer array is made shorter when more than half of it has been taken. */
const KEPT_LENGTH = 64;

/** Packets that wait for a busy handler, in order. */
export class Backlog {
  #packets: Uint8Array[] = [];
  #next = 0;
  #bytes = 0;

  /** Bytes of all packets. An empty packet takes room, too: each counts one byte more. */
  get bytes(): number {
    return this.#bytes;
  }

  add(packet: Uint8Array): void {
    this.#packets.push(packet);
    this.#bytes += packet.length + 1;
  }

  shift(): Uint8Array | undefined {
    const packet = this.#packets[this.#next];
    if (packet === undefined) {
      return undefined;
    }
    this.#next++;
    this.#bytes -= packet.length + 1;
    if (this.#next === this.#packets.length) {
      this.#packets = [];
      this.#next = 0;
    } else if (this.#next > KEPT_LENGTH && 2 * this.#next > this.#packets.length) {
      this.#packets = this.#packets.slice(this.#next);
      this.#next = 0;
    }
    return packet;
  }

  /** Removes all packets. Returns their number. */
  clear(): number {
    const count = this.#packets.length - this.#next;
    this.#packets = [];
    this.#next = 0;
    this.#bytes = 0;
    return count;
  }
}
