import type { DeliveryStats } from './delivery-stats.js';
import type { OutgoingPacket } from './outgoing-packet.js';
import type { RoundTrip } from './round-trip.js';
import { SEQUENCE_SPACE } from './wire-format.js';

/**
 * The packets of a session that have numbers and were not taken by the peer: which to send next, which are lost, and when
 * to stop waiting.
 *
 * The line keeps its order. So when a transmission is acknowledged, all earlier ones that are not were lost.
 */
export class SendWindow {
  readonly #window: number;
  readonly #stats: DeliveryStats;
  readonly roundTrip: RoundTrip;
  /** By number. */
  readonly #packets: (OutgoingPacket | undefined)[] = new Array(SEQUENCE_SPACE).fill(undefined);
  /** The number of the oldest packet that was not taken. */
  #oldest = 0;
  /** How many packets have numbers and were not taken. */
  #count = 0;
  #inFlight = 0;
  /** How many packets are `lost` or `suspected`. */
  #toResend = 0;
  #transmissions = 0;
  /** The latest transmission that is known to have arrived. */
  #arrived = 0;
  /** How many packets may be in flight: halved by time-outs. */
  #limit: number;
  /** Packets that were sent once and acknowledged since the limit has grown. */
  #acknowledged = 0;
  /** Since when the oldest acknowledgement is awaited. */
  #waitsSinceMs = 0;

  constructor(window: number, roundTrip: RoundTrip, stats: DeliveryStats) {
    this.#window = window;
    this.#limit = window;
    this.roundTrip = roundTrip;
    this.#stats = stats;
  }

  /** Packets that have numbers and were not taken. */
  get count(): number {
    return this.#count;
  }

  /** Packets that were sent, and are neither acknowledged nor taken for lost. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get oldest(): OutgoingPacket | undefined {
    return this.#packets[this.#oldest];
  }

  /** How many packets may be in flight now. */
  get limit(): number {
    return this.#limit;
  }

  get mayResend(): boolean {
    return this.#toResend > 0 && this.#inFlight < this.#limit;
  }

  get mayAdd(): boolean {
    return this.#count < this.#window && this.#inFlight < this.#limit;
  }

  /** When to call {@link timeOut}. Infinity if nothing is in flight. */
  get timeoutAtMs(): number {
    return this.#inFlight === 0 ? Number.POSITIVE_INFINITY : this.#waitsSinceMs + this.roundTrip.timeoutMs;
  }

  /** The number of the oldest packet that has to be sent again. Only if {@link mayResend}. */
  numberToResend(): number {
    for (let number = this.#oldest; ; number = (number + 1) & (SEQUENCE_SPACE - 1)) {
      const { place } = this.#packets[number]!;
      if (place === 'lost' || place === 'suspected') {
        return number;
      }
    }
  }

  /** Gives a packet the next number, which is returned. Only if {@link mayAdd}. */
  add(packet: OutgoingPacket): number {
    const number = (this.#oldest + this.#count) & (SEQUENCE_SPACE - 1);
    this.#packets[number] = packet;
    this.#count++;
    return number;
  }

  /** The packet of this number. */
  packet(number: number): OutgoingPacket {
    return this.#packets[number]!;
  }

  /** The packet of this number is being written. */
  transmitted(number: number, nowMs: number): void {
    const packet = this.#packets[number]!;
    this.#transmissions++;
    if (packet.place === 'waiting' || packet.place === 'lost') {
      // Nothing that was sent before can arrive any more.
      packet.firstTransmission = this.#transmissions;
    }
    if (packet.place === 'lost') {
      this.#stats.resentLost++;
    } else if (packet.place === 'suspected') {
      this.#stats.resentTimedOut++;
    }
    if (packet.place !== 'waiting') {
      this.#toResend--;
    }
    packet.place = 'inFlight';
    packet.lastTransmission = this.#transmissions;
    packet.transmitted();
    packet.sentAtMs = nowMs;
    if (this.#inFlight++ === 0) {
      this.#waitsSinceMs = nowMs;
    }
  }

  /**
   * Reads an acknowledgement.
   *
   * @param next - the next packet that the application at the other end has not taken
   * @param held - the bitmap of the packets that wait there, from `heldAt` on
   * @returns whether anything was acknowledged that was not before
   */
  acknowledge(next: number, held: Uint8Array, heldAt: number, nowMs: number): boolean {
    const taken = (next - this.#oldest) & (SEQUENCE_SPACE - 1);
    if (taken > this.#count) {
      this.#stats.staleAcks++;
      return false;
    }
    let newest: OutgoingPacket | undefined;
    for (let index = 0; index < this.#count; index++) {
      const packet = this.#packets[(this.#oldest + index) & (SEQUENCE_SPACE - 1)]!;
      const bit = index - taken;
      if (packet.place !== 'held' && (bit < 0 || (held[heldAt + (bit >> 3)]! >> (bit & 7)) & 1)) {
        this.#leave(packet);
        packet.place = 'held';
        this.#arrived = Math.max(this.#arrived, packet.firstTransmission);
        if (newest === undefined || packet.lastTransmission > newest.lastTransmission) {
          newest = packet;
        }
      }
    }
    if (newest !== undefined) {
      this.#waitsSinceMs = nowMs;
      if (newest.transmissions === 1) {
        this.roundTrip.measured(nowMs - newest.sentAtMs);
      }
    }
    this.#remove(taken);
    if (newest !== undefined) {
      this.#findLost();
    }
    return newest !== undefined || taken > 0;
  }

  /** No acknowledgement arrived in time. */
  timeOut(): void {
    this.#stats.timeouts++;
    this.roundTrip.timedOut();
    this.#limit = Math.max(1, this.#limit >> 1);
    this.#acknowledged = 0;
    this.#suspect();
  }

  /** The port was opened again: what was in flight may be lost. Begins with one packet, to see whether the peer is there. */
  resume(): void {
    this.#limit = 1;
    this.#acknowledged = 0;
    this.#suspect();
  }

  /** Ends the session: removes the packets that were not taken, in order. */
  end(): OutgoingPacket[] {
    return Array.from({ length: this.#count }, (_, index) => this.#packets[(this.#oldest + index) % SEQUENCE_SPACE]!);
  }

  #suspect(): void {
    for (let index = 0; index < this.#count; index++) {
      const packet = this.#packets[(this.#oldest + index) & (SEQUENCE_SPACE - 1)]!;
      if (packet.place === 'inFlight') {
        packet.place = 'suspected';
        this.#inFlight--;
        this.#toResend++;
      }
    }
  }

  #findLost(): void {
    if (this.#inFlight + this.#toResend === 0) {
      return;
    }
    for (let index = 0; index < this.#count; index++) {
      const packet = this.#packets[(this.#oldest + index) & (SEQUENCE_SPACE - 1)]!;
      if (packet.lastTransmission < this.#arrived && (packet.place === 'inFlight' || packet.place === 'suspected')) {
        this.#leave(packet);
        packet.place = 'lost';
        this.#toResend++;
      }
    }
  }

  /** Takes a packet out of the count of its place. */
  #leave(packet: OutgoingPacket): void {
    if (packet.place === 'inFlight') {
      this.#inFlight--;
    } else {
      this.#toResend--;
    }
  }

  /** Removes the oldest packets: they were taken. */
  #remove(count: number): void {
    for (let index = 0; index < count; index++) {
      const packet = this.#packets[this.#oldest]!;
      this.#packets[this.#oldest] = undefined;
      this.#oldest = (this.#oldest + 1) & (SEQUENCE_SPACE - 1);
      this.#count--;
      this.#stats.packetsDelivered++;
      if (packet.transmissions === 1) {
        this.#acknowledged++;
      }
      packet.delivered();
    }
    if (this.#limit < this.#window && this.#acknowledged >= this.#limit) {
      this.#limit++;
      this.#acknowledged = 0;
    }
  }
}
