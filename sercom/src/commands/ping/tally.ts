import { Distribution } from './distribution.js';

/** How many overdue packets are kept, to recognize echoes that arrive too late. */
const MAX_OVERDUE = 1_000;

/** The size of the number that a packet begins with; shorter packets have only its first bytes. */
const NUMBER_BYTES = 4;

/** A packet that was sent and has not come back. */
interface Pending {
  packet: Uint8Array;
  sentAtMs: number;
}

/** Makes the packets to send, and matches what is received against them. */
export class PingTally {
  /** By number, in the order of sending. */
  readonly #pending = new Map<number, Pending>();
  /** Given up, but still recognized. */
  readonly #overdue = new Map<number, Pending>();
  readonly rttMs = new Distribution();
  #sent = 0;
  #received = 0;
  #receivedBytes = 0;
  #corrupted = 0;
  #reordered = 0;
  #unexpected = 0;
  #late = 0;
  #latest = -1;
  /** How many were given up too long ago to be recognized. */
  #forgotten = 0;
  #smallestForgotten = Number.POSITIVE_INFINITY;
  #largestReceived = -1;

  get sent(): number {
    return this.#sent;
  }

  /** Packets that came back unchanged. */
  get received(): number {
    return this.#received;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Packets that came back altered, or in a rejected frame. */
  get corrupted(): number {
    return this.#corrupted;
  }

  /** Received packets that came back after one that was sent later. */
  get reordered(): number {
    return this.#reordered;
  }

  /** Packets that were received but match no packet in flight. */
  get unexpected(): number {
    return this.#unexpected;
  }

  /** With ids: replies that came when no packet waited for them any more, because they were late or not the first. */
  get late(): number {
    return this.#late;
  }

  /** Packets that did not come back in time. */
  get lost(): number {
    return this.#overdue.size + this.#forgotten;
  }

  /** Size in bytes of the smallest lost packet; infinite if none is lost. */
  get smallestLost(): number {
    return Math.min(this.#smallestForgotten, ...[...this.#overdue.values()].map(({ packet }) => packet.length));
  }

  /** Size in bytes of the largest packet that came back unchanged; below 0 if none did. */
  get largestReceived(): number {
    return this.#largestReceived;
  }

  /** Packets in flight. */
  get pending(): number {
    return this.#pending.size;
  }

  /** When the oldest packet in flight was sent. */
  get oldestSentAtMs(): number | undefined {
    return this.#pending.values().next().value?.sentAtMs;
  }

  /** Makes the next packet. */
  add(bytes: number, nowMs: number): { number: number; packet: Uint8Array } {
    const number = this.#sent++;
    const packet = packetOf(number, bytes);
    this.#pending.set(number, { packet, sentAtMs: nowMs });
    return { number, packet };
  }

  /** Call when a packet is received. */
  arrived(packet: Uint8Array, nowMs: number): void {
    const number = find(this.#pending, packet) ?? find(this.#overdue, packet);
    if (number === undefined) {
      this.#unmatched(packet);
      return;
    }
    this.#cameBack(number, nowMs);
  }

  /** With ids: call when the reply to a packet in flight is received. */
  replied(number: number, reply: Uint8Array, nowMs: number): void {
    const pending = this.#pending.get(number);
    if (pending !== undefined && Buffer.compare(pending.packet, reply) === 0) {
      this.#cameBack(number, nowMs);
    } else {
      this.#corrupt(number);
    }
  }

  /** With ids: call when a reply comes that no packet waits for. */
  repliedLate(): void {
    this.#late++;
  }

  /** With ids: call when something other than a reply is received. */
  arrivedUnasked(): void {
    this.#unexpected++;
  }

  /** Call when a frame is rejected: it probably was the echo of the oldest packet in flight. */
  rejected(): void {
    this.#corrupt([...this.#pending.keys()][0]);
  }

  /** Gives up the packets that were sent before a time. */
  expire(beforeMs: number): void {
    for (const [number, pending] of this.#pending) {
      if (pending.sentAtMs > beforeMs) {
        break;
      }
      this.lose(number);
    }
  }

  /** Gives up one packet. */
  lose(number: number): void {
    const pending = this.#pending.get(number);
    if (pending === undefined) {
      return;
    }
    this.#pending.delete(number);
    this.#overdue.set(number, pending);
    if (this.#overdue.size > MAX_OVERDUE) {
      const [oldest, { packet }] = this.#overdue.entries().next().value!;
      this.#overdue.delete(oldest);
      this.#smallestForgotten = Math.min(this.#smallestForgotten, packet.length);
      this.#forgotten++;
    }
  }

  /** Forgets the packets in flight: they count neither as sent nor as lost. */
  abandon(): void {
    this.#sent -= this.#pending.size;
    this.#pending.clear();
  }

  /** A packet was received that equals none in flight or overdue. */
  #unmatched(packet: Uint8Array): void {
    if (this.#isAnotherEcho(packet)) {
      this.#unexpected++;
      return;
    }
    const due = [...this.#pending];
    const similar =
      due.find(([, { packet: sent }]) => startsAlike(sent, packet)) ??
      due.find(([, { packet: sent }]) => sent.length === packet.length);
    if (similar === undefined) {
      this.#unexpected++;
    } else {
      this.#corrupt(similar[0]);
    }
  }

  /** Whether it is a second echo of a packet. Packets shorter than their number are not recognized. */
  #isAnotherEcho(packet: Uint8Array): boolean {
    if (packet.length < NUMBER_BYTES) {
      return false;
    }
    const number = new DataView(packet.buffer, packet.byteOffset).getUint32(0, true);
    return number < this.#sent && Buffer.compare(packet, packetOf(number, packet.length)) === 0;
  }

  #cameBack(number: number, nowMs: number): void {
    const { packet, sentAtMs } = (this.#pending.get(number) ?? this.#overdue.get(number))!;
    this.#pending.delete(number);
    this.#overdue.delete(number);
    this.#received++;
    this.#receivedBytes += packet.length;
    this.#largestReceived = Math.max(this.#largestReceived, packet.length);
    this.rttMs.add(nowMs - sentAtMs);
    if (number < this.#latest) {
      this.#reordered++;
    }
    this.#latest = Math.max(this.#latest, number);
  }

  #corrupt(number: number | undefined): void {
    if (number === undefined) {
      this.#unexpected++;
    } else {
      this.#pending.delete(number);
      this.#corrupted++;
    }
  }
}

/** The number, little-endian, followed by pseudo-random bytes. */
function packetOf(number: number, bytes: number): Uint8Array {
  const packet = new Uint8Array(bytes);
  let state = (number + 1) >>> 0;
  for (let index = 0; index < bytes; index++) {
    if (index < NUMBER_BYTES) {
      packet[index] = number >>> (8 * index);
    } else {
      // xorshift32
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      packet[index] = state >>> 11;
    }
  }
  return packet;
}

function find(pending: ReadonlyMap<number, Pending>, packet: Uint8Array): number | undefined {
  for (const [number, { packet: sent }] of pending) {
    if (sent.length === packet.length && Buffer.compare(sent, packet) === 0) {
      return number;
    }
  }
  return undefined;
}

function startsAlike(sent: Uint8Array, packet: Uint8Array): boolean {
  return Buffer.compare(sent.subarray(0, NUMBER_BYTES), packet.subarray(0, NUMBER_BYTES)) === 0;
}
