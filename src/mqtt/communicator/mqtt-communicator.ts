import { randomBytes } from 'node:crypto';
import type { SendOptions } from '../../call-arguments.js';
import { Communicator } from '../../communicator.js';
import type { CommunicatorEvents } from '../../communicator-events.js';
import { type ConnectionError, InitializeError } from '../../errors.js';
import { anObject, checkOptions, invalidOption, milliseconds, type OptionRules } from '../../options.js';
import type { NamedConnection } from '../../requests/named-connection.js';
import type { RequestSettings } from '../../requests/request-settings.js';
import type { Transmission } from '../../requests/transmission.js';
import { within } from '../../timing/patient-timer.js';
import { BrokerConnection, type Received, type Subscription } from '../broker-connection.js';
import type { BrokerFailure } from '../broker-failure.js';
import {
  BROKER_RULES,
  type BrokerOptions,
  type CompleteBrokerOptions,
  completeBrokerOptions,
} from '../broker-options.js';
import { loadMqtt } from '../load-mqtt.js';
import { instanceOf } from '../messages.js';
import { aBase, bridgeTopics, connectionTopics, DEFAULT_BASE } from '../topics.js';
import {
  type CompleteMqttConnection,
  checkMqttDefaults,
  completeMqttConnection,
  type MqttConnection,
  type MqttSettings,
} from './mqtt-connection.js';
import { type MqttStats, newMqttCounts } from './mqtt-stats.js';
import type { Reachability } from './reachability.js';
import { RemoteDevice } from './remote-device.js';

/** Options of a {@link MqttCommunicator}. */
export interface MqttCommunicatorOptions extends BrokerOptions {
  /** The first level or levels of all topics, as at the bridges. Default: `'serial'`. */
  base?: string;
  /** Settings for all connections. A connection's own settings take precedence. */
  defaults?: MqttSettings;
  /** How long `shutdown` may take, in milliseconds. Default: 2,000. Three quarters of it are for accepted packets. */
  shutdownTimeoutMs?: number;
}

/** The events of a {@link MqttCommunicator}. Each has one object as its payload. */
export interface MqttEvents extends CommunicatorEvents {
  /** The device of connection `name` can be reached: broker and bridge are online, and its port is open. */
  connected: { name: string; bridge: string; connection: string };
  /** The device of connection `name` cannot be reached any more. `error` says why. It is waited for. */
  disconnected: { name: string; error: ConnectionError; willReconnect: boolean };
  /** What is offline on the way to the device of connection `name` has changed. `error`: why it cannot be reached. */
  reachability: { name: string; reachability: Reachability; error: ConnectionError | undefined };
}

const RULES: OptionRules<MqttCommunicatorOptions> = {
  ...BROKER_RULES,
  base: aBase,
  defaults: anObject,
  shutdownTimeoutMs: milliseconds,
};

/** The share of `shutdownTimeoutMs` that is for the accepted packets. */
const DRAIN_SHARE = 0.75;

/**
 * A communicator whose devices are at other machines, behind bridges: see `MqttBridge` and `sercom bridge`. All connections
 * share one connection to a broker. docs/mqtt.md describes what is promised.
 *
 * `initialize` also rejects with InvalidArgumentError (`INVALID_OPTION`) if the package mqtt is missing.
 *
 * `send` resolves when the `send` of the bridge has resolved, and rejects with its errors. In addition to the errors of
 * {@link Communicator.send}, it rejects with
 * - InvalidArgumentError (`PACKET_TOO_LARGE`) if the packet is longer than `maxPacketBytes`, or than the bridge or the broker accepts
 * - ConnectionError (`SEND_QUEUE_FULL`) if `sendQueueBytes` would be exceeded, here or at the bridge
 * - ConnectionError (`BROKER_OFFLINE` or `BRIDGE_OFFLINE`) if it cannot be reached; with `whenDisconnected: 'wait'` it waits
 * - ConnectionError (`PERMISSION_DENIED`) if the broker refuses to publish it
 * - ConnectionError (`SEND_TIMEOUT`) if no result came within `sendTimeoutMs`. If `delivered` is `'unknown'`, the device may
 *   have got the packet
 * - ConnectionError (`SHUTDOWN_TIMEOUT`) if `shutdown` ended before the result came
 *
 * @example
 * ```ts
 * const remote = new MqttCommunicator({ url: 'mqtt://broker.local' });
 * remote.addConnection('arm', { bridge: 'workbench' });
 * remote.setReceiveHandler((name, packet) => console.log(name, packet));
 * await remote.initialize();
 * await remote.send('arm', Uint8Array.of(1, 2, 3));
 * await remote.shutdown();
 * ```
 */
export class MqttCommunicator extends Communicator<MqttConnection, MqttEvents, CompleteMqttConnection> {
  readonly #brokerOptions: CompleteBrokerOptions;
  readonly #base: string;
  readonly #defaults: MqttSettings;
  readonly #shutdownTimeoutMs: number;
  /** The connections by the prefix of their topics: each device has one. */
  readonly #names = new Map<string, string>();
  readonly #devices = new Map<string, RemoteDevice>();
  /** What to do with a message, by its topic. */
  readonly #handlers = new Map<string, (payload: Buffer, message: Received) => void>();
  #broker: BrokerConnection | undefined;

  /** @throws InvalidArgumentError (`INVALID_OPTION`) that names the option and what it accepts */
  constructor(options: MqttCommunicatorOptions) {
    super();
    const where = 'MqttCommunicator';
    const given = checkOptions(where, options, RULES);
    this.#brokerOptions = completeBrokerOptions(where, given);
    this.#base = given.base ?? DEFAULT_BASE;
    this.#defaults = checkMqttDefaults(`${where}: defaults`, given.defaults ?? {});
    this.#shutdownTimeoutMs = given.shutdownTimeoutMs ?? 2_000;
  }

  /**
   * A copy of the counts of a connection. All are zero before `initialize`.
   *
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   */
  override stats(name: string): MqttStats {
    const counts = super.stats(name);
    return { ...(this.#devices.get(name)?.counts ?? newMqttCounts()), ...counts };
  }

  override connection(name: string): NamedConnection<MqttStats> {
    return super.connection(name) as NamedConnection<MqttStats>;
  }

  /**
   * Whether the device of a connection can be reached, and if not, what is offline.
   *
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   */
  reachability(name: string): Reachability {
    this.requireConnection('reachability', name);
    return this.#devices.get(name)?.reachability ?? 'brokerOffline';
  }

  /**
   * `connected` while the device can be reached.
   *
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   */
  connectionState(name: string): 'connected' | 'disconnected' {
    return this.reachability(name) === 'reachable' ? 'connected' : 'disconnected';
  }

  /**
   * Why the device of a connection cannot be reached. Undefined if it can, and before `initialize`.
   *
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   */
  connectionError(name: string): ConnectionError | undefined {
    this.requireConnection('connectionError', name);
    return this.#devices.get(name)?.error();
  }

  protected override checkConnection(name: string, connection: MqttConnection): CompleteMqttConnection {
    const complete = completeMqttConnection(name, connection, this.#defaults);
    const device = `${complete.bridge}/${complete.connection}`;
    const other = this.#names.get(device);
    if (other !== undefined) {
      throw invalidOption(`connection "${name}": connection "${other}" is the same device`, 'INVALID_CONNECTION');
    }
    this.#names.set(device, name);
    return complete;
  }

  protected override async openConnections(connections: ReadonlyMap<string, CompleteMqttConnection>): Promise<void> {
    if (connections.size === 0) {
      return;
    }
    const mqtt = await loadMqtt('MqttCommunicator');
    const sender = randomBytes(8).toString('hex');
    for (const [name, connection] of connections) {
      this.#devices.set(name, this.#newDevice(name, connection, sender));
    }
    let attempted: (failure?: BrokerFailure) => void;
    const attempt = new Promise<BrokerFailure | undefined>((resolve) => {
      attempted = resolve;
    });
    this.#broker = new BrokerConnection(mqtt, this.#brokerOptions, undefined, {
      connected: () => void this.#connected().then((failure) => attempted(failure)),
      disconnected: (failure) => {
        this.#brokerChanged(undefined, failure);
        attempted(failure);
      },
      message: (topic, payload, message) => this.#handlers.get(topic)?.(payload, message),
    });
    this.#broker.open();
    const errors = await Promise.all([...this.#devices.values()].map((device) => this.#open(device, attempt)));
    const failed = errors.filter((error) => error !== undefined);
    if (failed.length > 0) {
      await this.#close(0);
      this.#devices.clear();
      this.#handlers.clear();
      throw new InitializeError(failed);
    }
  }

  protected override startReceiving(): void {
    for (const device of this.#devices.values()) {
      device.received.start();
    }
  }

  protected override requestSettings(connection: CompleteMqttConnection): RequestSettings {
    const { requestIds, requestBacklogBytes } = connection;
    return { requestsElsewhere: requestIds, requestBacklogBytes };
  }

  protected override transmit(name: string, packet: Uint8Array, options: SendOptions | undefined): Promise<void> {
    return this.#devices.get(name)!.outbox.send(packet, options ?? {});
  }

  protected override transmitRequest(name: string, packet: Uint8Array, transmission: Transmission): void {
    this.#devices.get(name)!.sendRequest(packet, transmission);
  }

  protected override hold(name: string, packetBytes: number): () => void {
    return this.#devices.get(name)!.outbox.hold(packetBytes);
  }

  protected override waitUntilReady(name: string, signal: AbortSignal | undefined): Promise<void> {
    return this.#devices.get(name)!.ready(signal);
  }

  /** The bridge keeps the port. Waits for the accepted packets. */
  protected override async releaseConnection(name: string): Promise<void> {
    await within(this.#shutdownTimeoutMs, this.#devices.get(name)!.outbox.untilEmpty());
  }

  protected override closeConnections(): Promise<void> {
    return this.#close(this.#shutdownTimeoutMs * DRAIN_SHARE);
  }

  /** @param drainMs - how long accepted packets may take */
  async #close(drainMs: number): Promise<void> {
    const devices = [...this.#devices.values()];
    if (drainMs > 0) {
      await within(drainMs, Promise.all(devices.map(({ outbox }) => outbox.untilEmpty())));
    }
    for (const device of devices) {
      device.close();
    }
    await this.#broker?.close(this.#shutdownTimeoutMs * (1 - DRAIN_SHARE));
    this.#broker = undefined;
  }

  /**
   * Waits until a required device can be reached, or any other has been looked for once.
   *
   * @param attempt - the first attempt to connect to the broker and to subscribe
   * @returns why a required device cannot be reached
   */
  async #open(device: RemoteDevice, attempt: Promise<BrokerFailure | undefined>): Promise<ConnectionError | undefined> {
    const { required, openTimeoutMs } = device.settings;
    const opened = attempt.then((failure) => (failure === undefined && required ? device.ready(undefined) : undefined));
    await within(openTimeoutMs, opened);
    return required && !device.isReachable ? device.error() : undefined;
  }

  #newDevice(name: string, settings: CompleteMqttConnection, sender: string): RemoteDevice {
    const { bridge, connection } = settings;
    const topics = connectionTopics(this.#base, bridge, connection);
    const device = new RemoteDevice(name, settings, topics, sender, this.inlet(name), {
      changed: (reachability, before, error) => {
        this.emit('reachability', { name, reachability, error });
        if (reachability === 'reachable') {
          this.emit('connected', { name, bridge, connection });
        } else if (before === 'reachable') {
          this.emit('disconnected', { name, error: error!, willReconnect: true });
        }
      },
    });
    this.#handlers.set(topics.rx, (payload, message) => device.received.take(payload, message));
    this.#handlers.set(topics.result, (_payload, message) => device.takeResult(message));
    this.#handlers.set(topics.state, (payload, message) => device.takeState(payload, message));
    const { state } = bridgeTopics(this.#base, bridge);
    const others = this.#handlers.get(state);
    this.#handlers.set(state, (payload, message) => {
      others?.(payload, message);
      device.bridgeChanged(payload.toString() === 'online' ? instanceOf(message) : undefined);
    });
    return device;
  }

  /** Subscribes. Resolves with the failure if that fails. */
  async #connected(): Promise<BrokerFailure | undefined> {
    const broker = this.#broker!;
    const subscription: Subscription = { qos: 1 };
    try {
      await broker.subscribe([...this.#handlers.keys()].map((topic) => [topic, subscription] as const));
    } catch (failure) {
      this.#brokerChanged(undefined, failure as BrokerFailure);
      return failure as BrokerFailure;
    }
    this.#brokerChanged(broker, undefined);
    return undefined;
  }

  #brokerChanged(broker: BrokerConnection | undefined, failure: BrokerFailure | undefined): void {
    for (const device of this.#devices.values()) {
      device.brokerChanged(broker, failure);
    }
  }
}
