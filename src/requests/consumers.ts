import { watchAbort } from '../timing/abort-watch.js';
import type { ConnectionStats } from './connection-stats.js';
import { Offer, PacketIterator } from './packet-iterator.js';

/** A receive handler, of one connection or of all. */
export type Handler = (name: string, packet: Uint8Array) => unknown;

/** What the consumers of a connection need of its communicator. */
export interface ConsumersOwner {
  /** The handler of all connections. */
  handler(): Handler | undefined;
  handlerFailed(name: string, error: unknown, packet: Uint8Array): void;
}

/**
 * Who gets the packets of one connection: every open iterator and the connection's own handler, or, without any of them,
 * the handler of all connections.
 */
export class Consumers {
  readonly #name: string;
  readonly #owner: ConsumersOwner;
  readonly #stats: ConnectionStats;
  readonly #iterators = new Set<PacketIterator>();
  #isClosed = false;
  /** The handler of this connection alone. */
  handler: Handler | undefined;

  constructor(name: string, stats: ConnectionStats, owner: ConsumersOwner) {
    this.#name = name;
    this.#owner = owner;
    this.#stats = stats;
  }

  /** A new iterator, which gets the packets from now on. */
  newIterator(signal: AbortSignal | undefined): PacketIterator {
    let unwatch: (() => void) | undefined;
    const iterator = new PacketIterator({
      handedOver: (offer) => this.#countDelivered(offer),
      dropped: (offer) => {
        offer.holders--;
        if (offer.holders === 0 && !offer.isDelivered) {
          this.#stats.packetsDropped++;
        }
      },
      ended: () => {
        this.#iterators.delete(iterator);
        unwatch?.();
      },
    });
    if (signal?.aborted) {
      iterator.end({ error: signal.reason });
    } else if (this.#isClosed) {
      iterator.end();
    } else {
      this.#iterators.add(iterator);
      if (signal !== undefined) {
        unwatch = watchAbort(signal, () => iterator.end({ error: signal.reason }));
      }
    }
    return iterator;
  }

  /** Passes a packet on. Returns a promise, which never rejects, while any consumer is busy with it. */
  deliver(packet: Uint8Array): Promise<void> | undefined {
    if (this.#isClosed) {
      this.#stats.packetsDropped++;
      return undefined;
    }
    if (this.#iterators.size > 0) {
      return this.#offer(packet);
    }
    const handler = this.handler ?? this.#owner.handler();
    if (handler === undefined) {
      this.#stats.packetsWithoutHandler++;
      return undefined;
    }
    this.#stats.packetsDelivered++;
    return this.#call(handler, packet);
  }

  /** Ends all iterators. Nothing more is delivered. */
  close(): void {
    this.#isClosed = true;
    for (const iterator of this.#iterators) {
      iterator.end();
    }
  }

  #offer(packet: Uint8Array): Promise<void> | undefined {
    const offer = new Offer(packet, this.#iterators.size);
    const busy: Promise<void>[] = [];
    for (const iterator of this.#iterators) {
      const taken = iterator.take(offer);
      if (taken !== undefined) {
        busy.push(taken);
      }
    }
    if (this.handler !== undefined) {
      this.#countDelivered(offer);
      const handled = this.#call(this.handler, packet);
      if (handled !== undefined) {
        busy.push(handled);
      }
    }
    return busy.length < 2 ? busy[0] : Promise.all(busy).then(() => undefined);
  }

  #call(handler: Handler, packet: Uint8Array): Promise<void> | undefined {
    try {
      const result = handler(this.#name, packet) as PromiseLike<unknown> | null | undefined;
      // Any thenable will do: a handler may use promises of another library.
      if (typeof result?.then === 'function') {
        return Promise.resolve(result).then(
          () => undefined,
          (error: unknown) => this.#owner.handlerFailed(this.#name, error, packet),
        );
      }
    } catch (error) {
      this.#owner.handlerFailed(this.#name, error, packet);
    }
    return undefined;
  }

  #countDelivered(offer: Offer): void {
    if (!offer.isDelivered) {
      offer.isDelivered = true;
      this.#stats.packetsDelivered++;
    }
  }
}
