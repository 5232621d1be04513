import { FRAME_KINDS } from '../../src/delivery/wire-format.js';
import type { EventQueue } from './event-queue.js';

type Random = (below: number) => number;

/** What a line does to frames. Probabilities are from 0 to 1. */
export interface LineFaults {
  /** Probability that a frame is lost. */
  loss: number;
  /** Probability for each byte that one of its bits is flipped. */
  bitErrors: number;
  /** Probability that a frame arrives twice. */
  duplication: number;
  /** A frame may be delayed by up to this. The order is kept. */
  maxDelayMs: number;
  /** Probability that up to four old frames arrive again after a frame, as over a network bridge. */
  replays: number;
}

/**
 * How many packets may have been taken since a frame of the session was sent that arrives again: with windows of up to 9,
 * its number is not in use again. A frame of an older session may be of any age.
 */
const REPLAY_WITHIN_PACKETS = 32;

/** Collects bytes as a USB adapter does: up to 62 bytes, or until its latency timer is over. */
const ADAPTER_BYTES = 62;

interface SentFrame {
  readonly frame: Uint8Array;
  /** How many packets had been taken. */
  readonly packetsBefore: number;
}

/** One direction of a serial line. The order is kept. */
export class Line {
  readonly counts = {
    frames: 0,
    lost: 0,
    cut: 0,
    duplicated: 0,
    replayed: 0,
    arrived: 0,
    /** Of these, DATA and DATAGRAM. */
    arrivedPackets: 0,
    damaged: 0,
    inTransit: 0,
  };
  readonly #events: EventQueue;
  readonly #random: Random;
  readonly #byteMs: number;
  readonly #latencyMs: number;
  readonly #isAdapter: boolean;
  readonly #receive: (bytes: Uint8Array) => void;
  faults: LineFaults;
  /** Nothing arrives while it is true. */
  isDead = false;
  /** Hears what arrives, with all damage. */
  tap: (bytes: Uint8Array) => void = () => {};
  /** Frames that are lost in any case, counted from 1. */
  framesToLose: readonly number[] = [];
  /** All frames that were sent, if some arrive again. */
  readonly #sent: SentFrame[] = [];
  /** How many frames were sent before the session of the receiver. */
  #sentBefore = 0;
  /** How many packets have been taken. */
  packetsTaken = () => 0;
  /** What was sent before a cut does not arrive after it. */
  #cuts = 0;
  #freeAtMs = 0;
  #lastArrivalMs = 0;
  #collected: number[] = [];
  #flushedAtMs = 0;
  #flushes = 0;

  constructor(
    events: EventQueue,
    random: Random,
    options: { baudRate: number; latencyMs: number; isAdapter?: boolean; faults: LineFaults },
    receive: (bytes: Uint8Array) => void,
  ) {
    this.#events = events;
    this.#random = random;
    this.#byteMs = 10_000 / options.baudRate;
    this.#latencyMs = options.latencyMs;
    this.#isAdapter = options.isAdapter ?? false;
    this.faults = options.faults;
    this.#receive = receive;
  }

  /** When the last byte that was sent has left. */
  get freeAtMs(): number {
    return this.#freeAtMs;
  }

  /** Sends whole frames. */
  send(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; ) {
      const end = bytes.indexOf(0, start) + 1;
      this.#sendFrame(bytes.slice(start, end));
      start = end;
    }
  }

  /** How many frames were sent, if some arrive again. */
  get sent(): number {
    return this.#sent.length;
  }

  /** The first frames that were sent are of sessions that the receiver does not have any more. */
  sessionBegan(sentBefore: number): void {
    this.#sentBefore = sentBefore;
  }

  /** What is on the way does not arrive, or only its beginning. */
  cut(): void {
    this.#cuts++;
    this.#freeAtMs = this.#events.nowMs;
    this.#collected = [];
  }

  #happens(probability: number): boolean {
    return probability > 0 && this.#random(1_000_000) < probability * 1_000_000;
  }

  #sendFrame(frame: Uint8Array): void {
    const { faults, counts } = this;
    this.#freeAtMs = Math.max(this.#freeAtMs, this.#events.nowMs) + frame.length * this.#byteMs;
    if (frame.length === 1) {
      // A delimiter alone.
      return;
    }
    counts.frames++;
    if (faults.replays > 0) {
      this.#sent.push({ frame: frame.slice(), packetsBefore: this.packetsTaken() });
    }
    if (this.#happens(faults.loss) || this.framesToLose.includes(counts.frames)) {
      counts.lost++;
      return;
    }
    const delayMs = (this.#isAdapter ? 0 : this.#latencyMs) + this.#random(1_001) * 0.001 * faults.maxDelayMs;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.#freeAtMs + delayMs);
    this.#damage(frame);
    const copies = this.#happens(faults.duplication) ? 2 : 1;
    counts.duplicated += copies - 1;
    const cuts = this.#cuts;
    for (let copy = 0; copy < copies; copy++) {
      this.#planArrival(frame, cuts);
    }
    if (this.#happens(faults.replays)) {
      for (const { frame: old } of this.#oldFrames()) {
        counts.replayed++;
        this.#planArrival(old, cuts);
      }
    }
  }

  #planArrival(frame: Uint8Array, cuts: number): void {
    this.counts.inTransit++;
    this.#events.at(this.#lastArrivalMs, () => this.#arrive(frame, cuts));
  }

  #oldFrames(): SentFrame[] {
    const sent = this.#sent;
    const oldest = this.packetsTaken() - REPLAY_WITHIN_PACKETS;
    const isOld = this.#sentBefore > 0 && this.#random(2) === 0;
    const from = isOld ? 0 : sent.findIndex(({ packetsBefore }) => packetsBefore > oldest);
    const to = isOld ? this.#sentBefore : sent.length;
    let start = from + this.#random(to - from);
    if (this.#random(2) === 0) {
      // The beginning of a session does the most harm.
      while (start > from && kindOf(sent[start]!.frame) !== FRAME_KINDS.handshake) {
        start--;
      }
    }
    return sent.slice(start, Math.min(start + 1 + this.#random(4), to));
  }

  #damage(frame: Uint8Array): void {
    const { bitErrors } = this.faults;
    if (bitErrors === 0) {
      return;
    }
    let isDamaged = false;
    for (let index = 0; index < frame.length; index++) {
      if (this.#happens(bitErrors)) {
        frame[index]! ^= 1 << this.#random(8);
        isDamaged = true;
      }
    }
    this.counts.damaged += isDamaged ? 1 : 0;
  }

  #arrive(frame: Uint8Array, cuts: number): void {
    this.counts.inTransit--;
    if (this.isDead || cuts !== this.#cuts) {
      this.counts.cut++;
      if (!this.isDead && this.#random(4) === 0) {
        this.#pass(frame.subarray(0, this.#random(frame.length)));
      }
      return;
    }
    this.counts.arrived++;
    const kind = kindOf(frame);
    this.counts.arrivedPackets += kind === FRAME_KINDS.data || kind === FRAME_KINDS.datagram ? 1 : 0;
    this.#pass(frame);
  }

  #pass(bytes: Uint8Array): void {
    this.tap(bytes);
    if (!this.#isAdapter) {
      this.#receive(bytes);
      return;
    }
    const wasEmpty = this.#collected.length === 0;
    this.#collected.push(...bytes);
    while (this.#collected.length >= ADAPTER_BYTES) {
      this.#flush(ADAPTER_BYTES);
    }
    if (wasEmpty && this.#collected.length > 0) {
      this.#planFlush();
    }
  }

  #planFlush(): void {
    const flushes = this.#flushes;
    const periods = Math.ceil((this.#events.nowMs - this.#flushedAtMs) / this.#latencyMs);
    this.#events.at(this.#flushedAtMs + Math.max(1, periods) * this.#latencyMs, () => {
      if (flushes === this.#flushes) {
        this.#flush(this.#collected.length);
      }
    });
  }

  #flush(bytes: number): void {
    this.#flushes++;
    this.#flushedAtMs = this.#events.nowMs;
    const chunk = Uint8Array.from(this.#collected.splice(0, bytes));
    if (this.#collected.length > 0) {
      this.#planFlush();
    }
    this.#receive(chunk);
  }
}

/** The kind of a frame. */
export function kindOf(frame: Uint8Array): number {
  // A code is before the first byte. If it is 1, that byte is 0.
  return frame[0] === 1 ? 0 : frame[1]! >> 6;
}
