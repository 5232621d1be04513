import { ConnectionError, type ConnectionErrorCode, type Delivered } from '../../errors.js';
import type { Inlet } from '../../requests/inlet.js';
import type { Transmission } from '../../requests/transmission.js';
import { WaitingCalls } from '../../timing/waiting-calls.js';
import type { BrokerConnection, Received } from '../broker-connection.js';
import { type BrokerFailure, failureError } from '../broker-failure.js';
import {
  commandIdOf,
  correlationOf,
  type Instance,
  instanceOf,
  numberProperty,
  readResult,
  userProperty,
} from '../messages.js';
import type { ConnectionTopics } from '../topics.js';
import { BridgeClock } from './bridge-clock.js';
import type { CompleteMqttConnection } from './mqtt-connection.js';
import { newMqttCounts } from './mqtt-stats.js';
import { Outbox, type OutboxOwner } from './outbox.js';
import type { Reachability } from './reachability.js';
import { ReceiveQueue } from './receive-queue.js';

/** A broker that is overloaded may drop the question for the clock of the bridge, or its answer. */
const ASK_AGAIN_MS = 1_000;

/** The clocks drift apart: an idle connection asks again. */
const REFRESH_MS = 600_000;

/** What a remote device reports. */
export interface RemoteEvents {
  /** `error`: why it cannot be reached. */
  changed(reachability: Reachability, before: Reachability, error: ConnectionError | undefined): void;
}

/** What the bridge has published about the connection. */
interface DeviceState {
  readonly instance: Instance | undefined;
  readonly isConnected: boolean;
  readonly code: string | undefined;
  readonly text: string;
  readonly hasRequestIds: boolean;
  readonly isAcknowledged: boolean;
}

/** The device of one connection: whether it can be reached, and its packets in both directions. */
export class RemoteDevice implements OutboxOwner {
  readonly name: string;
  readonly settings: CompleteMqttConnection;
  readonly topics: ConnectionTopics;
  readonly sender: string;
  readonly counts = newMqttCounts();
  readonly clock = new BridgeClock();
  readonly outbox: Outbox;
  readonly received: ReceiveQueue;
  readonly #inlet: Inlet;
  readonly #events: RemoteEvents;
  readonly #readyCalls = new WaitingCalls();
  /** While it is connected and the subscriptions are acknowledged. */
  #broker: BrokerConnection | undefined;
  /** Why there is no connection to the broker, or why it refuses to publish to this device. */
  #failure: BrokerFailure | undefined;
  /** The bridge that is online. */
  #bridge: Instance | undefined;
  #state: DeviceState | undefined;
  #reachability: Reachability = 'brokerOffline';
  #question: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    name: string,
    settings: CompleteMqttConnection,
    topics: ConnectionTopics,
    sender: string,
    inlet: Inlet,
    events: RemoteEvents,
  ) {
    this.name = name;
    this.settings = settings;
    this.topics = topics;
    this.sender = sender;
    this.#inlet = inlet;
    this.#events = events;
    this.outbox = new Outbox(name, settings, this.counts, this);
    this.received = new ReceiveQueue(inlet, this.counts, settings.receiveQueueBytes);
  }

  get reachability(): Reachability {
    return this.#reachability;
  }

  get isReachable(): boolean {
    return this.#reachability === 'reachable';
  }

  get online(): BrokerConnection | undefined {
    return this.#bridge !== undefined && this.clock.isKnown ? this.#broker : undefined;
  }

  /** Why the device cannot be reached. Undefined if it can. */
  error(what = `connection "${this.name}"`): ConnectionError | undefined {
    const offline = this.offlineError(what, undefined);
    if (offline !== undefined || this.isReachable) {
      return offline;
    }
    const { bridge, connection } = this.settings;
    const state = this.#state;
    if (!this.clock.isKnown) {
      const message = `${what}: bridge "${bridge}" is online, and has not answered yet`;
      return new ConnectionError('BRIDGE_OFFLINE', this.name, message);
    }
    if (state === undefined || state.instance !== this.#bridge) {
      const message = `${what}: bridge "${bridge}" is online and has published no connection "${connection}"; check its name`;
      return new ConnectionError('PORT_NOT_FOUND', this.name, message);
    }
    if (state.isConnected) {
      const message = `${what}: requestIds is true, but the connection of the bridge has none; set them there, or leave them out here`;
      return new ConnectionError('PEER_INCOMPATIBLE', this.name, message);
    }
    const code = (state.code ?? 'CONNECTION_LOST') as ConnectionErrorCode;
    return new ConnectionError(code, this.name, `${what}: bridge "${bridge}" reports: ${state.text}`);
  }

  offlineError(what: string, delivered: Delivered | undefined): ConnectionError | undefined {
    if (this.#broker === undefined) {
      const failure = this.#failure ?? { code: 'BROKER_OFFLINE', message: 'not connected to the broker yet' };
      return failureError(this.name, what, failure, delivered);
    }
    if (this.#failure !== undefined) {
      return failureError(this.name, what, this.#failure, delivered);
    }
    if (this.#bridge === undefined) {
      const message = `${what}: bridge "${this.settings.bridge}" is offline; check that it runs, and its name and base`;
      return new ConnectionError('BRIDGE_OFFLINE', this.name, message, { delivered });
    }
    return undefined;
  }

  /** The subscriptions are acknowledged, or the broker is lost. */
  brokerChanged(broker: BrokerConnection | undefined, failure: BrokerFailure | undefined): void {
    this.#broker = broker;
    this.#failure = failure;
    if (broker === undefined) {
      this.#bridge = undefined;
      this.#state = undefined;
      this.#suspend();
    } else {
      this.#askClock();
    }
    this.#update();
  }

  /** @param instance - the bridge that is online; undefined if it is offline */
  bridgeChanged(instance: Instance | undefined): void {
    if (instance !== this.#bridge) {
      this.#bridge = instance;
      this.#suspend();
      this.#askClock();
    }
    this.#update();
  }

  takeState(payload: Buffer, message: Received): void {
    const text = payload.toString();
    this.#state = {
      instance: instanceOf(message),
      isConnected: text === 'connected',
      code: userProperty(message, 'code'),
      text: text.replace(/^disconnected: /, ''),
      hasRequestIds: userProperty(message, 'requestIds') === 'yes',
      isAcknowledged: userProperty(message, 'delivery') === 'acknowledged',
    };
    if (this.#state.isConnected && !message.retain && !this.clock.isKnown) {
      // The communicator of the bridge may have been initialized since the last question.
      this.#askClock();
    }
    this.#update();
  }

  takeResult(message: Received): void {
    const id = commandIdOf(message);
    if (id?.sender !== this.sender) {
      return;
    }
    const clockMs = numberProperty(message, 'clock');
    if (clockMs !== undefined && instanceOf(message) === this.#bridge) {
      const wasKnown = this.clock.isKnown;
      this.clock.heard(clockMs);
      // If the broker refused to publish before, it does not any more.
      this.#failure = undefined;
      if (id.number === 0) {
        this.#planQuestion(REFRESH_MS);
      }
      if (!wasKnown) {
        this.outbox.resume();
        this.#update();
      }
    }
    this.outbox.settle(id.number, readResult(message));
  }

  /** Sends a request, and reports to its transmission. */
  sendRequest(packet: Uint8Array, transmission: Transmission): void {
    const { requestIds } = this.settings;
    const takeBack = this.outbox.request(packet, requestIds ? transmission.timeoutMs : undefined, {
      begun: () => transmission.beginWriting(),
      succeeded: (reply) => (requestIds ? transmission.replied(reply) : transmission.written()),
      failed: (error) => transmission.failed(error),
    });
    transmission.withdraw = takeBack;
  }

  /** Resolves when the device can be reached. */
  ready(signal: AbortSignal | undefined): Promise<void> {
    return this.isReachable ? Promise.resolve() : this.#readyCalls.wait(signal);
  }

  /** Nothing more is sent or received. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#question);
    this.outbox.close();
    this.received.close();
    const message = `ready "${this.name}": shutdown ended before the device could be reached`;
    this.#readyCalls.rejectAll(new ConnectionError('SHUTDOWN_TIMEOUT', this.name, message));
  }

  #suspend(): void {
    clearTimeout(this.#question);
    this.clock.forget();
    this.outbox.suspend();
  }

  /** Asks the bridge for its clock. Packets wait for that: their deadlines are times of the bridge. */
  #askClock(): void {
    if (this.#broker === undefined || this.#bridge === undefined || this.#isClosed) {
      return;
    }
    const correlationData = correlationOf({ sender: this.sender, number: 0 });
    const properties = { responseTopic: this.topics.result, correlationData, messageExpiryInterval: 1 };
    this.#broker.publishAcknowledged(this.topics.tx, '', properties, (failure) => {
      if (failure?.code === 'PERMISSION_DENIED') {
        this.#failure = failure;
        this.#update();
      }
    });
    this.#planQuestion(ASK_AGAIN_MS);
  }

  #planQuestion(delayMs: number): void {
    clearTimeout(this.#question);
    this.#question = setTimeout(() => this.#askClock(), delayMs);
  }

  #update(): void {
    if (this.#isClosed) {
      return;
    }
    const before = this.#reachability;
    this.#reachability = this.#currentReachability();
    if (this.#reachability === before) {
      return;
    }
    const error = this.error();
    if (this.isReachable) {
      this.#readyCalls.resolveAll();
    } else if (error?.code === 'CONNECTION_LOST' && !this.#state?.isAcknowledged) {
      // Packets that are on their way get their results: rejected here, one could still be sent afterwards.
      this.#inlet.repliesLost(error);
    }
    this.#events.changed(this.#reachability, before, error);
  }

  #currentReachability(): Reachability {
    if (this.#broker === undefined) {
      return 'brokerOffline';
    }
    // Its bridge has published the state before it answers for its clock, unless it has no such connection.
    if (this.#bridge === undefined || !this.clock.isKnown) {
      return 'bridgeOffline';
    }
    const state = this.#state;
    const isConnected = state?.instance === this.#bridge && state.isConnected;
    return isConnected && (!this.settings.requestIds || state.hasRequestIds) ? 'reachable' : 'deviceOffline';
  }
}
