import { setTimeout as delay } from 'node:timers/promises';
import type { Lane } from './lane.js';
import type { RawPort } from './shared-port.js';

/** Ends a frame that was cut anywhere, so that it cannot decode: a block of each length, and the delimiter. */
const RESYNC = Buffer.from([1, ...new Array<number>(254).fill(255), 0]);

/** A port that is still open this long after a failed write does not work, although it does not report that. */
const FAILURE_PATIENCE_MS = 1_000;

/** How long a stalled port may take to discard what it has not sent. */
const FLUSH_MS = 500;

const DELIMITER = Buffer.of(0);

/** Writes what clients send: one write at a time, whole frames of one client, then those of the next. */
export class PortWriter {
  readonly #isFramed: boolean;
  readonly #sync: boolean;
  readonly #failed: () => void;
  /** The lanes with something to write, in the order of their turns. */
  readonly #waiting = new Set<Lane>();
  #port: RawPort | undefined;
  /** Since when nothing more of the pending write has been accepted, as far as is known. Undefined if none is pending. */
  #writingSince: number | undefined;
  /** How much of it had been accepted then. */
  #acceptedBytes = 0;
  /** Whose bytes are being written. */
  #lane: Lane | undefined;
  #isFrameCut = false;

  /**
   * @param isFramed - whether lanes contain frames
   * @param sync - whether to write a delimiter when the port has opened
   * @param failed - called when a write has failed; the port may still be open
   */
  constructor(isFramed: boolean, sync: boolean, failed: () => void) {
    this.#isFramed = isFramed;
    this.#sync = sync;
    this.#failed = failed;
  }

  /** For how long the port has accepted nothing of a write, in milliseconds. What it accepts between two calls is noticed. */
  stalledMs(): number {
    if (this.#writingSince === undefined) {
      return 0;
    }
    const now = performance.now();
    const acceptedBytes = this.#port?.writtenBytes ?? 0;
    if (acceptedBytes !== this.#acceptedBytes) {
      this.#acceptedBytes = acceptedBytes;
      this.#writingSince = now;
    }
    return now - this.#writingSince;
  }

  /** The port was opened. */
  opened(port: RawPort): void {
    this.#port = port;
    if (this.#isFramed && (this.#sync || this.#isFrameCut)) {
      this.#write(undefined, this.#isFrameCut ? RESYNC : DELIMITER);
    }
    this.#pump();
  }

  /** The port was lost, or is to be closed: drops what waits. */
  closed(): void {
    const accepted = this.#port?.writtenBytes;
    if (this.#writingSince !== undefined) {
      // A port that cannot say how much of a write it has accepted may have accepted any part.
      this.#isFrameCut ||= this.#isFramed && accepted !== 0;
      this.#writingSince = undefined;
      this.#lane?.drop(accepted ?? 0);
      this.#lane = undefined;
    }
    this.#port = undefined;
    for (const lane of this.#waiting) {
      lane.drop(0);
    }
    this.#waiting.clear();
  }

  /** There is more in a lane, or nothing any more. */
  laneChanged(lane: Lane): void {
    if (lane.waitingBytes === 0) {
      this.#waiting.delete(lane);
      return;
    }
    this.#waiting.add(lane);
    this.#pump();
  }

  /** Ends, and discards what the device does not accept, so that closing the port does not wait for that. */
  async end(): Promise<void> {
    const port = this.#port;
    const isStalled = this.#writingSince !== undefined;
    this.closed();
    if (port !== undefined && isStalled) {
      // What the flush discards must not make room for the rest of the write.
      port.shortenWrite?.(port.writtenBytes ?? 0);
      const flushed = port.flush().catch(() => {});
      await Promise.race([flushed, delay(FLUSH_MS, undefined, { ref: false })]);
    }
  }

  #pump(): void {
    while (this.#port !== undefined && this.#writingSince === undefined) {
      const [lane] = this.#waiting;
      if (lane === undefined) {
        return;
      }
      this.#waiting.delete(lane);
      const bytes = lane.take();
      if (lane.waitingBytes > 0) {
        // Now it is the turn of the others.
        this.#waiting.add(lane);
      }
      this.#write(lane, bytes);
    }
  }

  #write(lane: Lane | undefined, bytes: Uint8Array): void {
    const port = this.#port!;
    this.#lane = lane;
    this.#writingSince = performance.now();
    this.#acceptedBytes = 0;
    const done = () => {
      // The port may have been lost.
      if (this.#port === port) {
        this.#writingSince = undefined;
        this.#lane = undefined;
        this.#isFrameCut = false;
        lane?.written();
      }
    };
    const failed = () => {
      // Usually, the port is about to report that it hung up.
      setTimeout(() => {
        if (this.#port === port) {
          this.#failed();
        }
      }, FAILURE_PATIENCE_MS).unref();
    };
    try {
      const written = port.write(bytes);
      if (written === undefined) {
        done();
      } else {
        written.then(() => {
          done();
          this.#pump();
        }, failed);
      }
    } catch {
      failed();
    }
  }
}
