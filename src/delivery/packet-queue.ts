import type { OutgoingPacket } from './outgoing-packet.js';

/** Packets that wait to be sent, in order. Any of them can be removed in constant time. */
export class PacketQueue {
  readonly #packets = new Set<OutgoingPacket>();
  #first: OutgoingPacket | undefined;

  get first(): OutgoingPacket | undefined {
    return this.#first;
  }

  get size(): number {
    return this.#packets.size;
  }

  push(packet: OutgoingPacket): void {
    this.#packets.add(packet);
    this.#first ??= packet;
  }

  delete(packet: OutgoingPacket): void {
    this.#packets.delete(packet);
    if (packet === this.#first) {
      this.#first = this.#packets.values().next().value;
    }
  }

  shift(): OutgoingPacket | undefined {
    const first = this.#first;
    if (first !== undefined) {
      this.delete(first);
    }
    return first;
  }

  /** Removes and returns the packets that `isMatch` selects. */
  remove(isMatch: (packet: OutgoingPacket) => boolean): OutgoingPacket[] {
    const removed = [...this.#packets].filter(isMatch);
    for (const packet of removed) {
      this.delete(packet);
    }
    return removed;
  }
}
