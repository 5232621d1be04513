import { channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { isUint8Array } from 'node:util/types';
import { AttributeError, IllegalStateAction, InvalidArgumentError, KeyError } from './errors.js';
import { describeValue, invalidOption } from './options.js';

/** The life of a communicator: it only ever moves forward. */
export enum CommunicatorState {
  UNINITIALIZED = 1,
  STARTED = 2,
  STOPPED = 3,
}

/**
 * Called for each received packet with the name of the connection that it came by.
 * The packet belongs to the handler: the library never writes to its memory again. Like a short `Buffer`, it may be a
 * part of a longer `ArrayBuffer` (mind `byteOffset` where you use `packet.buffer`), one that cannot be transferred.
 * While a returned promise is pending, no further packet of that connection is handed over.
 */
export type ReceiveHandler = (name: string, packet: Uint8Array) => void | Promise<void>;

/** Options of one {@link Communicator.send}. */
export interface SendOptions {
  /**
   * Withdraws the packet. The promise rejects with `signal.reason`: at once if nothing of the packet has been written,
   * else when the rest of its frame has been, so that then either none of its bytes goes out or all have.
   */
  signal?: AbortSignal;
}

/** The events of every communicator, each with one object. */
export interface CommunicatorEvents {
  /** A receive handler threw or rejected with `error` while it had `packet`. Receiving goes on. */
  handlerError: { name: string; error: unknown; packet: Uint8Array };
}

const WHILE_STARTED = 'after initialize has resolved and before shutdown';

/**
 * Exchanges packets of bytes over named connections.
 *
 * The base class owns the connection table, the life cycle and the receive handler, and with them every rule about
 * what may be called when. An implementation supplies the protected hooks.
 *
 * @typeParam Connection - how one endpoint is described, for example a serial port and its line settings
 * @typeParam Events - name and payload of each event
 */
export abstract class Communicator<Connection, Events extends CommunicatorEvents = CommunicatorEvents> {
  readonly #connections = new Map<string, Connection>();
  readonly #emitter = new EventEmitter();
  #state = CommunicatorState.UNINITIALIZED;
  #initializing = false;
  #stopping: Promise<void> | undefined;
  #receiveHandler: ReceiveHandler | undefined;

  /** Where the communicator is in its life. STOPPED holds from the moment of the call of {@link shutdown}. */
  get state(): CommunicatorState {
    return this.#state;
  }

  /**
   * Adds a connection, to be opened by {@link initialize}.
   *
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless UNINITIALIZED, and while `initialize` is under way
   * @throws KeyError (`KEY_ERROR`) if the name is taken
   * @throws InvalidArgumentError (`INVALID_CONNECTION`) if the name or the description cannot be used
   */
  addConnection(name: string, connection: Connection): void {
    this.#requireUninitialized('addConnection');
    if (typeof name !== 'string' || name === '') {
      throw new InvalidArgumentError('INVALID_CONNECTION', 'addConnection: the name must be a non-empty string');
    }
    if (this.#connections.has(name)) {
      throw new KeyError(
        `addConnection: a connection named ${JSON.stringify(name)} exists already; choose another name`,
      );
    }
    this.#connections.set(name, this.checkConnection(name, connection));
  }

  /** Sets the receive handler, in any state. A later one takes over from the next packet on. */
  setReceiveHandler(handler: ReceiveHandler): void {
    if (typeof handler !== 'function') {
      throw new TypeError(
        `setReceiveHandler: the handler must be a function, got ${handler === null ? 'null' : typeof handler}`,
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
   * Opens every connection. Resolves when all are open and the state is STARTED. If one cannot be opened, all are
   * closed again, the state is still UNINITIALIZED, and `initialize` may be called again.
   *
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless UNINITIALIZED, and while another call is under way
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
   * Sends one packet. Resolves when every byte of it has been handed to the operating system, in the order of the
   * calls; the device may not have read it yet. The packet must not be changed before that.
   *
   * @param recipient - the name of a connection
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   * @throws InvalidArgumentError (`INVALID_PACKET`) if the packet is not a `Uint8Array`
   * @throws InvalidArgumentError (`INVALID_OPTION`) if `options` is an AbortSignal, or `options.signal` is not one
   */
  send(recipient: string, packet: Uint8Array, options?: SendOptions): Promise<void> {
    if (this.#state !== CommunicatorState.STARTED) {
      return Promise.reject(this.#illegal('send', WHILE_STARTED));
    }
    if (!this.#connections.has(recipient)) {
      return Promise.reject(new KeyError(`send: ${this.#unknownName(recipient)}`));
    }
    if (!isUint8Array(packet)) {
      const got = packet === null ? 'null' : typeof packet;
      return Promise.reject(
        new InvalidArgumentError(
          'INVALID_PACKET',
          `send to "${recipient}": the packet must be a Uint8Array, got ${got}`,
        ),
      );
    }
    if (options) {
      const { signal } = options;
      if (options instanceof AbortSignal || !(signal === undefined || signal instanceof AbortSignal)) {
        const found = describeValue(options instanceof AbortSignal ? options : signal);
        return Promise.reject(invalidOption(`send to "${recipient}": got ${found}; expected { signal: AbortSignal }`));
      }
      if (signal?.aborted) {
        return Promise.reject(signal.reason);
      }
    }
    return this.transmit(recipient, packet, options);
  }

  /**
   * Stops: waits for the packets that `send` has accepted, then closes every connection. Resolves when that is done.
   * Once it has resolved, the receive handler is not called again.
   *
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED
   */
  shutdown(): Promise<void> {
    if (this.#state !== CommunicatorState.STARTED) {
      return Promise.reject(this.#illegal('shutdown', 'once, after initialize has resolved'));
    }
    this.#state = CommunicatorState.STOPPED;
    // In a microtask, so that whoever is told of the closing finds a shutdown to join.
    this.#stopping = Promise.resolve().then(() => this.closeConnections());
    return this.#stopping;
  }

  /** Shuts down if STARTED, joins a shutdown that is under way, and does nothing else. For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#state === CommunicatorState.STARTED ? this.shutdown() : this.#stopping);
  }

  /** Calls `listener` for each event of that name, as Node's `EventEmitter` does. */
  on<Name extends keyof Events & string>(event: Name, listener: (payload: Events[Name]) => void): this {
    this.#emitter.on(event, listener);
    return this;
  }

  /** Calls `listener` for the next event of that name only. */
  once<Name extends keyof Events & string>(event: Name, listener: (payload: Events[Name]) => void): this {
    this.#emitter.once(event, listener);
    return this;
  }

  /** Takes a listener away that `on` or `once` added. */
  off<Name extends keyof Events & string>(event: Name, listener: (payload: Events[Name]) => void): this {
    this.#emitter.off(event, listener);
    return this;
  }

  /**
   * Checks a description when it is added, and gives back what is to be kept of it.
   *
   * @throws InvalidArgumentError (`INVALID_CONNECTION`) if it cannot be used
   */
  protected abstract checkConnection(name: string, connection: Connection): Connection;

  /** Opens all connections, or none: before it rejects it has closed again what it had opened. Delivers nothing yet. */
  protected abstract openConnections(connections: ReadonlyMap<string, Connection>): Promise<void>;

  /** Called once, right after the state has become STARTED: from now on packets may be delivered. */
  protected abstract startReceiving(): void;

  /** Sends a packet over a connection that is known to exist; as {@link send} promises. */
  protected abstract transmit(name: string, packet: Uint8Array, options: SendOptions | undefined): Promise<void>;

  /** Finishes the sends that were accepted and closes all connections. Never rejects. */
  protected abstract closeConnections(): Promise<void>;

  /** Whether a receive handler is set. */
  protected get hasReceiveHandler(): boolean {
    return this.#receiveHandler !== undefined;
  }

  /**
   * Hands a packet to the receive handler; does nothing without one. Gives back a promise only when the handler did,
   * and that promise never rejects: the caller must not deliver the connection's next packet before it has resolved.
   */
  protected deliver(name: string, packet: Uint8Array): Promise<void> | undefined {
    try {
      const result = this.#receiveHandler?.(name, packet);
      // Any thenable counts: a handler may come from a library with promises of its own.
      if (typeof result?.then === 'function') {
        return Promise.resolve(result).catch((error: unknown) => this.#reportHandlerError(name, error, packet));
      }
    } catch (error) {
      this.#reportHandlerError(name, error, packet);
    }
    return undefined;
  }

  /**
   * Tells the listeners of an event, and the subscribers of the diagnostics channel `serial-communicator:` plus its
   * name, which get the payload with the `communicator` added. A listener that throws does not disturb the caller: its
   * error becomes an uncaught exception of its own.
   */
  protected emit<Name extends keyof Events & string>(event: Name, payload: Events[Name]): void {
    const diagnostics = channel(`serial-communicator:${event}`);
    if (diagnostics.hasSubscribers) {
      diagnostics.publish({ communicator: this, ...payload });
    }
    try {
      this.#emitter.emit(event, payload);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }

  /** @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED */
  protected requireStarted(call: string): void {
    if (this.#state !== CommunicatorState.STARTED) {
      throw this.#illegal(call, WHILE_STARTED);
    }
  }

  /**
   * The connection of that name.
   *
   * @throws KeyError (`KEY_ERROR`) if there is none
   */
  protected connection(name: string): Connection {
    const connection = this.#connections.get(name);
    if (connection === undefined) {
      throw new KeyError(this.#unknownName(name));
    }
    return connection;
  }

  #reportHandlerError(name: string, error: unknown, packet: Uint8Array): void {
    this.emit('handlerError', { name, error, packet } as Events['handlerError']);
  }

  #requireUninitialized(call: string): void {
    if (this.#initializing) {
      throw new IllegalStateAction(`${call}: not allowed while initialize is under way; wait for it to settle`);
    }
    if (this.#state !== CommunicatorState.UNINITIALIZED) {
      throw this.#illegal(call, 'before initialize');
    }
  }

  #illegal(call: string, when: string): IllegalStateAction {
    const state = this.#initializing ? 'initialize is under way' : `the state is ${CommunicatorState[this.#state]}`;
    return new IllegalStateAction(`${call}: ${state}; call it ${when}`);
  }

  #unknownName(name: string): string {
    const names = [...this.#connections.keys()].map((known) => JSON.stringify(known)).join(', ');
    return `no connection is named ${JSON.stringify(name)}; there ${names === '' ? 'are none' : `are ${names}`}`;
  }
}
