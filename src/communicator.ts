import { checkHandler, type ReadyOptions, type SendOptions, signalError } from './call-arguments.js';
import type { CommunicatorEvents } from './communicator-events.js';
import { CommunicatorHooks } from './communicator-hooks.js';
import { AttributeError, type IllegalStateAction, InvalidArgumentError, KeyError } from './errors.js';
import { type CommunicatorState, LifeCycle } from './life-cycle.js';
import type { Channel, ChannelOptions } from './requests/channel.js';
import type { Codec } from './requests/codec.js';
import type { ConnectionStats } from './requests/connection-stats.js';
import { Exchange, type ExchangeOwner } from './requests/exchange.js';
import type { RequestHandler } from './requests/incoming-requests.js';
import type { Inlet } from './requests/inlet.js';
import { NamedConnection } from './requests/named-connection.js';
import type { PacketIterator } from './requests/packet-iterator.js';
import type { RequestOptions } from './requests/request-options.js';
import { warn, warnHandlerFailed } from './warnings.js';

/**
 * Called for each received packet, with the name of the connection it arrived on. If it returns a promise, no other packet
 * of that connection is delivered before the promise has settled. Any other value that it returns is ignored.
 *
 * The packet belongs to the handler: the library never writes to its memory again. Like a short `Buffer`, it can be part
 * of a longer `ArrayBuffer`, which cannot be transferred. Mind `byteOffset` when you use `packet.buffer`.
 */
export type ReceiveHandler = (name: string, packet: Uint8Array) => unknown;

/**
 * Exchanges packets of bytes over named connections.
 *
 * The base class owns the connection table, the life cycle and the receive handler, and so every rule about which call
 * is legal in which state. An implementation supplies the protected hooks.
 *
 * @typeParam Connection - describes one endpoint, for example a serial port and its settings
 * @typeParam Events - name and payload of each event
 * @typeParam Kept - what is kept of a connection: its description, checked and with defaults filled in
 */
export abstract class Communicator<
  Connection,
  Events extends CommunicatorEvents = CommunicatorEvents,
  Kept = Connection,
> extends CommunicatorHooks<Connection, Events, Kept> {
  readonly #connections = new Map<string, Kept>();
  readonly #exchanges = new Map<string, Exchange>();
  readonly #handles = new Map<string, NamedConnection>();
  readonly #lifeCycle = new LifeCycle();
  /** What the exchanges need of this communicator. */
  readonly #exchangeOwner: ExchangeOwner = {
    handler: () => this.#receiveHandler,
    requireStarted: (call) => this.requireStarted(call),
    transmit: (...parameters) => this.transmit(...parameters),
    transmitRequest: (...parameters) => this.transmitRequest(...parameters),
    hold: (...parameters) => this.hold(...parameters),
    lineCounts: (name) => this.lineCounts(name),
    release: (name) => this.releaseConnection(name),
    reopen: (...parameters) => this.reopenConnection(...parameters),
    handlerFailed: (...parameters) => this.#handlerFailed(...parameters),
    emit: (event, payload) => this.emit(event, payload as Events[typeof event]),
  };
  #stopping: Promise<void> | undefined;
  #receiveHandler: ReceiveHandler | undefined;
  #hasWarnedOfReplacing = false;
  /** The connections whose handler has failed and caused a warning. */
  readonly #warnedOfFailure = new Set<string>();

  /** The current state. It becomes STOPPED as soon as {@link shutdown} is called. */
  get state(): CommunicatorState {
    return this.#lifeCycle.state;
  }

  /** The names of all connections, in the order in which they were added. */
  get connectionNames(): readonly string[] {
    return [...this.#connections.keys()];
  }

  /**
   * Adds a connection for {@link initialize} to open.
   *
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless UNINITIALIZED, and while `initialize` is in progress
   * @throws KeyError (`KEY_ERROR`) if the name is already used
   * @throws InvalidArgumentError (`INVALID_CONNECTION`) if the name or the description is invalid
   */
  addConnection(name: string, connection: Connection): void {
    this.#lifeCycle.requireUninitialized('addConnection', 'before initialize');
    if (typeof name !== 'string' || name === '') {
      throw new InvalidArgumentError('INVALID_CONNECTION', 'addConnection: the name must be a non-empty string');
    }
    if (this.#connections.has(name)) {
      throw new KeyError(
        `addConnection: a connection named ${JSON.stringify(name)} already exists; choose another name`,
      );
    }
    const kept = this.checkConnection(name, connection);
    this.#connections.set(name, kept);
    this.#exchanges.set(name, new Exchange(name, this.requestSettings(kept), this.#exchangeOwner));
  }

  /**
   * Sets the receive handler, in any state. There is one for all connections: it replaces the one before, from the next
   * packet on. The first time it does, it also emits a warning of the process (`HANDLER_REPLACED`).
   */
  setReceiveHandler(handler: ReceiveHandler): void {
    checkHandler('setReceiveHandler', handler);
    if (this.#receiveHandler !== undefined && this.#receiveHandler !== handler && !this.#hasWarnedOfReplacing) {
      this.#hasWarnedOfReplacing = true;
      warn(
        'HANDLER_REPLACED',
        'setReceiveHandler: replaced the handler of all connections; set one that checks the name',
      );
    }
    this.#receiveHandler = handler;
  }

  /**
   * The receive handler.
   *
   * @throws AttributeError (`ATTRIBUTE_ERROR`) if none has been set
   */
  get receiveHandler(): ReceiveHandler {
    if (!this.#receiveHandler) {
      throw new AttributeError('receiveHandler: none is set; call setReceiveHandler first');
    }
    return this.#receiveHandler;
  }

  /**
   * Opens all connections. Resolves when all are open and the state is STARTED. If one cannot be opened, all are closed
   * again, the state stays UNINITIALIZED, and `initialize` may be called again.
   *
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless UNINITIALIZED, and while another call is in progress
   * @throws InitializeError (`INITIALIZE_FAILED`) with one error for each connection that failed
   */
  async initialize(): Promise<void> {
    await this.#lifeCycle.start(() => this.openConnections(this.#connections));
    this.startReceiving();
  }

  /**
   * Resolves when a connection is open and its device has settled: a packet sent right after that waits for neither. With
   * acknowledged delivery, it waits for the handshake, too. While a lost connection is being reopened, or a connection is
   * released, it keeps waiting. Rejects with `signal.reason` when the signal aborts.
   *
   * @param name - the name of a connection
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   * @throws InvalidArgumentError (`INVALID_OPTION`) if `options` is an `AbortSignal`, or `options.signal` is not one
   */
  ready(name: string, options?: ReadyOptions): Promise<void> {
    const error = this.#refusal('ready', name) ?? signalError('ready', name, options);
    if (error !== undefined) {
      return Promise.reject(error);
    }
    const signal = options?.signal;
    if (signal?.aborted) {
      return Promise.reject(signal.reason);
    }
    const reopening = this.#exchanges.get(name)!.untilReopening(signal);
    return reopening === undefined
      ? this.waitUntilReady(name, signal)
      : reopening.then(() => this.ready(name, options));
  }

  /**
   * Sends one packet. Resolves when every byte of it has been handed to the operating system, in the order of the
   * calls. The device may not have read it yet. On a connection with acknowledged delivery, resolves when the application of
   * the device has taken the packet. Do not change the packet before that.
   *
   * @param recipient - the name of a connection
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   * @throws InvalidArgumentError (`INVALID_PACKET`) if the packet is not a `Uint8Array`
   * @throws InvalidArgumentError (`INVALID_OPTION`) if `options` is an `AbortSignal`, `options.signal` is not one, or
   *   `options.acknowledged` is true on a connection with plain delivery
   */
  send(recipient: string, packet: Uint8Array, options?: SendOptions): Promise<void> {
    const refusal = this.#refusal('send', recipient);
    return refusal === undefined ? this.#exchanges.get(recipient)!.send(packet, options) : Promise.reject(refusal);
  }

  /**
   * Sends a packet and resolves with the reply of the device. The reply is not passed to any handler. Without
   * `requestIds`, the reply is the first packet that `matches` and that arrives after the first byte of the request was
   * written; if several requests wait, the oldest that it matches gets it. Nothing is ever sent twice.
   *
   * While a request waits, reading continues even if the handler is busy: a handler may await a request.
   *
   * @param recipient - the name of a connection
   * @throws the errors of {@link send}, and what `matches` throws
   * @throws InvalidArgumentError (`INVALID_OPTION`) if an option is invalid, or `matches` is missing
   * @throws ConnectionError (`REPLY_TIMEOUT`) if no reply came within `timeoutMs`; the message says what came instead
   * @throws ReplyError (`REPLY_ERROR`) if the device answered with an error
   * @throws ConnectionError (`CONNECTION_LOST`) if the connection is lost before the reply comes
   * @throws ConnectionError (`CONNECTION_RELEASED`) if the connection is released, or was before the reply came
   * @throws ConnectionError (`REQUEST_BLOCKED`) if more than `requestBacklogBytes` of other packets wait for a busy handler
   * @throws ConnectionError (`SHUTDOWN_TIMEOUT`) at once when `shutdown` is called before the reply has come
   */
  request(recipient: string, packet: Uint8Array, options?: RequestOptions): Promise<Uint8Array> {
    const refusal = this.#refusal('request', recipient);
    return refusal === undefined ? this.#exchanges.get(recipient)!.request(packet, options) : Promise.reject(refusal);
  }

  /**
   * Sets the handler for requests of the device, in any state: what it returns is sent as the reply. Requests and packets
   * of a connection are handled in order, one at a time. If the handler throws or rejects, or returns no packet, the
   * device gets an error reply, and `handlerError` is emitted. Without a handler, the device gets an error reply, too.
   *
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   * @throws InvalidArgumentError (`INVALID_OPTION`) if the connection has no `requestIds`
   */
  onRequest(name: string, handler: RequestHandler): void {
    this.#exchange('onRequest', name).setRequestHandler(handler);
  }

  /**
   * The packets of a connection from now on, for `for await`, in any state. Several iterators get the same packets. While
   * an iterator or a handler is busy with a packet, the next one waits, as it does for a receive handler: do not keep an
   * iterator that you do not read. It continues when a lost connection is reopened, and ends at `shutdown`. Leaving the
   * loop releases it.
   *
   * @param options - `signal`: when it aborts, the loop throws `signal.reason`
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   * @throws InvalidArgumentError (`INVALID_OPTION`) if `options.signal` is not an `AbortSignal`
   */
  packets(name: string, options?: { signal?: AbortSignal | undefined }): PacketIterator {
    return this.#exchange('packets', name).packets(options);
  }

  /**
   * One connection as an object of its own, always the same for a name, in any state.
   *
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   */
  connection(name: string): NamedConnection {
    const exchange = this.#exchange('connection', name);
    let handle = this.#handles.get(name);
    if (handle === undefined) {
      handle = new NamedConnection(name, this, exchange);
      this.#handles.set(name, handle);
    }
    return handle;
  }

  /**
   * A connection with a codec, in any state: its packets are messages. See {@link NamedConnection.channel}.
   *
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   * @throws InvalidArgumentError (`INVALID_OPTION`) if the codec or an option is invalid
   */
  channel<Out, In, Received = In>(
    name: string,
    codec: Codec<Out, In>,
    options?: ChannelOptions<Received>,
  ): Channel<Out, Received> {
    this.#exchange('channel', name);
    return this.connection(name).channel(codec, options);
  }

  /**
   * A copy of the counts of a connection.
   *
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   */
  stats(name: string): ConnectionStats {
    return this.#exchange('stats', name).stats;
  }

  /**
   * Waits for the packets that `send` has accepted, then closes all connections. Resolves when they are closed. After
   * that, the receive handler is not called again.
   *
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED
   */
  shutdown(): Promise<void> {
    if (!this.#lifeCycle.isStarted) {
      return Promise.reject(this.#lifeCycle.illegal('shutdown', 'once, after initialize has resolved'));
    }
    this.#lifeCycle.stop();
    // In a microtask, so that whatever the closing calls finds a shutdown to join.
    this.#stopping = Promise.resolve().then(() => this.#close());
    for (const exchange of this.#exchanges.values()) {
      exchange.stop();
    }
    return this.#stopping;
  }

  /** Shuts down if STARTED, waits for a shutdown in progress, and does nothing otherwise. For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#lifeCycle.isStarted ? this.shutdown() : this.#stopping);
  }

  /** Where to report what arrives on an existing connection. */
  protected inlet(name: string): Inlet {
    return this.#exchange('inlet', name);
  }

  /** @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED */
  protected requireStarted(call: string): void {
    if (!this.#lifeCycle.isStarted) {
      throw this.#lifeCycle.illegal(call);
    }
  }

  /**
   * What is kept of the connection of that name.
   *
   * @throws KeyError (`KEY_ERROR`) if there is none
   */
  protected requireConnection(call: string, name: string): Kept {
    this.#exchange(call, name);
    return this.#connections.get(name)!;
  }

  #exchange(call: string, name: string): Exchange {
    const exchange = this.#exchanges.get(name);
    if (exchange === undefined) {
      throw this.#unknownName(call, name);
    }
    return exchange;
  }

  /** Why a call that uses a connection is not allowed now. */
  #refusal(call: string, name: string): IllegalStateAction | KeyError | undefined {
    if (!this.#lifeCycle.isStarted) {
      return this.#lifeCycle.illegal(call);
    }
    return this.#exchanges.has(name) ? undefined : this.#unknownName(call, name);
  }

  async #close(): Promise<void> {
    await this.closeConnections();
    for (const exchange of this.#exchanges.values()) {
      exchange.close();
    }
  }

  #handlerFailed(name: string, error: unknown, packet: Uint8Array): void {
    if (!this.isHeard('handlerError') && !this.#warnedOfFailure.has(name)) {
      this.#warnedOfFailure.add(name);
      warnHandlerFailed(name, error);
    }
    this.emit('handlerError', { name, error, packet } as Events['handlerError']);
  }

  #unknownName(call: string, name: string): KeyError {
    const names = [...this.#exchanges.keys()].map((known) => JSON.stringify(known)).join(', ');
    const known = names === '' ? 'no connections have been added' : `known connections: ${names}`;
    return new KeyError(`${call}: no connection named ${JSON.stringify(name)}; ${known}`);
  }
}
