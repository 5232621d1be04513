import { isUint8Array } from 'node:util/types';
import { describeValue } from '../options.js';
import type { ConnectionStats } from './connection-stats.js';
import { REPLY_CODES, type RequestIds } from './request-ids.js';

/** Answers a request of the device: returns the reply, or a promise of it. */
export type RequestHandler = (packet: Uint8Array) => Uint8Array | PromiseLike<Uint8Array>;

/** What the requests of a device need of their connection. */
export interface ReplyCarrier {
  /** Sends a packet. */
  reply(packet: Uint8Array): Promise<void>;
  /** Reports that a handler failed, or that its reply could not be sent. */
  handlerFailed(error: unknown, packet: Uint8Array): void;
}

/** Answers the requests of the device of one connection. */
export class IncomingRequests {
  readonly #ids: RequestIds;
  readonly #stats: ConnectionStats;
  readonly #carrier: ReplyCarrier;
  handler: RequestHandler | undefined;

  constructor(ids: RequestIds, stats: ConnectionStats, carrier: ReplyCarrier) {
    this.#ids = ids;
    this.#stats = stats;
    this.#carrier = carrier;
  }

  /** Answers a request. Returns a promise, which never rejects, while the handler is busy. */
  take(id: number, packet: Uint8Array): Promise<void> | undefined {
    this.#stats.requestsReceived++;
    const { handler } = this;
    if (handler === undefined) {
      this.#stats.requestsUnhandled++;
      this.#send(this.#ids.errorReply(id, REPLY_CODES.noHandler), packet);
      return undefined;
    }
    try {
      const reply = handler(packet);
      if (typeof (reply as PromiseLike<Uint8Array>)?.then !== 'function') {
        this.#reply(id, reply, packet);
        return undefined;
      }
      return Promise.resolve(reply)
        .then((settled) => this.#reply(id, settled, packet))
        .catch((error: unknown) => this.#fail(id, error, packet));
    } catch (error) {
      this.#fail(id, error, packet);
      return undefined;
    }
  }

  /** The reply is not awaited: a device that does not take it must not keep its own packets from being read. */
  #reply(id: number, reply: unknown, packet: Uint8Array): void {
    if (!isUint8Array(reply)) {
      throw new TypeError(`onRequest: the handler returned ${describeValue(reply)}; expected a Uint8Array`);
    }
    this.#carrier.reply(this.#ids.withId(id, reply)).catch((error: unknown) => {
      if ((error as { code?: unknown } | null)?.code === 'PACKET_TOO_LARGE') {
        this.#fail(id, error, packet);
      } else {
        this.#carrier.handlerFailed(error, packet);
      }
    });
  }

  #fail(id: number, error: unknown, packet: Uint8Array): void {
    this.#carrier.handlerFailed(error, packet);
    this.#send(this.#ids.errorReply(id, REPLY_CODES.handlerFailed), packet);
  }

  #send(errorReply: Uint8Array, packet: Uint8Array): void {
    this.#carrier.reply(errorReply).catch((error: unknown) => this.#carrier.handlerFailed(error, packet));
  }
}
