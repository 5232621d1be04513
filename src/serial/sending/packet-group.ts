import type { Transmission } from '../../requests/transmission.js';
import type { LinkStats } from '../serial-stats.js';

/** How an accepted packet ends: the counter it is added to. */
export type Outcome =
  | 'packetsSent'
  | 'packetsAborted'
  | 'packetsTimedOut'
  | 'packetsLost'
  | 'packetsUndelivered'
  | 'packetsReleased'
  | 'packetsShutDown';

/**
 * Packets that were accepted one after another, are written together, and so share one promise: a promise costs more
 * than everything else about a small packet. A packet with a signal or a timeout, and a request, is alone in its group,
 * since it can end in a way of its own.
 */
export class PacketGroup {
  /** Each packet with its checksum. */
  readonly bodies: Uint8Array[];
  /** Bytes of the packets alone. */
  packetBytes: number;
  /** Most bytes that the frames and their delimiters can take. */
  wireBytes: number;
  /** Undefined for a request, which is told instead. */
  readonly promise: Promise<void> | undefined;
  /** Of a request. */
  readonly transmission: Transmission | undefined;
  /** Stops watching the signal. */
  unwatch: (() => void) | undefined;
  /** When `sendTimeoutMs` is over, by the timer of the queue. Infinite without that setting. */
  readonly deadlineMs: number;
  /** Where its last frame ends in the current write. */
  endsAt = 0;
  #resolve: (() => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #isSettled = false;

  constructor(
    body: Uint8Array,
    packetBytes: number,
    wireBytes: number,
    deadlineMs: number,
    transmission: Transmission | undefined,
  ) {
    this.bodies = [body];
    this.packetBytes = packetBytes;
    this.wireBytes = wireBytes;
    this.promise =
      transmission === undefined
        ? new Promise((resolve, reject) => {
            this.#resolve = resolve;
            this.#reject = reject;
          })
        : undefined;
    this.transmission = transmission;
    this.unwatch = undefined;
    this.deadlineMs = deadlineMs;
  }

  add(body: Uint8Array, packetBytes: number, wireBytes: number): void {
    this.bodies.push(body);
    this.packetBytes += packetBytes;
    this.wireBytes += wireBytes;
  }

  /** Whether the outcome is known. The rest of the frame may still have to be written. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  isLate(nowMs: number): boolean {
    return !this.#isSettled && this.deadlineMs <= nowMs;
  }

  /** Settles the promise or tells the request, and counts the packets. Does nothing the second time. */
  settle(stats: LinkStats, outcome: Outcome, error: unknown): void {
    if (this.#isSettled) {
      return;
    }
    this.#isSettled = true;
    this.unwatch?.();
    stats.packetsWaiting -= this.bodies.length;
    stats[outcome] += this.bodies.length;
    if (outcome === 'packetsSent') {
      stats.packetBytesSent += this.packetBytes;
      this.#resolve?.();
      this.transmission?.written();
    } else {
      this.#reject?.(error);
      const { transmission } = this;
      if (transmission !== undefined) {
        // Later, since the request starts others, which would be added to a queue that is being emptied.
        queueMicrotask(() => transmission.failed(error));
      }
    }
  }
}
