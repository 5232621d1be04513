import { packetError, signalError } from './call-arguments.js';
import { AttributeError, IllegalStateAction, InvalidArgumentError, KeyError } from './errors.js';
import { EventReporter } from './event-reporter.js';
import { describeValue } from './options.js';
import { warn, warnHandlerFailed } from './warnings.js';

/** The states of a communicator, in their order. It never goes back to an earlier one. */
export enum CommunicatorState {
  UNINITIALIZED = 1,
  STARTED = 2,
  STOPPED = 3,
}

/**
 * Called for each received packet, with the name of the connection it arrived on. If it returns a promise, no other packet
 * of that connection is delivered before the promise has settled. Any other value that it returns is ignored.
 *
 * The packet belongs to the handler: the library never writes to its memory again. Like a short `Buffer`, it can be part
 * of a longer `ArrayBuffer`, which cannot be transferred. Mind `byteOffset` when you use `packet.buffer`.
 */
export type ReceiveHandler = (name: string, packet: Uint8Array) => unknown;

/** Options of one {@link Communicator.send}. */
export interface SendOptions {
  /**
   * Cancels the send: the promise rejects with `signal.reason` at once. If nothing of the frame has been written, nothing
   * is sent. Otherwise the rest of the frame is still written, as soon as the device accepts it.
   */
  signal?: AbortSignal;
}

/** Options of one {@link Communicator.ready}. */
export interface ReadyOptions {
  /** Ends the wait; the promise rejects with `signal.reason`. */
  signal?: AbortSignal;
}

/** The events of every communicator. Each has one object as its payload. */
export interface CommunicatorEvents {
  /**
   * The receive handler threw or rejected with `error` when it was given `packet`. Receiving continues. Without a listener
   * or a diagnostics subscriber, the first such error of each connection becomes a warning of the process
   * (`HANDLER_FAILED`).
   */
  handlerError: { name: string; error: unknown; packet: Uint8Array };
}

const WHILE_STARTED = 'after initialize has resolved and before shutdown';

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
> {
  readonly #connections = new Map<string, Kept>();
  readonly #events = new EventReporter(this);
  #state = CommunicatorState.UNINITIALIZED;
  #initializing = false;
  #stopping: Promise<void> | undefined;
  #receiveHandler: ReceiveHandler | undefined;
  #hasWarnedOfReplacing = false;
  /** The connections whose handler has failed and caused a warning. */
  readonly #warnedOfFailure = new Set<string>();

  /** The current state. It becomes STOPPED as soon as {@link shutdown} is called. */
  get state(): CommunicatorState {
    return this.#state;
  }

  /**
   * Adds a connection for {@link initialize} to open.
   *
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless UNINITIALIZED, and while `initialize` is in progress
   * @throws KeyError (`KEY_ERROR`) if the name is already used
   * @throws InvalidArgumentError (`INVALID_CONNECTION`) if the name or the description is invalid
   */
  addConnection(name: string, connection: Connection): void {
    this.#requireUninitialized('addConnection');
    if (typeof name !== 'string' || name === '') {
      throw new InvalidArgumentError('INVALID_CONNECTION', 'addConnection: the name must be a non-empty string');
    }
    if (this.#connections.has(name)) {
      throw new KeyError(
        `addConnection: a connection named ${JSON.stringify(name)} already exists; choose another name`,
      );
    }
    this.#connections.set(name, this.checkConnection(name, connection));
  }

  /**
   * Sets the receive handler, in any state. There is one for all connections: it replaces the one before, from the next
   * packet on. The first time it does, it also emits a warning of the process (`HANDLER_REPLACED`).
   */
  setReceiveHandler(handler: ReceiveHandler): void {
    if (typeof handler !== 'function') {
      throw new TypeError(`setReceiveHandler: the handler must be a function, got ${describeValue(handler)}`);
    }
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
    this.#requireUninitialized('initialize');
    this.#initializing = true;
    try {
      await this.openConnections(this.#connections);
      this.#state = CommunicatorState.STARTED;
    } finally {
      this.#initializing = false;
    }
    this.startReceiving();
  }

  /**
   * Resolves when a connection is open and its device has settled: a packet sent right after that waits for neither.
   * While a lost connection is being reopened, it keeps waiting. Rejects with `signal.reason` when the signal aborts.
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
    return signal?.aborted ? Promise.reject(signal.reason) : this.waitUntilReady(name, signal);
  }

  /**
   * Sends one packet. Resolves when every byte of it has been handed to the operating system, in the order of the
   * calls. The device may not have read it yet. Do not change the packet before that.
   *
   * @param recipient - the name of a connection
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   * @throws InvalidArgumentError (`INVALID_PACKET`) if the packet is not a `Uint8Array`
   * @throws InvalidArgumentError (`INVALID_OPTION`) if `options` is an `AbortSignal`, or `options.signal` is not one
   */
  send(recipient: string, packet: Uint8Array, options?: SendOptions): Promise<void> {
    const refusal = this.#refusal('send', recipient);
    if (refusal !== undefined) {
      return Promise.reject(refusal);
    }
    const error = packetError(recipient, packet) ?? (options && signalError('send to', recipient, options));
    if (error !== undefined) {
      return Promise.reject(error);
    }
    if (options?.signal?.aborted) {
      return Promise.reject(options.signal.reason);
    }
    return this.transmit(recipient, packet, options);
  }

  /**
   * Waits for the packets that `send` has accepted, then closes all connections. Resolves when they are closed. After
   * that, the receive handler is not called again.
   *
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED
   */
  shutdown(): Promise<void> {
    if (this.#state !== CommunicatorState.STARTED) {
      return Promise.reject(this.#illegal('shutdown', 'once, after initialize has resolved'));
    }
    this.#state = CommunicatorState.STOPPED;
    // In a microtask, so that whatever the closing calls finds a shutdown to join.
    this.#stopping = Promise.resolve().then(() => this.closeConnections());
    return this.#stopping;
  }

  /** Shuts down if STARTED, waits for a shutdown in progress, and does nothing otherwise. For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#state === CommunicatorState.STARTED ? this.shutdown() : this.#stopping);
  }

  /** Calls `listener` for each event of that name, in the order of the calls, as Node's `EventEmitter` does. */
  on<Name extends keyof Events & string>(event: Name, listener: (payload: Events[Name]) => void): this {
    this.#events.emitter.on(event, listener);
    return this;
  }

  /** Calls `listener` for the next event of that name only. */
  once<Name extends keyof Events & string>(event: Name, listener: (payload: Events[Name]) => void): this {
    this.#events.emitter.once(event, listener);
    return this;
  }

  /** Removes a listener that `on` or `once` added. */
  off<Name extends keyof Events & string>(event: Name, listener: (payload: Events[Name]) => void): this {
    this.#events.emitter.off(event, listener);
    return this;
  }

  /**
   * Checks the description of a new connection. Returns what to keep of it.
   *
   * @throws InvalidArgumentError (`INVALID_CONNECTION`) if it is invalid
   */
  protected abstract checkConnection(name: string, connection: Connection): Kept;

  /** Opens all connections. If one fails, closes the others again before it rejects. Delivers nothing yet. */
  protected abstract openConnections(connections: ReadonlyMap<string, Kept>): Promise<void>;

  /** Called once, right after the state has become STARTED. From now on packets may be delivered. */
  protected abstract startReceiving(): void;

  /** Sends a packet over an existing connection, as {@link send} promises. */
  protected abstract transmit(name: string, packet: Uint8Array, options: SendOptions | undefined): Promise<void>;

  /** Finishes the accepted sends and closes all connections. Never rejects. */
  protected abstract closeConnections(): Promise<void>;

  /**
   * Waits for an existing connection, as {@link ready} promises; `signal` is not aborted yet. Resolves at once unless
   * overridden, which suits connections that can send as soon as they are open, and are never lost.
   */
  protected async waitUntilReady(_name: string, _signal: AbortSignal | undefined): Promise<void> {}

  /** Whether a receive handler is set. */
  protected get hasReceiveHandler(): boolean {
    return this.#receiveHandler !== undefined;
  }

  /**
   * Calls the receive handler with a packet. Does nothing without a handler. Returns a promise only if the handler did.
   * That promise never rejects; do not deliver the next packet of the connection before it has resolved.
   */
  protected deliver(name: string, packet: Uint8Array): Promise<void> | undefined {
    try {
      const result = this.#receiveHandler?.(name, packet) as PromiseLike<unknown> | null | undefined;
      // Any thenable will do: a handler may use promises of another library.
      if (typeof result?.then === 'function') {
        return Promise.resolve(result).then(undefined, (error: unknown) =>
          this.#reportHandlerError(name, error, packet),
        );
      }
    } catch (error) {
      this.#reportHandlerError(name, error, packet);
    }
    return undefined;
  }

  /**
   * Reports an event to its listeners, and to the subscribers of the diagnostics channel `serial-communicator:` plus its
   * name, who get the payload with `communicator` added. If a listener throws, the caller does not notice: the error
   * becomes an uncaught exception.
   */
  protected emit<Name extends keyof Events & string>(event: Name, payload: Events[Name]): void {
    this.#events.emit(event, payload as object);
  }

  /** Whether anyone listens to an event. For events whose objects would cost time on the path of a packet. */
  protected isHeard(event: keyof Events & string): boolean {
    return this.#events.isHeard(event);
  }

  /** @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED */
  protected requireStarted(call: string): void {
    if (this.#state !== CommunicatorState.STARTED) {
      throw this.#illegal(call, WHILE_STARTED);
    }
  }

  /**
   * What is kept of the connection of that name.
   *
   * @throws KeyError (`KEY_ERROR`) if there is none
   */
  protected requireConnection(call: string, name: string): Kept {
    const connection = this.#connections.get(name);
    if (connection === undefined) {
      throw this.#unknownName(call, name);
    }
    return connection;
  }

  /** Why a call that uses a connection is not allowed now. */
  #refusal(call: string, name: string): IllegalStateAction | KeyError | undefined {
    if (this.#state !== CommunicatorState.STARTED) {
      return this.#illegal(call, WHILE_STARTED);
    }
    return this.#connections.has(name) ? undefined : this.#unknownName(call, name);
  }

  #reportHandlerError(name: string, error: unknown, packet: Uint8Array): void {
    if (!this.#events.isHeard('handlerError') && !this.#warnedOfFailure.has(name)) {
      this.#warnedOfFailure.add(name);
      warnHandlerFailed(name, error);
    }
    this.emit('handlerError', { name, error, packet } as Events['handlerError']);
  }

  #requireUninitialized(call: string): void {
    if (this.#initializing || this.#state !== CommunicatorState.UNINITIALIZED) {
      throw this.#illegal(call, call === 'initialize' ? 'only once' : 'before initialize');
    }
  }

  #illegal(call: string, when: string): IllegalStateAction {
    if (this.#initializing) {
      return new IllegalStateAction(`${call}: initialize is in progress; await it first`);
    }
    const state = CommunicatorState[this.#state];
    const advice = state === 'STOPPED' ? ', which is final; create a new communicator' : `; call it ${when}`;
    return new IllegalStateAction(`${call}: the state is ${state}${advice}`);
  }

  #unknownName(call: string, name: string): KeyError {
    const names = [...this.#connections.keys()].map((known) => JSON.stringify(known)).join(', ');
    const known = names === '' ? 'no connections have been added' : `known connections: ${names}`;
    return new KeyError(`${call}: no connection named ${JSON.stringify(name)}; ${known}`);
  }
}
