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

/** A request of the device. */
interface DeviceRequest {
  readonly id: number;
  readonly packet: Uint8Array;
  /** How often the connection had been closed when the request arrived. */
  readonly closings: number;
}

/** Answers the requests of the device of one connection. */
export class IncomingRequests {
  readonly #ids: RequestIds;
  readonly #stats: ConnectionStats;
  readonly #carrier: ReplyCarrier;
  #closings = 0;
  /** Why it was closed last. */
  #closedBy: Error | undefined;
  handler: RequestHandler | undefined;

  constructor(ids: RequestIds, stats: ConnectionStats, carrier: ReplyCarrier) {
    this.#ids = ids;
    this.#stats = stats;
    this.#carrier = carrier;
  }

  /**
   * Answers a request. Returns a promise, which never rejects, while the handler is busy.
   *
   * @param isOld - whether the connection has been closed since the request arrived
   */
  take(id: number, packet: Uint8Array, isOld: boolean): Promise<void> | undefined {
    this.#stats.requestsReceived++;
    const request = { id, packet, closings: this.#closings - (isOld ? 1 : 0) };
    const { handler } = this;
    if (handler === undefined) {
      this.#stats.requestsUnhandled++;
      this.#sendError(request, REPLY_CODES.noHandler);
      return undefined;
    }
    try {
      const reply = handler(packet);
      if (typeof (reply as PromiseLike<Uint8Array>)?.then !== 'function') {
        this.#reply(request, reply);
        return undefined;
      }
      return Promise.resolve(reply)
        .then((settled) => this.#reply(request, settled))
        .catch((error: unknown) => this.#fail(request, error));
    } catch (error) {
      this.#fail(request, error);
      return undefined;
    }
  }

  /** The connection is closed: a device that opens it again may use the same ids, so it gets no reply to what it asked. */
  close(error: Error): void {
    this.#closings++;
    this.#closedBy = error;
  }

  #reply(request: DeviceRequest, reply: unknown): void {
    if (!isUint8Array(reply)) {
      throw new TypeError(`onRequest: the handler returned ${describeValue(reply)}; expected a Uint8Array`);
    }
    this.#send(request, this.#ids.withId(request.id, reply)).catch((error: unknown) => {
      if ((error as { code?: unknown } | null)?.code === 'PACKET_TOO_LARGE') {
        this.#fail(request, error);
      } else {
        this.#carrier.handlerFailed(error, request.packet);
      }
    });
  }

  #fail(request: DeviceRequest, error: unknown): void {
    this.#carrier.handlerFailed(error, request.packet);
    this.#sendError(request, REPLY_CODES.handlerFailed);
  }

  #sendError(request: DeviceRequest, code: number): void {
    this.#send(request, this.#ids.errorReply(request.id, code)).catch((error: unknown) =>
      this.#carrier.handlerFailed(error, request.packet),
    );
  }

  /** Not to be awaited: a device that does not take its replies must not keep its own packets from being read. */
  #send({ closings }: DeviceRequest, reply: Uint8Array): Promise<void> {
    return closings === this.#closings ? this.#carrier.reply(reply) : Promise.reject(this.#closedBy);
  }
}
