import { checkHandler, packetError, type SendOptions, signalError } from '../call-arguments.js';
import type { CommunicatorEvents } from '../communicator-events.js';
import { ConnectionError, type Delivered } from '../errors.js';
import { aBoolean, describeValue, invalidOption } from '../options.js';
import { WaitingCalls } from '../timing/waiting-calls.js';
import { warn } from '../warnings.js';
import { type ConnectionStats, newConnectionStats } from './connection-stats.js';
import { Consumers, type ConsumersOwner } from './consumers.js';
import { IncomingRequests, type RequestHandler } from './incoming-requests.js';
import type { Inlet } from './inlet.js';
import { Intake } from './intake.js';
import type { PacketHandler, ReopenOptions } from './named-connection.js';
import { OutgoingRequests } from './outgoing-requests.js';
import type { PacketIterator } from './packet-iterator.js';
import type { RequestErrors } from './request-errors.js';
import { RequestIds } from './request-ids.js';
import { completeRequestOptions, type RequestOptions } from './request-options.js';
import { DEFAULT_BACKLOG_BYTES, type RequestSettings } from './request-settings.js';
import type { LineCounts, Transmission } from './transmission.js';

/** What an exchange needs of its communicator. */
export interface ExchangeOwner extends ConsumersOwner {
  requireStarted(call: string): void;
  transmit(name: string, packet: Uint8Array, options: SendOptions | undefined): Promise<void>;
  transmitRequest(name: string, packet: Uint8Array, transmission: Transmission): void;
  hold(name: string, packetBytes: number): () => void;
  lineCounts(name: string): LineCounts;
  release(name: string): Promise<void>;
  reopen(name: string, signal: AbortSignal | undefined): Promise<void>;
  emit<Name extends 'lateReply' | 'undecodedPacket'>(event: Name, payload: CommunicatorEvents[Name]): void;
}

/** What goes to and comes from one connection: requests, replies, and packets for handlers and iterators. */
export class Exchange implements Inlet {
  readonly #name: string;
  readonly #owner: ExchangeOwner;
  readonly #stats = newConnectionStats();
  readonly isAcknowledged: boolean;
  readonly #ids: RequestIds | undefined;
  readonly #requestsElsewhere: boolean;
  readonly #intake: Intake;
  readonly #consumers: Consumers;
  /** The handler that `onPacket` has set. */
  #packetHandler: PacketHandler | undefined;
  readonly #incoming: IncomingRequests | undefined;
  /** Made by the first request: there can be hundreds of connections. */
  #requests: OutgoingRequests | undefined;
  readonly #warned = new Set<string>();
  /** Packets that no request took. */
  #otherPackets = 0;
  /** How many of the packets that are delivered next arrived before the connection was closed last. */
  #oldPackets = 0;
  #isReleased = false;
  /** Calls of `ready` that came while the connection was released. */
  #readyCalls: WaitingCalls | undefined;

  constructor(name: string, settings: RequestSettings, owner: ExchangeOwner) {
    const { requestIds, requestsElsewhere = false, requestBacklogBytes, delivery } = settings;
    this.#name = name;
    this.#requestsElsewhere = requestsElsewhere;
    this.isAcknowledged = delivery === 'acknowledged';
    this.#owner = owner;
    this.#consumers = new Consumers(name, this.#stats, owner);
    const backlogBytes = requestBacklogBytes ?? DEFAULT_BACKLOG_BYTES;
    this.#intake = new Intake(
      {
        deliver: (packet) => this.#deliver(packet),
        isRequestWaiting: () => this.#requests?.isWaiting ?? false,
        blocked: () => this.#rejectRequests((errors) => errors.blocked(backlogBytes)),
      },
      backlogBytes,
    );
    if (requestIds !== undefined) {
      this.#ids = new RequestIds(requestIds);
      this.#incoming = new IncomingRequests(this.#ids, this.#stats, {
        reply: (packet) => owner.transmit(name, packet, undefined),
        handlerFailed: (error, packet) => owner.handlerFailed(name, error, packet),
      });
    }
  }

  /** Whether requests need no `matches`. */
  get hasRequestIds(): boolean {
    return this.#ids !== undefined || this.#requestsElsewhere;
  }

  get stats(): ConnectionStats {
    return { ...this.#stats };
  }

  /** Sends a packet as `Communicator.send` promises. */
  send(packet: Uint8Array, options: SendOptions | undefined): Promise<void> {
    const refusal = this.#refusal('send', packet, options) ?? this.#deliveryRefusal(options);
    if (refusal !== undefined) {
      return refusal;
    }
    const ids = this.#ids;
    return this.#owner.transmit(this.#name, ids === undefined ? packet : ids.plain(packet), options);
  }

  /** Sends a request as `Communicator.request` promises. */
  request(packet: Uint8Array, options: RequestOptions | undefined): Promise<Uint8Array> {
    const refusal = this.#refusal('request', packet, options);
    if (refusal !== undefined) {
      return refusal;
    }
    try {
      const complete = completeRequestOptions(this.#name, options, this.hasRequestIds);
      this.#requests ??= this.#newRequests();
      const reply = this.#requests.add(packet, complete);
      this.#intake.requestWaits();
      return reply;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  packets(options: { signal?: AbortSignal | undefined } | undefined): PacketIterator {
    const error = signalError('packets of', this.#name, options);
    if (error !== undefined) {
      throw error;
    }
    return this.#consumers.newIterator(options?.signal);
  }

  /** Sets the handler of this connection alone. */
  setHandler(handler: PacketHandler): void {
    checkHandler('onPacket', handler);
    this.#warnOfReplacing('onPacket', this.#packetHandler, handler);
    this.#packetHandler = handler;
    this.#consumers.handler = (_name, packet) => handler(packet);
  }

  /** Sets the handler for requests of the device. */
  setRequestHandler(handler: RequestHandler): void {
    checkHandler('onRequest', handler);
    const incoming = this.#incoming;
    if (incoming === undefined) {
      const why = this.#requestsElsewhere
        ? 'only the program that has the port can answer requests of the device'
        : 'the connection has no ids; set requestIds';
      throw invalidOption(`onRequest of "${this.#name}": ${why}`);
    }
    this.#warnOfReplacing('onRequest', incoming.handler, handler);
    incoming.handler = handler;
  }

  receive(packet: Uint8Array, isOld = false): Promise<void> | undefined {
    if (this.#ids === undefined ? this.#requests?.takeMatching(packet) : this.#takeReply(this.#ids, packet)) {
      return undefined;
    }
    this.#otherPackets++;
    if (isOld) {
      this.#oldPackets = this.#intake.waiting + 1;
    }
    return this.#intake.take(packet);
  }

  dropped(): void {
    this.#stats.packetsDropped++;
  }

  lost(error: ConnectionError): void {
    this.#rejectRequests((errors, delivered) => errors.lost(error, delivered));
    const what = error.code === 'CONNECTION_LOST' ? 'the port was closed' : 'the session ended';
    const why = `${what} before the handler of onRequest was done: ${error.message}`;
    this.#endReplies(error.code, why, error);
  }

  repliesLost(error: ConnectionError): void {
    this.#requests?.rejectWritten(error);
  }

  /** Closes the connection for a while, as {@link NamedConnection.release} promises. */
  async release(): Promise<void> {
    this.#owner.requireStarted('release');
    this.#isReleased = true;
    this.#rejectRequests((errors, delivered) => errors.released(delivered));
    this.#endReplies('CONNECTION_RELEASED', 'released before the handler of onRequest was done');
    await this.#owner.release(this.#name);
  }

  /** Opens the connection again, as {@link NamedConnection.reopen} promises. */
  async reopen(options: ReopenOptions | undefined): Promise<void> {
    this.#owner.requireStarted('reopen');
    const invalid = signalError('reopen', this.#name, options);
    if (invalid !== undefined) {
      throw invalid;
    }
    const signal = options?.signal;
    signal?.throwIfAborted();
    this.#isReleased = false;
    this.#readyCalls?.resolveAll();
    try {
      await this.#owner.reopen(this.#name, signal);
    } catch (error) {
      // After an abort, it is still being reopened. Another call of release has released it itself.
      this.#isReleased ||= !signal?.aborted && (error as ConnectionError).code !== 'CONNECTION_RELEASED';
      throw error;
    }
  }

  /** Waits until a released connection is being reopened. Undefined if it is not released. */
  untilReopening(signal: AbortSignal | undefined): Promise<void> | undefined {
    if (!this.#isReleased) {
      return undefined;
    }
    this.#readyCalls ??= new WaitingCalls();
    return this.#readyCalls.wait(signal);
  }

  /** `shutdown` was called: no request gets its reply any more. */
  stop(): void {
    this.#rejectRequests((errors, delivered) => errors.shutDown(delivered));
  }

  /** The connection is closed. Delivers nothing more. */
  close(): void {
    const message = `ready "${this.#name}": shutdown ended before the connection was reopened`;
    this.#readyCalls?.rejectAll(new ConnectionError('SHUTDOWN_TIMEOUT', this.#name, message));
    this.#endReplies('SHUTDOWN_TIMEOUT', 'shutdown ended before the handler of onRequest was done');
    this.#consumers.close();
    this.#stats.packetsDropped += this.#intake.close();
  }

  /** Reports a packet that the codec of a channel could not decode. */
  undecoded(packet: Uint8Array, error: unknown): void {
    this.#stats.undecodedPackets++;
    this.#owner.emit('undecodedPacket', { name: this.#name, packet, error });
  }

  /** Why a packet cannot be sent now, as a rejected promise. */
  #refusal(call: string, packet: Uint8Array, options: SendOptions | undefined): Promise<never> | undefined {
    const error = packetError(call, this.#name, packet) ?? (options && signalError(`${call} to`, this.#name, options));
    if (error !== undefined) {
      return Promise.reject(error);
    }
    if (options?.signal?.aborted) {
      return Promise.reject(options.signal.reason);
    }
    return this.#isReleased
      ? Promise.reject(
          new ConnectionError(
            'CONNECTION_RELEASED',
            this.#name,
            `${call} to "${this.#name}": the connection is released; call reopen first`,
            { delivered: this.isAcknowledged ? 'no' : undefined },
          ),
        )
      : undefined;
  }

  /** Why a packet cannot be delivered in the way that is asked for, as a rejected promise. */
  #deliveryRefusal(options: SendOptions | undefined): Promise<never> | undefined {
    const acknowledged = options?.acknowledged;
    if (acknowledged === undefined || acknowledged === false || (acknowledged === true && this.isAcknowledged)) {
      return undefined;
    }
    const what =
      (acknowledged as unknown) === true
        ? "the connection has plain delivery; set its delivery to 'acknowledged'"
        : `acknowledged is ${describeValue(acknowledged)}; expected ${aBoolean.expected}`;
    return Promise.reject(invalidOption(`send to "${this.#name}": ${what}`));
  }

  #newRequests(): OutgoingRequests {
    const { lineCounts, hold, transmitRequest } = this.#owner;
    return new OutgoingRequests(this.#name, this.#ids, this.#stats, {
      isElsewhere: this.#requestsElsewhere,
      isAcknowledged: this.isAcknowledged,
      transmit: (packet, transmission) => transmitRequest(this.#name, packet, transmission),
      hold: (packetBytes) => hold(this.#name, packetBytes),
      otherPackets: () => this.#otherPackets,
      lineCounts: () => lineCounts(this.#name),
      late: (id, reply) => this.#late(id, reply),
    });
  }

  /** What the device has asked so far gets no reply: if it opens the connection again, it may use the same ids. */
  #endReplies(code: ConnectionError['code'], why: string, cause?: Error): void {
    this.#incoming?.close(new ConnectionError(code, this.#name, `reply to "${this.#name}": ${why}`, { cause }));
    this.#oldPackets = this.#intake.waiting;
  }

  #rejectRequests(errorOf: (errors: RequestErrors, delivered: Delivered | undefined) => Error): void {
    const requests = this.#requests;
    requests?.rejectAll((delivered) => errorOf(requests.errors, delivered));
  }

  /** Gives a reply to its request. Returns false if the packet is something else. */
  #takeReply(ids: RequestIds, packet: Uint8Array): boolean {
    const id = ids.idOf(packet);
    const kind = ids.kindOf(id);
    if (kind === 'plain' || kind === 'device-request') {
      return false;
    }
    const payload = ids.payloadOf(packet);
    let replyTo = id;
    let isTaken: boolean | undefined;
    if (kind === 'reply') {
      isTaken = this.#requests?.takeReply(id, payload);
    } else {
      const error = ids.readErrorReply(packet);
      replyTo = error?.requestId ?? id;
      isTaken = error && this.#requests?.takeError(error.requestId, error.code);
    }
    if (!isTaken) {
      this.#late(replyTo, payload);
    }
    return true;
  }

  #late(id: number, packet: Uint8Array): void {
    this.#otherPackets++;
    this.#stats.lateReplies++;
    this.#owner.emit('lateReply', { name: this.#name, id, packet });
  }

  /** Passes a packet on: a request of the device to its handler, any other packet to the consumers. */
  #deliver(packet: Uint8Array): Promise<void> | undefined {
    const ids = this.#ids;
    if (ids === undefined) {
      return this.#consumers.deliver(packet);
    }
    const isOld = this.#oldPackets > 0;
    this.#oldPackets -= Number(isOld);
    const id = ids.idOf(packet);
    const payload = ids.payloadOf(packet);
    return ids.kindOf(id) === 'device-request'
      ? this.#incoming!.take(id, payload, isOld)
      : this.#consumers.deliver(payload);
  }

  #warnOfReplacing(call: string, before: unknown, handler: unknown): void {
    if (before !== undefined && before !== handler && !this.#warned.has(call)) {
      this.#warned.add(call);
      warn('HANDLER_REPLACED', `connection "${this.#name}": ${call} replaced a handler that was set before`);
    }
  }
}
