import type { OutgoingPacket } from './outgoing-packet.js';

/** Packets that wait to be sent, in order. Any of them can be removed in constant time. */
export class PacketQueue {
  // Not a Set: the tables that it replaces keep packets alive that have left it, until a full garbage collection.
  #first: OutgoingPacket | undefined;
  #last: OutgoingPacket | undefined;
  #size = 0;

  get first(): OutgoingPacket | undefined {
    return this.#first;
  }

  get size(): number {
    return this.#size;
  }

  push(packet: OutgoingPacket): void {
    const last = this.#last;
    packet.queue = this;
    packet.before = last;
    if (last === undefined) {
      this.#first = packet;
    } else {
      last.after = packet;
    }
    this.#last = packet;
    this.#size++;
  }

  /** Removes a packet, if it is in this queue. */
  delete(packet: OutgoingPacket): void {
    if (packet.queue !== this) {
      return;
    }
    const { before, after } = packet;
    if (before === undefined) {
      this.#first = after;
    } else {
      before.after = after;
    }
    if (after === undefined) {
      this.#last = before;
    } else {
      after.before = before;
    }
    packet.queue = undefined;
    packet.before = undefined;
    packet.after = undefined;
    this.#size--;
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
    const removed: OutgoingPacket[] = [];
    for (let packet = this.#first; packet !== undefined; ) {
      const { after } = packet;
      if (isMatch(packet)) {
        this.delete(packet);
        removed.push(packet);
      }
      packet = after;
    }
    return removed;
  }
}

/** What waits to be sent. The queues outlive sessions. */
export interface SendQueues {
  readonly packets: PacketQueue;
  readonly datagrams: PacketQueue;
}
