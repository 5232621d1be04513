import { isUint8Array } from 'node:util/types';
import { checkHandler, type SendOptions } from '../call-arguments.js';
import { ConnectionError, InvalidArgumentError } from '../errors.js';
import { checkOptions, describeValue, invalidOption, type OptionRules } from '../options.js';
import type { Codec } from './codec.js';
import { MessageIterator, UNDECODED } from './message-iterator.js';
import type { NamedConnection } from './named-connection.js';
import type { RequestOptions } from './request-options.js';
import { isPromise, type StandardSchema, validate } from './standard-schema.js';

/** Options of a {@link Channel}. */
export interface ChannelOptions<In> {
  /** Checks each message after it has been decoded, synchronously. Messages are what the schema returns. Default: none. */
  schema?: StandardSchema<In> | undefined;
}

/** As {@link RequestOptions}, with messages in place of packets. */
export interface ChannelRequestOptions<In> extends Omit<RequestOptions, 'matches'> {
  /** Whether a message is the reply. Not called for a packet that does not decode, which is not the reply. */
  matches?: ((reply: In) => boolean) | undefined;
}

const RULES: OptionRules<ChannelOptions<unknown>> = {
  schema: {
    expected: 'a validator with the interface of Standard Schema, version 1',
    accepts: (value) => {
      const standard = (value as Partial<StandardSchema<unknown>> | null)?.['~standard'];
      return standard?.version === 1 && typeof standard.validate === 'function';
    },
  },
};

/**
 * A connection whose packets are messages: values that a codec encodes and decodes.
 *
 * A received packet that does not decode, or whose message the schema rejects, is reported as the event `undecodedPacket`
 * and counted as `undecodedPackets`. Receiving continues.
 *
 * @typeParam Out - the messages that are sent
 * @typeParam In - the messages that are received
 */
export class Channel<Out, In> {
  /** The connection. */
  readonly connection: NamedConnection;
  readonly #codec: Codec<Out, unknown>;
  readonly #schema: StandardSchema<In> | undefined;
  readonly #reportUndecoded: (packet: Uint8Array, error: unknown) => void;
  /** The handler and several iterators get the same packet, which is reported once. */
  readonly #reported = new WeakSet<Uint8Array>();

  /** @throws InvalidArgumentError (`INVALID_OPTION`) if the codec or the options are invalid */
  constructor(
    connection: NamedConnection,
    codec: Codec<Out, unknown>,
    options: ChannelOptions<In>,
    reportUndecoded: (packet: Uint8Array, error: unknown) => void,
  ) {
    if (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function') {
      throw invalidOption(
        `channel "${connection.name}": the codec is ${describeValue(codec)}; expected an object with the functions encode and decode`,
      );
    }
    this.connection = connection;
    this.#codec = codec;
    this.#schema = checkOptions<ChannelOptions<In>>(`channel "${connection.name}"`, options, RULES).schema;
    this.#reportUndecoded = reportUndecoded;
  }

  /**
   * Sends a message. Settles as {@link Communicator.send} does for its packet. Rejects, too, with what `encode` throws;
   * then nothing is sent.
   *
   * @throws InvalidArgumentError (`INVALID_PACKET`) if `encode` returns no `Uint8Array`
   */
  async send(message: Out, options?: SendOptions): Promise<void> {
    await this.connection.send(this.#encode('send to', message), options);
  }

  /**
   * Sends a message and resolves with the reply, decoded. Rejects as {@link Communicator.request} does, and with what
   * `encode` throws; then nothing is sent.
   *
   * @throws InvalidArgumentError (`INVALID_PACKET`) if `encode` returns no `Uint8Array`
   * @throws ConnectionError (`REPLY_INVALID`) if the reply does not decode; `cause` is what `decode` threw
   */
  async request(message: Out, options?: ChannelRequestOptions<In>): Promise<In> {
    const packet = this.#encode('request to', message);
    const matches = options?.matches;
    if (typeof matches !== 'function') {
      return this.#decodeReply(await this.connection.request(packet, options as RequestOptions | undefined));
    }
    let reply: In;
    await this.connection.request(packet, {
      ...options,
      matches: (candidate) => {
        try {
          reply = this.#decode(candidate);
        } catch {
          return false;
        }
        return matches(reply);
      },
    });
    return reply!;
  }

  /**
   * Sets the handler of the connection, in any state. It gets the messages of the packets that no request takes, in order,
   * one at a time, as {@link NamedConnection.onPacket} describes.
   */
  onMessage(handler: (message: In) => unknown): void {
    checkHandler(`onMessage "${this.connection.name}"`, handler);
    this.connection.onPacket((packet) => {
      const message = this.#decodeOrReport(packet);
      return message === UNDECODED ? undefined : handler(message);
    });
  }

  /**
   * Sets the handler of the requests of the device. What it returns, or the promise that it returns resolves with, is the
   * reply. If a request does not decode, or the handler fails, the device gets an error reply.
   */
  onRequest(handler: (message: In) => Out | PromiseLike<Out>): void {
    checkHandler(`onRequest "${this.connection.name}"`, handler);
    this.connection.onRequest(async (packet) => {
      const message = this.#decodeReported(packet);
      return this.#encode('reply to', await handler(message));
    });
  }

  /**
   * The messages from this call on, in order. Ends as {@link Communicator.packets} does. Packets that do not decode are
   * reported and left out.
   */
  messages(options?: { signal?: AbortSignal | undefined }): AsyncIterableIterator<In> {
    return new MessageIterator(this.connection.packets(options), (packet) => this.#decodeOrReport(packet));
  }

  #encode(call: string, message: Out): Uint8Array {
    const packet: unknown = this.#codec.encode(message);
    if (!isUint8Array(packet)) {
      const found = isPromise(packet) ? 'a promise' : describeValue(packet);
      throw new InvalidArgumentError(
        'INVALID_PACKET',
        `${call} "${this.connection.name}": encode returned ${found}; expected a Uint8Array`,
      );
    }
    return packet;
  }

  /** @throws whatever the codec throws, and Error if the schema rejects the message */
  #decode(packet: Uint8Array): In {
    const message = this.#codec.decode(packet);
    if (isPromise(message)) {
      throw invalidOption('decode returned a promise; use a synchronous codec');
    }
    return this.#schema === undefined ? (message as In) : validate(this.#schema, message);
  }

  /** As {@link #decode}. Also reports a packet that does not decode. */
  #decodeReported(packet: Uint8Array): In {
    try {
      return this.#decode(packet);
    } catch (error) {
      if (!this.#reported.has(packet)) {
        this.#reported.add(packet);
        this.#reportUndecoded(packet, error);
      }
      throw error;
    }
  }

  #decodeOrReport(packet: Uint8Array): In | typeof UNDECODED {
    try {
      return this.#decodeReported(packet);
    } catch {
      return UNDECODED;
    }
  }

  #decodeReply(packet: Uint8Array): In {
    try {
      return this.#decodeReported(packet);
    } catch (error) {
      const { name } = this.connection;
      throw new ConnectionError(
        'REPLY_INVALID',
        name,
        `request to "${name}": the reply does not decode: ${String(error)}; check that the codec fits the device`,
        { cause: error },
      );
    }
  }
}
