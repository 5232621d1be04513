import type { ConnectionError, Delivered } from '../errors.js';
import { watchAbort } from '../timing/abort-watch.js';
import type { ConnectionStats } from './connection-stats.js';
import { Fifo } from './fifo.js';
import { IdPool } from './id-pool.js';
import { PendingRequest } from './pending-request.js';
import { ReplyTimer } from './reply-timer.js';
import { RequestErrors } from './request-errors.js';
import type { RequestIds } from './request-ids.js';
import type { CompleteRequestOptions } from './request-options.js';
import type { LineCounts, Transmission } from './transmission.js';

/** What the requests of a connection need of it. */
export interface RequestCarrier {
  /** Whether packets are acknowledged. */
  readonly isAcknowledged: boolean;
  /** Whether requests travel with their replies, which their transmissions report. */
  readonly isElsewhere: boolean;
  /** Sends a packet, and reports to the transmission. */
  transmit(packet: Uint8Array, transmission: Transmission): void;
  /** Keeps room for a packet to be sent later, until the returned function is called. Throws if there is none. */
  hold(packetBytes: number): () => void;
  /** Number of packets so far that no request took. */
  otherPackets(): number;
  /** What else has arrived so far. */
  lineCounts(): LineCounts;
  /** A reply arrived that its request does not want, or not any more. */
  late(id: number, reply: Uint8Array): void;
}

/** Maximum number of requests at a time whose replies do not need an id in each packet. */
const MAX_ELSEWHERE = 127;

type RequestOutcome = 'requestsReplied' | 'requestsTimedOut' | 'requestsFailed';

/** The requests that one connection sends: their order, their ids, and the replies to them. */
export class OutgoingRequests {
  readonly errors: RequestErrors;
  readonly #stats: ConnectionStats;
  readonly #carrier: RequestCarrier;
  readonly #ids: RequestIds | undefined;
  readonly #pool: IdPool | undefined;
  readonly #timer: ReplyTimer<PendingRequest>;
  /** All that have not settled. */
  readonly #open = new Set<PendingRequest>();
  /** With `concurrent: false`: the one whose turn it is, and those after it. */
  #inTurn: PendingRequest | undefined;
  readonly #awaitingTurn = new Fifo<PendingRequest>();
  readonly #awaitingId = new Fifo<PendingRequest>();
  /** Those that can get their reply, in order: without ids all, with ids those in {@link #byId}. */
  readonly #expecting = new Set<PendingRequest>();
  readonly #byId = new Map<number, PendingRequest>();

  constructor(name: string, ids: RequestIds | undefined, stats: ConnectionStats, carrier: RequestCarrier) {
    this.errors = new RequestErrors(name);
    this.#ids = ids;
    const maxId = carrier.isElsewhere ? MAX_ELSEWHERE : ids?.maxHostId;
    this.#pool = maxId === undefined ? undefined : new IdPool(maxId);
    this.#stats = stats;
    this.#carrier = carrier;
    this.#timer = new ReplyTimer(this.#open, (request) => this.#expire(request));
  }

  /** Whether any request has not settled. */
  get isWaiting(): boolean {
    return this.#open.size > 0;
  }

  /** Accepts a request, whose signal has not aborted. Settles as `Communicator.request` promises. */
  add(packet: Uint8Array, options: CompleteRequestOptions): Promise<Uint8Array> {
    const request = new PendingRequest(packet, options, this);
    this.#stats.requestsMade++;
    this.#stats.requestsWaiting++;
    this.#open.add(request);
    this.#timer.isNeeded = true;
    const { signal } = options;
    if (signal !== undefined) {
      request.unwatch = watchAbort(signal, () => this.reject(request, signal.reason));
    }
    if (options.concurrent) {
      this.#takeId(request);
    } else if (this.#inTurn === undefined) {
      this.#inTurn = request;
      this.#takeId(request);
    } else {
      this.#wait(request, this.#awaitingTurn);
    }
    return request.promise;
  }

  /** Gives a packet to the oldest request that it matches. Returns whether there is one. For connections without ids. */
  takeMatching(packet: Uint8Array): boolean {
    for (const request of this.#expecting) {
      if (this.#takes(request, packet)) {
        return true;
      }
    }
    return false;
  }

  /** Gives a reply to the request with its id. Returns whether it takes it. */
  takeReply(id: number, reply: Uint8Array): boolean {
    const request = this.#byId.get(id);
    return request !== undefined && this.#takes(request, reply);
  }

  /** Rejects the request with this id, since the device answered with an error. Returns whether there is one. */
  takeError(id: number, code: number): boolean {
    const request = this.#byId.get(id);
    if (request === undefined) {
      return false;
    }
    this.#stats.repliesReceived++;
    this.reject(request, this.errors.fromDevice(code));
    return true;
  }

  /** Gives a reply to its request, which travels with it. If the request does not want it, its time limit runs. */
  replied(request: PendingRequest, reply: Uint8Array): void {
    if (this.#byId.get(request.id!) !== request || !this.#takes(request, reply)) {
      this.#carrier.late(request.id!, reply);
      request.written();
    }
  }

  reject(request: PendingRequest, error: unknown): void {
    const isTimeout = (error as { code?: unknown } | null | undefined)?.code === 'REPLY_TIMEOUT';
    this.#leave(request, isTimeout ? 'requestsTimedOut' : 'requestsFailed');
    request.reject(error);
    this.#startNext(request);
  }

  /** Rejects all requests, each with an error of its own. */
  rejectAll(newError: (delivered: Delivered | undefined) => Error): void {
    const open = [...this.#open];
    // First of all, so that none is started when another one leaves.
    for (const request of open) {
      this.#leave(request, 'requestsFailed');
    }
    this.#inTurn = undefined;
    this.#timer.stop();
    for (const request of open) {
      const delivered = request.isSent ? 'unknown' : 'no';
      request.reject(newError(this.#carrier.isAcknowledged ? delivered : undefined));
    }
  }

  /** Rejects the requests that are written and wait for their replies. */
  rejectWritten(cause: ConnectionError): void {
    for (const request of [...this.#open].filter(({ state }) => state === 'written')) {
      this.reject(request, this.errors.lost(cause, this.#carrier.isAcknowledged ? 'unknown' : undefined));
    }
  }

  expectReply(request: PendingRequest): void {
    request.packetsBefore = this.#carrier.otherPackets();
    request.lineBefore = this.#carrier.lineCounts();
    if (request.id === undefined) {
      this.#expecting.add(request);
    } else {
      this.#byId.set(request.id, request);
    }
  }

  expectNoReply(request: PendingRequest): void {
    if (request.id === undefined) {
      this.#expecting.delete(request);
    } else {
      this.#byId.delete(request.id);
    }
  }

  startTimeLimit(request: PendingRequest): void {
    this.#timer.start(request, request.options.timeoutMs);
  }

  #expire(request: PendingRequest): void {
    const { packetsBefore, lineBefore, options } = request;
    const packets = this.#carrier.otherPackets() - packetsBefore;
    const line = this.#carrier.lineCounts();
    this.#leave(request, 'requestsTimedOut');
    const rule = { hasIds: this.#ids !== undefined, hasMatches: options.matches !== undefined };
    request.reject(this.errors.timeout(options.timeoutMs, packets, lineBefore ?? line, line, rule));
    this.#startNext(request);
  }

  #takes(request: PendingRequest, packet: Uint8Array): boolean {
    const { matches } = request.options;
    if (matches !== undefined) {
      try {
        const isReply: unknown = matches(packet);
        if (typeof isReply !== 'boolean') {
          throw new TypeError(`matches returned ${typeof isReply}; expected true or false`);
        }
        if (!isReply || request.state === 'settled') {
          return false;
        }
      } catch (error) {
        if (request.state !== 'settled') {
          this.reject(request, error);
        }
        return false;
      }
    }
    this.#stats.repliesReceived++;
    this.#leave(request, 'requestsReplied');
    request.resolve(packet);
    this.#startNext(request);
    return true;
  }

  /** Starts a request whose turn it is, as soon as there is an id for it. */
  #takeId(request: PendingRequest): void {
    if (this.#pool === undefined) {
      this.#start(request);
      return;
    }
    request.id = this.#pool.take();
    if (request.id === undefined) {
      this.#wait(request, this.#awaitingId);
    } else {
      this.#start(request);
    }
  }

  /** Makes a request wait. It takes room in the send queue meanwhile, so that there cannot be any number of them. */
  #wait(request: PendingRequest, queue: Fifo<PendingRequest>): void {
    if (request.giveUpRoom === undefined) {
      try {
        request.giveUpRoom = this.#carrier.hold(request.packet.length + (this.#ids?.bytes ?? 0));
      } catch (error) {
        this.reject(request, error);
        return;
      }
    }
    queue.add(request);
  }

  #start(request: PendingRequest): void {
    request.giveUpRoom?.();
    request.giveUpRoom = undefined;
    request.queue();
    const { packet, id } = request;
    const whole = this.#ids === undefined || id === undefined ? packet : this.#ids.withId(id, packet);
    this.#carrier.transmit(whole, request);
  }

  /** Takes a request, which is about to settle, out of everything it is in. */
  #leave(request: PendingRequest, outcome: RequestOutcome): void {
    this.#open.delete(request);
    if (this.#open.size === 0) {
      this.#timer.isNeeded = false;
    }
    this.#stats.requestsWaiting--;
    this.#stats[outcome]++;
    if (request.state === 'waiting') {
      this.#awaitingTurn.delete(request);
      this.#awaitingId.delete(request);
      request.giveUpRoom?.();
      request.giveUpRoom = undefined;
    }
    this.expectNoReply(request);
    if (request.id !== undefined) {
      this.#pool?.giveBack(request.id);
    }
  }

  /** Starts what waited for a request that has left. */
  #startNext(left: PendingRequest): void {
    if (left.id !== undefined) {
      const next = nextOf(this.#awaitingId);
      if (next !== undefined) {
        this.#takeId(next);
      }
    }
    if (this.#inTurn === left) {
      this.#inTurn = nextOf(this.#awaitingTurn);
      if (this.#inTurn !== undefined) {
        this.#takeId(this.#inTurn);
      }
    }
  }
}

/** Removes and returns the next request. Leaves out those whose signal has just aborted: they are about to reject. */
function nextOf(queue: Fifo<PendingRequest>): PendingRequest | undefined {
  let next = queue.shift();
  while (next?.options.signal?.aborted) {
    next = queue.shift();
  }
  return next;
}
