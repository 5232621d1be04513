import { ConnectionError, IllegalStateAction } from '../../errors.js';
import { AbortWatch } from '../../serial/abort-watch.js';

/** What is on its way at once: as much as the buffers of an operating system hold of a serial port's. */
const LINE_BYTES = 65_536;

/** What waits to be on its way: as much as a serial connection queues by default. */
const QUEUE_BYTES = 1_048_576;

interface Waiting {
  readonly packet: Uint8Array;
  readonly costBytes: number;
  resolve(): void;
  reject(error: unknown): void;
  settled?(): void;
}

interface Transit {
  /** What the receive handler is to get for it. */
  answers(): readonly Uint8Array[];
  readonly costBytes: number;
  handled?(): void;
  abandoned?(): void;
}

/** What a {@link LoopbackLine} is made of. */
export interface LoopbackLineOptions {
  readonly name: string;
  /** What comes back for a packet. It may throw. */
  answer(packet: Uint8Array): readonly Uint8Array[];
  /** Hands a packet over. While a returned promise is pending, the next one waits. It never rejects. */
  deliver(packet: Uint8Array): void | Promise<void>;
}

/** A packet takes room even when it is empty: one byte more than it has, for its end. */
function costBytesOf(packet: Uint8Array): number {
  return packet.length + 1;
}

/**
 * One connection of a `LoopbackCommunicator`: packets wait until they can be on their way, are on their way until they
 * have been handled, and both are bounded.
 */
export class LoopbackLine {
  readonly #options: LoopbackLineOptions;
  readonly #aborts = new AbortWatch();
  readonly #waiting = new Set<Waiting>();
  #waitingBytes = 0;
  /** On their way; the first is the one being handled. */
  readonly #line: Transit[] = [];
  #lineBytes = 0;
  #admitting = false;
  #delivering = false;
  /** Of the packet that is being handled, the answers after the one that the handler has; else `undefined`. */
  #answersLeft: number | undefined;
  #closed = false;
  #onAllOnTheirWay: (() => void) | undefined;
  #droppedPackets = 0;

  constructor(options: LoopbackLineOptions) {
    this.#options = options;
  }

  /** Packets whose answer nobody got. */
  get droppedPackets(): number {
    return this.#droppedPackets;
  }

  /** Resolves when the packet is on its way: copied, and in its place behind those sent before. */
  send(packet: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const costBytes = costBytesOf(packet);
    if (this.#waitingBytes + costBytes > QUEUE_BYTES) {
      return Promise.reject(this.#queueFull('send', this.#waitingBytes));
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { packet, costBytes, resolve, reject };
      if (signal !== undefined) {
        waiting.settled = this.#aborts.add(signal, () => this.#reject(waiting, signal.reason));
      }
      this.#waiting.add(waiting);
      this.#waitingBytes += costBytes;
      this.#planAdmission();
    });
  }

  /** Puts a packet of the far end's on its way. Resolves when it has been handled. */
  inject(packet: Uint8Array): Promise<void> {
    const costBytes = costBytesOf(packet);
    if (this.#lineBytes + costBytes > QUEUE_BYTES) {
      return Promise.reject(this.#queueFull('inject', this.#lineBytes));
    }
    const copy = new Uint8Array(packet);
    return new Promise((resolve, reject) => {
      this.#put({
        answers: () => [copy],
        costBytes,
        handled: resolve,
        abandoned: () =>
          reject(new IllegalStateAction(`inject into "${this.#options.name}": shut down before it was handled`)),
      });
    });
  }

  /**
   * Waits until every packet that was sent is on its way, but no longer than that, then ends everything: nothing is
   * delivered any more.
   */
  async close(timeoutMs: number): Promise<void> {
    if (this.#waiting.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#onAllOnTheirWay = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#closed = true;
    for (const [index, transit] of this.#line.entries()) {
      this.#droppedPackets += index === 0 && this.#answersLeft !== undefined ? this.#answersLeft : 1;
      transit.abandoned?.();
    }
    this.#line.length = 0;
    for (const waiting of this.#waiting) {
      this.#reject(
        waiting,
        new ConnectionError(
          'SHUTDOWN_TIMEOUT',
          this.#options.name,
          `send to "${this.#options.name}": the packets before it were not handled before shutdown ended`,
        ),
      );
    }
  }

  #put(transit: Transit): void {
    this.#line.push(transit);
    this.#lineBytes += transit.costBytes;
    this.#planDelivery();
  }

  #reject(waiting: Waiting, error: unknown): void {
    this.#leave(waiting);
    waiting.reject(error);
  }

  /** Takes a packet off those that wait. */
  #leave(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    this.#waitingBytes -= waiting.costBytes;
    waiting.settled?.();
    if (this.#waiting.size === 0) {
      this.#onAllOnTheirWay?.();
    }
  }

  /** Never within the call that sends: the handler of a packet may send the next. */
  #planDelivery(): void {
    if (!this.#delivering && this.#line.length > 0) {
      this.#delivering = true;
      setImmediate(() => void this.#deliver());
    }
  }

  async #deliver(): Promise<void> {
    // Only what is there now: what its handlers send is for the next turn, or two that answer each other never end.
    for (let left = this.#line.length; left > 0 && !this.#closed; left--) {
      await this.#hand(this.#line[0]!);
    }
    this.#delivering = false;
    this.#planDelivery();
  }

  async #hand(transit: Transit): Promise<void> {
    const answers = transit.answers();
    for (const [index, answer] of answers.entries()) {
      this.#answersLeft = answers.length - index - 1;
      const handled = this.#options.deliver(answer);
      if (handled !== undefined) {
        await handled;
      }
      if (this.#closed) {
        return;
      }
    }
    this.#answersLeft = undefined;
    this.#line.shift();
    this.#lineBytes -= transit.costBytes;
    this.#admit();
    transit.handled?.();
  }

  /** Plans it for the end of this turn of the event loop, as a write to a port is: until then a send can be aborted. */
  #planAdmission(): void {
    if (!this.#admitting) {
      this.#admitting = true;
      queueMicrotask(() =>
        process.nextTick(() => {
          this.#admitting = false;
          this.#admit();
        }),
      );
    }
  }

  #admit(): void {
    for (const waiting of this.#waiting) {
      if (this.#closed || (this.#lineBytes > 0 && this.#lineBytes + waiting.costBytes > LINE_BYTES)) {
        return;
      }
      const copy = new Uint8Array(waiting.packet);
      this.#put({ answers: () => this.#options.answer(copy), costBytes: waiting.costBytes });
      waiting.resolve();
      this.#leave(waiting);
    }
  }

  #queueFull(call: string, queuedBytes: number): ConnectionError {
    const { name } = this.#options;
    return new ConnectionError(
      'SEND_QUEUE_FULL',
      name,
      `${call} to "${name}": ${queuedBytes} of ${QUEUE_BYTES} bytes wait already; await earlier packets`,
    );
  }
}
