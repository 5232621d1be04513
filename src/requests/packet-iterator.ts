/** A packet that one or more iterators are given. */
export class Offer {
  readonly packet: Uint8Array;
  /** Number of iterators that were given the packet and have not dropped it. */
  holders: number;
  /** Whether any consumer got it. */
  isDelivered = false;

  constructor(packet: Uint8Array, holders: number) {
    this.packet = packet;
    this.holders = holders;
  }
}

/** What an iterator reports to its connection. */
export interface IteratorOwner {
  /** A packet was handed to the consumer. */
  handedOver(offer: Offer): void;
  /** The iterator ended before the consumer asked for the packet. */
  dropped(offer: Offer): void;
  /** Nothing more may be offered. */
  ended(): void;
}

interface Waiter {
  resolve(result: IteratorResult<Uint8Array, undefined>): void;
  reject(error: unknown): void;
}

const END: IteratorResult<Uint8Array, undefined> = { done: true, value: undefined };

/**
 * The packets of one connection, for `for await`. It takes one packet at a time: the consumer is done with a packet when it
 * asks for the next one, or leaves the loop.
 */
export class PacketIterator implements AsyncIterableIterator<Uint8Array> {
  readonly #owner: IteratorOwner;
  /** The calls of `next` that wait for a packet. */
  readonly #waiters: Waiter[] = [];
  /** A packet that the consumer has not asked for yet. */
  #offer: Offer | undefined;
  /** The consumer is done with the packet. */
  #done: (() => void) | undefined;
  #hasEnded = false;
  /** What the next call of `next` rejects with. */
  #failure: { error: unknown } | undefined;

  /** @internal */
  constructor(owner: IteratorOwner) {
    this.#owner = owner;
  }

  /**
   * Offers a packet. May be called again when the returned promise has resolved, or at once without one.
   *
   * @internal
   */
  take(offer: Offer): Promise<void> | undefined {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) {
      this.#offer = offer;
    } else {
      this.#owner.handedOver(offer);
      waiter.resolve({ done: false, value: offer.packet });
      if (this.#waiters.length > 0) {
        return undefined;
      }
    }
    return new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  /** Ends the iterator: with an error, or without. @internal */
  end(failure?: { error: unknown }): void {
    if (this.#hasEnded) {
      return;
    }
    this.#hasEnded = true;
    this.#failure = failure;
    this.#owner.ended();
    if (this.#offer !== undefined) {
      this.#owner.dropped(this.#offer);
      this.#offer = undefined;
    }
    for (const waiter of this.#waiters.splice(0)) {
      this.#finish(waiter);
    }
    this.#done?.();
  }

  /** Resolves with the next packet, or when the iterator has ended. Rejects with the reason of its signal. */
  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const offer = this.#offer;
    if (offer !== undefined) {
      this.#offer = undefined;
      this.#owner.handedOver(offer);
      return Promise.resolve({ done: false, value: offer.packet });
    }
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      if (this.#hasEnded) {
        this.#finish(waiter);
      } else {
        this.#waiters.push(waiter);
        this.#done?.();
        this.#done = undefined;
      }
    });
  }

  /** Ends the iterator. `for await` calls it when the loop is left. */
  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.end();
    return Promise.resolve(END);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(waiter: Waiter): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure === undefined) {
      waiter.resolve(END);
    } else {
      waiter.reject(failure.error);
    }
  }
}
