import type { ReadyOptions, SendOptions } from '../call-arguments.js';
import { Channel, type ChannelOptions } from './channel.js';
import type { Codec } from './codec.js';
import type { ConnectionStats } from './connection-stats.js';
import type { RequestHandler } from './incoming-requests.js';
import type { PacketIterator } from './packet-iterator.js';
import type { RequestOptions } from './request-options.js';

/** Called for each packet of one connection that no request takes. See {@link ReceiveHandler}. */
export type PacketHandler = (packet: Uint8Array) => unknown;

/** Options of {@link NamedConnection.reopen}. */
export interface ReopenOptions {
  /** Ends the wait; the promise rejects with `signal.reason`. The connection is still being reopened. */
  signal?: AbortSignal | undefined;
}

/** The calls of a communicator that have the name of a connection as their first argument. */
export interface ConnectionCalls {
  send(name: string, packet: Uint8Array, options?: SendOptions): Promise<void>;
  request(name: string, packet: Uint8Array, options?: RequestOptions): Promise<Uint8Array>;
  ready(name: string, options?: ReadyOptions): Promise<void>;
  packets(name: string, options?: { signal?: AbortSignal | undefined }): PacketIterator;
  onRequest(name: string, handler: RequestHandler): void;
  stats(name: string): ConnectionStats;
}

/** What only a {@link NamedConnection} can do. */
export interface ConnectionControl {
  readonly hasRequestIds: boolean;
  readonly isAcknowledged: boolean;
  setHandler(handler: PacketHandler): void;
  undecoded(packet: Uint8Array, error: unknown): void;
  release(): Promise<void>;
  reopen(options: ReopenOptions | undefined): Promise<void>;
}

/**
 * One connection of a communicator, for code that need not know the others. `Communicator.connection` returns it, always
 * the same object for a name.
 *
 * @typeParam Stats - the counts that the communicator keeps
 */
export class NamedConnection<Stats extends ConnectionStats = ConnectionStats> {
  /** The name under which the connection was added. */
  readonly name: string;
  readonly #calls: ConnectionCalls;
  readonly #control: ConnectionControl;

  /** @internal */
  constructor(name: string, calls: ConnectionCalls, control: ConnectionControl) {
    this.name = name;
    this.#calls = calls;
    this.#control = control;
  }

  /** Whether it has `requestIds`, so that requests need no `matches`. */
  get hasRequestIds(): boolean {
    return this.#control.hasRequestIds;
  }

  /** Whether it has acknowledged delivery. */
  get isAcknowledged(): boolean {
    return this.#control.isAcknowledged;
  }

  /** A copy of the counts of this connection. */
  get stats(): Stats {
    return this.#calls.stats(this.name) as Stats;
  }

  /** Sends one packet, as {@link Communicator.send} does. */
  send(packet: Uint8Array, options?: SendOptions): Promise<void> {
    return this.#calls.send(this.name, packet, options);
  }

  /** Sends a request and resolves with the reply, as {@link Communicator.request} does. */
  request(packet: Uint8Array, options?: RequestOptions): Promise<Uint8Array> {
    return this.#calls.request(this.name, packet, options);
  }

  /** Resolves when the connection is open and its device has settled, as {@link Communicator.ready} does. */
  ready(options?: ReadyOptions): Promise<void> {
    return this.#calls.ready(this.name, options);
  }

  /** The packets from now on, for `for await`. See {@link Communicator.packets}. */
  packets(options?: { signal?: AbortSignal | undefined }): PacketIterator {
    return this.#calls.packets(this.name, options);
  }

  /**
   * Sets the handler of this connection, in any state. It gets the packets that no request takes, as a receive handler
   * does, and the handler of all connections gets none of them any more. It replaces the one before, from the next packet
   * on; the first time it does, it also emits a warning of the process (`HANDLER_REPLACED`).
   */
  onPacket(handler: PacketHandler): void {
    this.#control.setHandler(handler);
  }

  /** Sets the handler for requests of the device. See {@link Communicator.onRequest}. */
  onRequest(handler: RequestHandler): void {
    this.#calls.onRequest(this.name, handler);
  }

  /**
   * This connection with a codec: its packets are messages.
   *
   * @typeParam Out - the messages that are sent
   * @typeParam In - what `decode` returns
   * @typeParam Received - the messages that are received: what the schema returns, or without a schema, what `decode` does
   * @throws InvalidArgumentError (`INVALID_OPTION`) if the codec or an option is invalid
   */
  channel<Out, In, Received = In>(
    codec: Codec<Out, In>,
    options: ChannelOptions<Received> = {},
  ): Channel<Out, Received> {
    return new Channel(this, codec, options, (packet, error) => this.#control.undecoded(packet, error));
  }

  /**
   * Closes the port while everything else runs, for example to flash the board or to let another program have the port.
   * Resolves when it is closed. Packets that `send` has accepted are written first, as at a shutdown; with acknowledged
   * delivery, it waits for their acknowledgements, and the session ends. Requests that wait reject with
   * `CONNECTION_RELEASED` at once. Until {@link reopen} is called, `send` and `request` reject with the same code, and
   * iterators and calls of `ready` wait. Does nothing if the connection is released already.
   *
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED
   */
  release(): Promise<void> {
    return this.#control.release();
  }

  /**
   * Opens the port again after {@link release}. Resolves when it is open. As long as it cannot be opened, for example since
   * the board is restarting, it is tried again as after a disconnect.
   *
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED
   * @throws ConnectionError if the port cannot be opened and `reconnect` is off; the connection is then still released
   */
  reopen(options?: ReopenOptions): Promise<void> {
    return this.#control.reopen(options);
  }
}
