import { randomBytes } from 'node:crypto';
import { ConnectionError } from '../../errors.js';
import { EventSource } from '../../event-source.js';
import { CommunicatorState } from '../../life-cycle.js';
import { invalidOption } from '../../options.js';
import { nextTurn } from '../../timing/delivery-turn.js';
import { within } from '../../timing/patient-timer.js';
import { BrokerConnection, type Received } from '../broker-connection.js';
import { type BrokerFailure, failureError } from '../broker-failure.js';
import { describeBroker } from '../broker-options.js';
import { loadMqtt } from '../load-mqtt.js';
import { instanceOf } from '../messages.js';
import { type BridgeTopics, bridgeTopics, connectionTopics } from '../topics.js';
import type { MqttBridgeEvents, MqttBridgeState } from './bridge-events.js';
import {
  type BridgedCommunicator,
  type CompleteBridgeOptions,
  completeBridgeOptions,
  type MqttBridgeOptions,
  namesToPublish,
} from './bridge-options.js';
import type { BridgeStats } from './bridge-stats.js';
import { BridgedDevice } from './bridged-device.js';
import { NameClaim } from './name-claim.js';
import { clockMs, Publisher, whereOf } from './publisher.js';
import type { UplinkOwner } from './uplink.js';

/**
 * Publishes the connections of a communicator to a broker, so that every `MqttCommunicator` can use them. The communicator
 * stays with its owner, who initializes it and shuts it down. The bridge sets the packet handler of each connection.
 *
 * @example
 * ```ts
 * const bridge = new MqttBridge(serial, { url: 'mqtt://broker.local', name: 'workbench' });
 * await serial.initialize();
 * await bridge.start();
 * ```
 */
export class MqttBridge extends EventSource<MqttBridgeEvents> {
  readonly #communicator: BridgedCommunicator;
  readonly #options: CompleteBridgeOptions;
  readonly #topics: BridgeTopics;
  readonly #instance = randomBytes(8).toString('hex');
  readonly #claim: NameClaim;
  readonly #publisher: Publisher;
  readonly #uplinkOwner: UplinkOwner;
  readonly #devices = new Map<string, BridgedDevice>();
  readonly #byTopic = new Map<string, BridgedDevice>();
  #broker: BrokerConnection | undefined;
  #online: BrokerConnection | undefined;
  #isStarted = false;
  #stopping: Promise<void> | undefined;
  /** Settles `start`. */
  #starting: { resolve: () => void; reject(error: Error): void } | undefined;
  /** Whether `offline` was emitted since the bridge was online. */
  #isOfflineReported = false;

  /** @throws InvalidArgumentError (`INVALID_OPTION`) that names the option and what it accepts */
  constructor(communicator: BridgedCommunicator, options: MqttBridgeOptions) {
    super();
    this.#communicator = communicator;
    this.#options = completeBridgeOptions(options);
    const { base, name, qos, publishQueueBytes } = this.#options;
    this.#topics = bridgeTopics(base, name);
    this.#publisher = new Publisher(this.#topics, this.#instance, (failure) => this.#refused(failure));
    const bridge = this;
    this.#uplinkOwner = {
      instance: this.#instance,
      qos,
      publishQueueBytes,
      get online() {
        return bridge.#online;
      },
    };
    this.#claim = new NameClaim(this.#instance, {
      announce: () => void this.#publisher.announce('online'),
      silent: () => this.#noEcho(),
      held: () => this.#held(),
      lost: (where) => this.#nameLost(where),
    });
  }

  get state(): MqttBridgeState {
    if (!this.#isStarted || this.#stopping !== undefined) {
      return 'stopped';
    }
    if (this.#online !== undefined) {
      return 'online';
    }
    return this.#broker?.isConnected ? 'claiming' : 'connecting';
  }

  /**
   * Connects to the broker. Resolves when the bridge is online. Whenever the broker is lost later, it reconnects.
   *
   * @throws InvalidArgumentError (`INVALID_OPTION`) if the package mqtt is missing, or a connection does not exist, or its
   *   name cannot be a level of a topic, or `start` was called before
   * @throws ConnectionError (`BROKER_OFFLINE`) if the broker cannot be reached, unless `required` is false
   * @throws ConnectionError (`PERMISSION_DENIED`) if the broker refuses the user, the password, or a topic
   * @throws ConnectionError (`BRIDGE_NAME_TAKEN`) if another bridge of that name is online; the message says where
   * @throws ConnectionError (`OPEN_TIMEOUT`) if the broker does not deliver what the bridge publishes for itself
   * @throws ConnectionError (`SHUTDOWN_TIMEOUT`) if `stop` was called before it was online
   */
  async start(): Promise<void> {
    if (this.#isStarted) {
      throw invalidOption('MqttBridge: start was called before; make a new bridge');
    }
    const names = namesToPublish(this.#options.connections, this.#communicator.connectionNames);
    this.#isStarted = true;
    const mqtt = await loadMqtt('MqttBridge').catch((error) => {
      this.#isStarted = false;
      throw error;
    });
    if (this.#stopping !== undefined) {
      throw this.#stoppedEarly();
    }
    for (const name of names) {
      this.#addDevice(name);
    }
    this.#communicator.on('connected', this.#deviceChanged);
    this.#communicator.on('disconnected', this.#deviceChanged);
    const { broker } = this.#options;
    this.#broker = new BrokerConnection(mqtt, broker, this.#publisher.will, {
      connected: () => void this.#connected(),
      disconnected: (failure) => this.#disconnected(failure),
      message: (topic, payload, message) => this.#take(topic, payload, message),
    });
    this.#publisher.broker = this.#broker;
    const online = new Promise<void>((resolve, reject) => {
      this.#starting = { resolve, reject };
    });
    this.#broker.open();
    await online;
  }

  /**
   * Publishes that the bridge and its devices are offline, and closes the connection to the broker. Commands in progress are
   * canceled. Resolves when it is closed, also when called again. Never rejects.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** A copy of the counts of a connection. All are zero before `start`. */
  stats(name: string): BridgeStats {
    const device = this.#devices.get(name);
    if (device === undefined) {
      throw invalidOption(`stats of MqttBridge: no connection named ${JSON.stringify(name)} is published`);
    }
    return { ...device.stats };
  }

  /** Messages on `tx` of connections that the bridge does not have: refused with `KEY_ERROR`. */
  get unknownCommands(): number {
    return this.#publisher.unknownCommands;
  }

  /** Stops. For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #addDevice(name: string): void {
    const { base, name: bridge } = this.#options;
    const topics = connectionTopics(base, bridge, name);
    const device = new BridgedDevice(this.#communicator.connection(name), topics, this.#uplinkOwner, {
      isStarted: () => this.#communicator.state === CommunicatorState.STARTED,
      clockMs,
      publishResult: (correlationData, result) =>
        this.#claim.state === 'held' && this.#publisher.result(topics.result, correlationData, result),
      refused: (reason) => this.emit('commandRefused', { name, reason }),
    });
    this.#devices.set(name, device);
    this.#byTopic.set(topics.tx, device);
  }

  async #connected(): Promise<void> {
    const { base, name } = this.#options;
    const { state, claim } = this.#topics;
    // First of all: the retained state may arrive before the acknowledgement is noticed.
    this.#claim.begin();
    try {
      // Commands may follow as soon as others see that the bridge is online.
      await this.#broker!.subscribe([
        [state, { qos: 1 }],
        [claim, { qos: 1 }],
        [connectionTopics(base, name, '+').tx, { qos: 1, showRetain: true }],
      ]);
      this.#publisher.claim();
    } catch (failure) {
      this.#refused(failure as BrokerFailure);
    }
  }

  /** The name is ours: the devices can be reached. */
  #held(): void {
    const broker = this.#broker!;
    if (this.#stopping !== undefined) {
      return;
    }
    this.#online = broker;
    const published = [...this.#devices.values()].map((device) => this.#publishState(device));
    for (const { uplink } of this.#devices.values()) {
      uplink.resume();
    }
    if (this.#starting !== undefined) {
      const { resolve } = this.#starting;
      this.#starting = undefined;
      void Promise.all(published).then(() => resolve());
    }
    this.#isOfflineReported = false;
    this.emit('online', { broker: describeBroker(this.#options.broker.url) });
  }

  #disconnected(failure: BrokerFailure): void {
    this.#online = undefined;
    this.#claim.end();
    const { name, required } = this.#options;
    if (this.#stopping !== undefined) {
      return;
    }
    const error = failureError(name, `bridge "${name}"`, failure);
    if (this.#starting !== undefined && (required || failure.code === 'PERMISSION_DENIED')) {
      this.#fail(error);
    } else if (!this.#isOfflineReported) {
      this.#isOfflineReported = true;
      this.emit('offline', { error, willReconnect: true });
    }
  }

  /** The broker refuses what the bridge cannot do without. */
  #refused(failure: BrokerFailure): void {
    if (failure.code === 'PERMISSION_DENIED') {
      const { name } = this.#options;
      this.#fail(failureError(name, `bridge "${name}"`, failure));
    }
  }

  /** The broker does not deliver what the bridge has published. */
  #noEcho(): void {
    const { name, required } = this.#options;
    if (this.#starting === undefined || !required) {
      this.#claim.begin();
      this.#publisher.claim();
      return;
    }
    const { claim, state } = this.#topics;
    const message = `bridge "${name}": the broker does not deliver messages on ${claim} and ${state}; check its access rules`;
    this.#fail(new ConnectionError('OPEN_TIMEOUT', name, message));
  }

  #nameLost(where: string): void {
    const { name } = this.#options;
    this.#fail(
      new ConnectionError(
        'BRIDGE_NAME_TAKEN',
        name,
        `bridge "${name}": another bridge of this name is online${where} (topic ${this.#topics.state}); ` +
          'stop it, or give this one another name or base',
      ),
    );
  }

  /** Ends for good. */
  #fail(error: ConnectionError): void {
    const starting = this.#starting;
    this.#starting = undefined;
    const stopped = this.#stopping ?? this.#stop(false);
    this.#stopping = stopped;
    if (starting === undefined) {
      this.emit('offline', { error, willReconnect: false });
    } else {
      void stopped.then(() => starting.reject(error));
    }
  }

  /** @param ownsName - whether the retained state may be ours */
  async #stop(ownsName = true): Promise<void> {
    const broker = this.#broker;
    const { shutdownTimeoutMs } = this.#options;
    this.#communicator.off('connected', this.#deviceChanged);
    this.#communicator.off('disconnected', this.#deviceChanged);
    for (const { commands } of this.#devices.values()) {
      commands.stop();
    }
    // The results of what was canceled go out first.
    await nextTurn();
    this.#claim.end();
    if (broker?.isConnected && ownsName && this.#online !== undefined) {
      const published = [...this.#devices.values()].map((device) =>
        this.#publishState(device, 'the bridge was stopped'),
      );
      published.push(this.#publisher.announce('offline'));
      await within(shutdownTimeoutMs / 2, Promise.all(published));
    }
    this.#online = undefined;
    await broker?.close(shutdownTimeoutMs / 2);
    for (const { uplink } of this.#devices.values()) {
      uplink.stop();
    }
    this.#starting?.reject(this.#stoppedEarly());
    this.#starting = undefined;
  }

  #stoppedEarly(): ConnectionError {
    const { name } = this.#options;
    return new ConnectionError('SHUTDOWN_TIMEOUT', name, `bridge "${name}": stopped before it was online`);
  }

  readonly #deviceChanged = ({ name }: { name: string }): void => {
    const device = this.#devices.get(name);
    if (device !== undefined && this.#online !== undefined) {
      void this.#publishState(device);
    }
  };

  #take(topic: string, payload: Buffer, message: Received): void {
    const device = this.#byTopic.get(topic);
    if (device !== undefined) {
      // Otherwise it is for the bridge that has the name. Retained ones, which arrive first of all, are only counted.
      if (message.retain || (this.#claim.state === 'held' && this.#stopping === undefined)) {
        device.commands.take(message);
      }
    } else if (topic === this.#topics.state) {
      this.#claim.reported({
        isOnline: payload.toString() === 'online',
        instance: instanceOf(message),
        isRetained: message.retain,
        where: whereOf(message),
      });
    } else if (topic === this.#topics.claim) {
      this.#claim.claimed(payload.toString());
    } else if (this.#claim.state === 'held') {
      this.#publisher.unknownConnection(topic, message, [...this.#devices.keys()]);
      this.emit('commandRefused', { name: topic.split('/').at(-2)!, reason: 'unknown' });
    }
  }

  #publishState(device: BridgedDevice, stopped?: string): Promise<void> {
    const { name } = device;
    const isConnected = stopped === undefined && this.#communicator.connectionState(name) === 'connected';
    const error =
      stopped === undefined
        ? this.#communicator.connectionError(name)
        : ({ code: 'BRIDGE_OFFLINE', message: stopped } as const);
    return this.#publisher.deviceState(device, isConnected, error);
  }
}
