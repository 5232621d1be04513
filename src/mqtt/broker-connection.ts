import type { Socket } from 'node:net';
import type { IClientOptions, IPublishPacket, MqttClient } from 'mqtt';
import { Fifo } from '../requests/fifo.js';
import { within } from '../timing/patient-timer.js';
import { type BrokerFailure, brokerFailure } from './broker-failure.js';
import { type CompleteBrokerOptions, describeBroker } from './broker-options.js';
import { DrainWatch } from './drain-watch.js';
import type { Mqtt } from './load-mqtt.js';

const MIN_RECONNECT_DELAY_MS = 100;

/** A connection that lasted longer begins again with the shortest delay. */
const STABLE_MS = 5_000;

/** Most messages with QoS 1 that are sent and not acknowledged. MQTT.js knows no limit, and ignores that of the broker. */
const MAX_IN_FLIGHT = 256;

const KEEPALIVE_S = 15;

/** The largest message that MQTT knows. */
const MAX_PACKET_BYTES = 268_435_455;

/** The messages of one connection are bounded by their senders; the topics of one packet are bounded by this. */
const TOPICS_PER_SUBSCRIBE = 64;

/** MQTT.js sends nothing at all, without an error, if `userProperties` is an empty object: leave it out instead. */
export type Properties = NonNullable<IPublishPacket['properties']>;

/** A message that the broker has delivered. */
export type Received = IPublishPacket;

export interface Will {
  readonly topic: string;
  readonly payload: string;
  readonly properties: Properties;
}

export interface Subscription {
  readonly qos: 0 | 1;
  /** Whether messages show that they were published to be retained. */
  readonly showRetain?: boolean;
}

/** What happens to a connection to a broker. */
export interface BrokerListener {
  /** There is a connection. It has no subscriptions yet. */
  connected(): void;
  /** An attempt failed, or the connection was lost. Everything in flight has been reported as lost before. */
  disconnected(failure: BrokerFailure): void;
  message(topic: string, payload: Buffer, packet: Received): void;
}

/** A message with QoS 1. */
export interface Publication {
  readonly topic: string;
  readonly payload: Uint8Array | string;
  readonly properties: Properties | undefined;
  readonly retain: boolean;
  /** Called once: without a failure when the broker has it. */
  readonly settled: (failure?: BrokerFailure) => void;
  /** Whether it has not been given to MQTT.js yet. */
  isWaiting: boolean;
}

/**
 * Keeps a connection to a broker. Each connection has an MQTT client of its own, which does not reconnect: so nothing that
 * was queued or in flight goes out later by itself. What has to be sent again is the business of the senders.
 */
export class BrokerConnection {
  readonly #mqtt: Mqtt;
  readonly #options: CompleteBrokerOptions;
  readonly #will: Will | undefined;
  readonly #listener: BrokerListener;
  readonly #broker: string;
  #client: MqttClient | undefined;
  #isConnected = false;
  #connectedAt = 0;
  #attempts = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #maxInFlight = MAX_IN_FLIGHT;
  #maxPacketBytes = MAX_PACKET_BYTES;
  /** Sent, and not acknowledged. */
  readonly #inFlight = new Set<Publication>();
  readonly #waiting = new Fifo<Publication>();
  #isCorked = false;
  readonly draining = new DrainWatch(() => this.bufferedBytes);

  constructor(mqtt: Mqtt, options: CompleteBrokerOptions, will: Will | undefined, listener: BrokerListener) {
    this.#mqtt = mqtt;
    this.#options = options;
    this.#will = will;
    this.#listener = listener;
    this.#broker = describeBroker(options.url);
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Bytes that the operating system has not accepted yet. */
  get bufferedBytes(): number {
    return this.#client?.stream.writableLength ?? 0;
  }

  /** Largest message that the broker accepts, in bytes. */
  get maxPacketBytes(): number {
    return this.#maxPacketBytes;
  }

  /** Begins the first attempt. */
  open(): void {
    let client: MqttClient;
    try {
      client = this.#mqtt.connect(this.#options.url, this.#clientOptions());
    } catch (error) {
      // For example a certificate that is none. Later, as with any other failure.
      this.#timer = setTimeout(() => this.#failed(brokerFailure(this.#broker, error as Error, false), false), 0);
      return;
    }
    this.#client = client;
    let error: Error | undefined;
    client.on('error', (reason) => {
      error = reason;
    });
    client.on('disconnect', ({ reasonCode }) => {
      error ??= Object.assign(new Error(`it ended the connection with reason code ${reasonCode}`), {
        code: reasonCode,
      });
    });
    client.on('connect', ({ properties }) => {
      this.#isConnected = true;
      this.#connectedAt = performance.now();
      this.#maxInFlight = Math.min(MAX_IN_FLIGHT, properties?.receiveMaximum ?? MAX_IN_FLIGHT);
      this.#maxPacketBytes = Math.min(MAX_PACKET_BYTES, properties?.maximumPacketSize ?? MAX_PACKET_BYTES);
      this.#listener.connected();
    });
    client.on('message', (topic, payload, packet) => {
      if (this.#client === client) {
        this.#listener.message(topic, payload, packet);
      }
    });
    client.stream.on('drain', () => this.draining.drained());
    // Otherwise each message waits until the one before is acknowledged, which can take 40 ms.
    (client.stream as Partial<Socket>).setNoDelay?.(true);
    client.once('close', () => this.#lost(client, error));
  }

  /** Writes a whole message with QoS 0, between those of MQTT.js, which are written whole, too. Only while connected. */
  write(message: Buffer): void {
    const { stream } = this.#client!;
    if (!this.#isCorked) {
      // One call of the operating system for the messages of this turn.
      this.#isCorked = true;
      stream.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        stream.uncork();
      });
    }
    stream.write(message);
  }

  /** Publishes a message with QoS 1, after those of earlier calls. Returns undefined if there is no connection. */
  publishAcknowledged(
    topic: string,
    payload: Uint8Array | string,
    properties: Properties | undefined,
    settled: (failure?: BrokerFailure) => void,
    retain = false,
  ): Publication | undefined {
    if (!this.#isConnected || this.#isClosed) {
      settled(brokerFailure(this.#broker, undefined, true));
      return undefined;
    }
    const publication = { topic, payload, properties, retain, settled, isWaiting: true };
    this.#waiting.add(publication);
    this.#sendWaiting();
    return publication;
  }

  /** Forgets a message that still waits. It is not reported any more. */
  withdraw(publication: Publication): void {
    if (publication.isWaiting) {
      publication.isWaiting = false;
      this.#waiting.delete(publication);
    }
  }

  /** Resolves when the broker has accepted all subscriptions. Rejects with a {@link BrokerFailure}. */
  async subscribe(topics: readonly (readonly [string, Subscription])[]): Promise<void> {
    const client = this.#client!;
    for (let first = 0; first < topics.length; first += TOPICS_PER_SUBSCRIBE) {
      const batch = topics
        .slice(first, first + TOPICS_PER_SUBSCRIBE)
        .map(([topic, { qos, showRetain = false }]) => [topic, { qos, rap: showRetain }] as const);
      await new Promise<void>((resolve, reject) => {
        client.subscribe(Object.fromEntries(batch), (error, granted) => {
          const refused = granted?.find(({ qos }) => qos >= 128);
          if (error === null && refused === undefined) {
            resolve();
          } else if (this.#client !== client) {
            reject(brokerFailure(this.#broker, undefined, true));
          } else {
            reject({
              code: 'PERMISSION_DENIED',
              message: `broker ${this.#broker}: refuses to subscribe to ${refused?.topic ?? batch[0]![0]}; check its access rules`,
              cause: error ?? undefined,
            } satisfies BrokerFailure);
          }
        });
      });
    }
  }

  /** Closes the connection, without a will, and does not reconnect. Resolves when it is closed, at the latest after `limitMs`. */
  async close(limitMs: number): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    if (client === undefined) {
      return;
    }
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    client.end(!this.#isConnected);
    if (!(await within(limitMs, closed))) {
      client.stream.destroy();
      await closed;
    }
  }

  #clientOptions(): IClientOptions {
    const { mqtt, connectTimeoutMs } = this.#options;
    const will = this.#will && {
      ...this.#will,
      payload: Buffer.from(this.#will.payload),
      qos: 1 as const,
      retain: true,
    };
    return {
      keepalive: KEEPALIVE_S,
      ...(mqtt as IClientOptions),
      protocolVersion: 5,
      clean: true,
      properties: { sessionExpiryInterval: 0 },
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      connectTimeout: connectTimeoutMs,
      ...(will && { will }),
    };
  }

  #sendWaiting(): void {
    // While the connection is being closed, MQTT.js refuses everything at once.
    while (this.#isConnected && !this.#isClosed && this.#inFlight.size < this.#maxInFlight) {
      const publication = this.#waiting.shift();
      if (publication === undefined) {
        return;
      }
      publication.isWaiting = false;
      const { topic, payload, properties, retain } = publication;
      this.#inFlight.add(publication);
      const buffer = typeof payload === 'string' ? payload : bufferOf(payload);
      this.#client!.publish(topic, buffer, { qos: 1, retain, ...(properties && { properties }) }, (error) =>
        this.#acknowledged(publication, error ?? undefined),
      );
    }
  }

  #acknowledged(publication: Publication, error: Error | undefined): void {
    if (this.#inFlight.delete(publication)) {
      publication.settled(
        error && {
          code: 'PERMISSION_DENIED',
          message: `broker ${this.#broker}: refuses to publish to ${publication.topic} (${error.message}); check its access rules`,
          cause: error,
        },
      );
      // Several at a time, which leave in one call of the operating system; but long before nothing is in flight any more.
      if (8 * this.#inFlight.size <= 7 * this.#maxInFlight) {
        this.#sendWaiting();
      }
    }
  }

  #lost(client: MqttClient, error: Error | undefined): void {
    const wasConnected = this.#isConnected;
    this.#isConnected = false;
    this.#client = undefined;
    client.removeAllListeners('message');
    const failure = brokerFailure(this.#broker, error, wasConnected);
    this.draining.drained();
    const lost = [...this.#inFlight];
    this.#inFlight.clear();
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      next.isWaiting = false;
      lost.push(next);
    }
    for (const { settled } of lost) {
      settled(failure);
    }
    this.#failed(failure, wasConnected);
  }

  #failed(failure: BrokerFailure, wasConnected: boolean): void {
    this.#listener.disconnected(failure);
    if (!this.#isClosed) {
      this.#planAttempt(wasConnected);
    }
  }

  #planAttempt(wasConnected: boolean): void {
    if (wasConnected && performance.now() - this.#connectedAt > STABLE_MS) {
      this.#attempts = 0;
    }
    const longestMs = Math.min(this.#options.maxReconnectDelayMs, MIN_RECONNECT_DELAY_MS * 2 ** this.#attempts++);
    // Between half and all of the delay, so that the clients of a broker do not all come back at once.
    this.#timer = setTimeout(() => this.open(), longestMs * (0.5 + Math.random() / 2));
  }
}

/** Longest packet that is copied. */
const MAX_COPIED_BYTES = 2_048;

/**
 * The bytes as MQTT.js needs them: of a Buffer it copies only its bytes, but of any other array the whole memory that it is a part
 * of. Short ones are copied here: the engine keeps a short array in its own heap, and moving it out, which writing it to a socket
 * does, costs more than half of everything else.
 */
function bufferOf(bytes: Uint8Array): Buffer {
  return bytes.length <= MAX_COPIED_BYTES
    ? Buffer.from(bytes)
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
