import { beginDelivery, mayDeliverNext, nextTurn } from '../timing/delivery-turn.js';
import { Backlog } from './backlog.js';

/** What an intake needs of its connection. */
export interface IntakeOwner {
  /** Passes a packet to its handlers. Returns a promise, which never rejects, if they need time. */
  deliver(packet: Uint8Array): Promise<void> | undefined;
  /** Whether any request of the connection waits, so that reading must continue. */
  isRequestWaiting(): boolean;
  /** Too many packets wait for a busy handler: reading stops, and no request can get its reply. */
  blocked(): void;
}

/**
 * The way of the packets of a connection to its handlers: in order, one at a time. While the handlers are busy, reading
 * stops. But a handler may be busy waiting for the reply to a request, which can only come if reading continues: while a
 * request waits, packets are kept in a backlog.
 */
export class Intake {
  readonly #owner: IntakeOwner;
  readonly #backlogBytes: number;
  readonly #backlog = new Backlog();
  /** Whether the handlers are busy, or get what is in the backlog. */
  #isBusy = false;
  /** Pending while reading has to wait. */
  #readable: Promise<void> | undefined;
  #resumeReading: (() => void) | undefined;

  /** @param backlogBytes - most bytes to keep while a request waits */
  constructor(owner: IntakeOwner, backlogBytes: number) {
    this.#owner = owner;
    this.#backlogBytes = backlogBytes;
  }

  /** How many packets wait in the backlog. */
  get waiting(): number {
    return this.#backlog.size;
  }

  /** Takes the next packet. Returns a promise, which never rejects, if the one after it has to wait. */
  take(packet: Uint8Array): Promise<void> | undefined {
    if (this.#isBusy) {
      this.#backlog.add(packet);
      if (this.#backlog.bytes > this.#backlogBytes && this.#owner.isRequestWaiting()) {
        this.#owner.blocked();
      }
      return this.#untilReadable();
    }
    const handled = this.#owner.deliver(packet);
    if (handled === undefined) {
      return undefined;
    }
    this.#isBusy = true;
    void handled.then(() => this.#deliverBacklog(true));
    return this.#untilReadable();
  }

  /** A request waits from now on. While the backlog is full, it cannot: otherwise each one would let it grow further. */
  requestWaits(): void {
    if (this.#backlog.bytes > this.#backlogBytes) {
      this.#owner.blocked();
    } else {
      this.#readOn();
    }
  }

  /** Drops what waits in the backlog, and returns how many packets these are. */
  close(): number {
    this.#readOn();
    return this.#backlog.clear();
  }

  #readOn(): void {
    this.#resumeReading?.();
    this.#readable = undefined;
    this.#resumeReading = undefined;
  }

  #untilReadable(): Promise<void> | undefined {
    if (this.#owner.isRequestWaiting()) {
      return undefined;
    }
    this.#readable ??= new Promise((resolve) => {
      this.#resumeReading = resolve;
    });
    return this.#readable;
  }

  /** Delivers packets of the backlog until a handler needs time, the time of this turn is over, or none is left. */
  #deliverBacklog(isContinuing: boolean): void {
    let mayDeliver = this.#backlog.bytes === 0 || beginDelivery(isContinuing);
    while (this.#backlog.bytes > 0) {
      const handled = mayDeliver ? this.#owner.deliver(this.#backlog.shift()!) : nextTurn();
      if (handled !== undefined) {
        void handled.then(() => this.#deliverBacklog(mayDeliver));
        return;
      }
      mayDeliver = mayDeliverNext();
    }
    this.#isBusy = false;
    this.#readOn();
  }
}
