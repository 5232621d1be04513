import { Distribution } from './distribution.js';

/** Answers that come too late are recognised among that many that were given up. */
const MAX_OVERDUE = 1_000;

/** The bytes of a packet's number, as far as it has room for them. */
const NUMBER_BYTES = 4;

/** A packet that was sent, and has not come back. */
interface Pending {
  packet: Uint8Array;
  sentAtMs: number;
}

/** What became of packets that an echo device was sent. */
export class PingTally {
  /** In the order of sending. */
  readonly #pending = new Map<number, Pending>();
  readonly #overdue = new Map<number, Pending>();
  readonly rttMs = new Distribution();
  #sent = 0;
  #received = 0;
  #receivedBytes = 0;
  #corrupted = 0;
  #reordered = 0;
  #unexpected = 0;
  #latest = -1;
  /** Given up too long ago to be recognised. */
  #forgotten = 0;
  #smallestForgotten = Number.POSITIVE_INFINITY;
  #largestReceived = -1;

  get sent(): number {
    return this.#sent;
  }

  /** Came back as they were. */
  get received(): number {
    return this.#received;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Came back, but not as they were, or in a frame that was rejected. */
  get corrupted(): number {
    return this.#corrupted;
  }

  /** Of those received, came back after one that was sent later. */
  get reordered(): number {
    return this.#reordered;
  }

  /** Packets that came, and answer none that was sent. */
  get unexpected(): number {
    return this.#unexpected;
  }

  /** Did not come back in time. */
  get lost(): number {
    return this.#overdue.size + this.#forgotten;
  }

  /** The bytes of the shortest packet that is lost; infinite if none is. */
  get smallestLost(): number {
    return Math.min(this.#smallestForgotten, ...[...this.#overdue.values()].map(({ packet }) => packet.length));
  }

  /** The bytes of the longest packet that came back as it was; below 0 if none has. */
  get largestReceived(): number {
    return this.#largestReceived;
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** When the packet was sent that waits longest. */
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

  /** A packet came. */
  arrived(packet: Uint8Array, nowMs: number): void {
    const number = find(this.#pending, packet) ?? find(this.#overdue, packet);
    if (number === undefined) {
      this.#unknown(packet);
      return;
    }
    const { sentAtMs } = (this.#pending.get(number) ?? this.#overdue.get(number))!;
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

  /** A frame came that holds no packet: what was in it must have been the answer that is due. */
  rejected(): void {
    this.#corrupt([...this.#pending.keys()][0]);
  }

  /** Gives up the packets that were sent before that time. */
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

  /** The packets under way are no longer waited for, and count neither as sent nor as lost. */
  abandon(): void {
    this.#sent -= this.#pending.size;
    this.#pending.clear();
  }

  /** A packet came that is none of ours as it was sent. */
  #unknown(packet: Uint8Array): void {
    if (this.#isAnotherEcho(packet)) {
      this.#unexpected++;
      return;
    }
    const due = [...this.#pending];
    const similar =
      due.find(([, { packet: sent }]) => packet.length >= NUMBER_BYTES && startsAlike(sent, packet)) ??
      due.find(([, { packet: sent }]) => sent.length === packet.length);
    if (similar === undefined) {
      this.#unexpected++;
    } else {
      this.#corrupt(similar[0]);
    }
  }

  /** One of ours as it was sent, that is not waited for: it was answered before. A short one does not tell its number. */
  #isAnotherEcho(packet: Uint8Array): boolean {
    if (packet.length < NUMBER_BYTES) {
      return false;
    }
    const number = new DataView(packet.buffer, packet.byteOffset).getUint32(0, true);
    return number < this.#sent && Buffer.compare(packet, packetOf(number, packet.length)) === 0;
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

/** The number, little-endian, then bytes that look random: of every value, zero among them. */
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
  return (
    sent.length >= NUMBER_BYTES &&
    Buffer.compare(sent.subarray(0, NUMBER_BYTES), packet.subarray(0, NUMBER_BYTES)) === 0
  );
}
