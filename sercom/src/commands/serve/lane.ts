import { countFrames } from './frame-cutter.js';
import { GrowingBuffer } from './growing-buffer.js';

/** Of one client, this much is written before it is the turn of the next: the size of a tty's buffer. */
const TURN_BYTES = 4_096;

const NOTHING = new Uint8Array();

/** Gets what happens to a {@link Lane}. */
export interface LaneOwner {
  /** The port has accepted a part, so there may be room. */
  drained(): void;
  /** Frames, or bytes if there are no frames, were dropped because the port was lost. */
  dropped(amount: number): void;
}

/** What a client has sent and the port has not accepted: whole frames, or plain bytes. Bounded by what the client is let send. */
export class Lane {
  readonly #isFramed: boolean;
  readonly #owner: LaneOwner;
  readonly #added = new GrowingBuffer();
  #current: Uint8Array = NOTHING;
  /** Bytes that were handed to the port, which has not accepted all of them. */
  #inFlight: Uint8Array | undefined;
  #onIdle: (() => void) | undefined;
  #frames = 0;
  #bytes = 0;

  constructor(isFramed: boolean, owner: LaneOwner) {
    this.#isFramed = isFramed;
    this.#owner = owner;
  }

  /** Bytes that wait. */
  get waitingBytes(): number {
    return this.#current.length + this.#added.length;
  }

  /** Frames that the port has accepted. 0 if there are no frames. */
  get writtenFrames(): number {
    return this.#frames;
  }

  /** Bytes that the port has accepted. */
  get writtenBytes(): number {
    return this.#bytes;
  }

  append(bytes: Uint8Array): void {
    this.#added.append(bytes);
  }

  /** Takes what is to be written next: whole frames up to {@link TURN_BYTES}, or a longer one. */
  take(): Uint8Array {
    if (this.#current.length === 0) {
      this.#current = this.#added.take();
    }
    const current = this.#current;
    let end = Math.min(current.length, TURN_BYTES);
    if (this.#isFramed && end < current.length) {
      end = current.lastIndexOf(0, end - 1) + 1 || current.indexOf(0) + 1;
    }
    this.#inFlight = current.subarray(0, end);
    this.#current = current.subarray(end);
    return this.#inFlight;
  }

  /** The port has accepted what was taken. */
  written(): void {
    const bytes = this.#inFlight!;
    this.#inFlight = undefined;
    this.#count(bytes);
    this.#settle();
  }

  /**
   * Drops what the port has not got yet.
   *
   * @returns how much it was: frames, or bytes if there are no frames
   */
  purge(): number {
    const amount = this.#amountOf(this.#current) + this.#amountOf(this.#added.take());
    this.#current = NOTHING;
    this.#settle();
    return amount;
  }

  /**
   * Drops everything, because the port is lost or closed.
   *
   * @param accepted - how many of the bytes that were taken the port has accepted
   */
  drop(accepted: number): void {
    const inFlight = this.#inFlight ?? NOTHING;
    const written = inFlight.subarray(0, accepted);
    this.#inFlight = undefined;
    this.#count(written);
    // A frame that was cut is lost.
    this.#owner.dropped(this.#amountOf(inFlight) - this.#amountOf(written) + this.purge());
  }

  /** Resolves when nothing waits: the port has accepted everything, or was lost. */
  idle(): Promise<void> {
    return this.#isIdle
      ? Promise.resolve()
      : new Promise((resolve) => {
          const before = this.#onIdle;
          this.#onIdle = () => {
            before?.();
            resolve();
          };
        });
  }

  get #isIdle(): boolean {
    return this.waitingBytes === 0 && this.#inFlight === undefined;
  }

  #count(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    this.#frames += this.#isFramed ? countFrames(bytes) : 0;
  }

  #amountOf(bytes: Uint8Array): number {
    return this.#isFramed ? countFrames(bytes) : bytes.length;
  }

  #settle(): void {
    if (this.#isIdle) {
      this.#onIdle?.();
      this.#onIdle = undefined;
    }
    this.#owner.drained();
  }
}
