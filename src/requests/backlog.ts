import { Queue } from './queue.js';

/** Packets that wait for a busy handler, in order. */
export class Backlog {
  readonly #packets = new Queue<Uint8Array>();
  #bytes = 0;

  /** Bytes of all packets. An empty packet takes room, too: each counts one byte more. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#packets.length;
  }

  add(packet: Uint8Array): void {
    this.#packets.add(packet);
    this.#bytes += packet.length + 1;
  }

  shift(): Uint8Array | undefined {
    const packet = this.#packets.shift();
    if (packet !== undefined) {
      this.#bytes -= packet.length + 1;
    }
    return packet;
  }

  /** Removes all packets. Returns their number. */
  clear(): number {
    const { length } = this.#packets;
    this.#packets.clear();
    this.#bytes = 0;
    return length;
  }
}
