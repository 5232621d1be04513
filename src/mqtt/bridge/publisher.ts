import { hostname } from 'node:os';
import type { ConnectionError } from '../../errors.js';
import type { BrokerConnection, Properties, Received, Will } from '../broker-connection.js';
import type { BrokerFailure } from '../broker-failure.js';
import { type CommandResult, type Instance, resultPayload, resultProperties, userProperty } from '../messages.js';
import type { BridgeTopics } from '../topics.js';
import type { BridgedDevice } from './bridged-device.js';

/** The version of the messages, for those that come later. */
const VERSION = '1';

/** Results that wait for the broker, in bytes: a client can send commands faster than their results are published. */
const MAX_RESULT_BYTES = 1_048_576;

/** What a result needs besides its payload. */
const RESULT_BYTES = 512;

/** What a bridge publishes, except packets from devices. */
export class Publisher {
  readonly #topics: BridgeTopics;
  readonly #instance: Instance;
  readonly #refused: (failure: BrokerFailure) => void;
  readonly #stateProperties: Properties;
  #resultBytes = 0;
  /** Messages on `tx` of connections that the bridge does not have. */
  unknownCommands = 0;
  broker: BrokerConnection | undefined;

  /** @param refused - the broker refuses a message that the bridge cannot do without, or is lost */
  constructor(topics: BridgeTopics, instance: Instance, refused: (failure: BrokerFailure) => void) {
    this.#topics = topics;
    this.#instance = instance;
    this.#refused = refused;
    this.#stateProperties = {
      userProperties: { instance, host: hostname(), pid: String(process.pid), version: VERSION },
    };
  }

  get will(): Will {
    return { topic: this.#topics.state, payload: 'offline', properties: this.#stateProperties };
  }

  claim(): void {
    void this.#publish(this.#topics.claim, this.#instance, {});
  }

  /** Resolves when the broker has it, refuses it, or is lost. */
  announce(state: 'online' | 'offline'): Promise<void> {
    return this.#publish(this.#topics.state, state, this.#stateProperties, true);
  }

  /**
   * Resolves as `announce` does.
   *
   * @param error - why the device is not connected
   */
  deviceState(
    device: BridgedDevice,
    isConnected: boolean,
    error: Pick<ConnectionError, 'code' | 'message'> | undefined,
  ): Promise<void> {
    return this.#publish(device.topics.state, ...device.describe(isConnected, error, this.#instance), true);
  }

  /** Returns false if the broker is offline, or too many results wait for it: then the result is dropped. */
  result(topic: string, correlationData: Buffer, result: CommandResult): boolean {
    const payload = resultPayload(result);
    const costBytes = RESULT_BYTES + payload.length;
    if (!this.broker?.isConnected || this.#resultBytes > MAX_RESULT_BYTES) {
      return false;
    }
    this.#resultBytes += costBytes;
    const properties = resultProperties(correlationData, this.#instance, clockMs(), result);
    this.broker.publishAcknowledged(topic, payload, properties, () => {
      this.#resultBytes -= costBytes;
    });
    return true;
  }

  /**
   * Answers a message on `tx` of a connection that the bridge does not have.
   *
   * @param known - the names of those that it has
   */
  unknownConnection(topic: string, message: Received, known: readonly string[]): void {
    this.unknownCommands++;
    const resultTopic = topic.replace(/tx$/, 'result');
    const { responseTopic, correlationData } = message.properties ?? {};
    if (responseTopic === resultTopic && correlationData !== undefined && !message.retain) {
      const text = `the bridge has no such connection; it has: ${known.length === 0 ? 'none' : known.join(', ')}`;
      this.result(resultTopic, correlationData, { status: 'KEY_ERROR', message: text, delivered: 'no' });
    }
  }

  #publish(topic: string, payload: string, properties: Properties, retain = false): Promise<void> {
    return new Promise((resolve) => {
      const settled = (failure?: BrokerFailure) => {
        resolve();
        if (failure !== undefined) {
          this.#refused(failure);
        }
      };
      this.broker!.publishAcknowledged(topic, payload, properties, settled, retain);
    });
  }
}

/** Where the bridge runs that has published a state. */
export function whereOf(state: Received): string {
  return ` on host ${userProperty(state, 'host') ?? 'unknown'}, process ${userProperty(state, 'pid') ?? 'unknown'}`;
}

/** The clock that `deadline` refers to: it does not jump. */
export function clockMs(): number {
  return Math.floor(performance.now());
}
