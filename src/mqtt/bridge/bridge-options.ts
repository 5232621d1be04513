import type { ConnectionError } from '../../errors.js';
import type { CommunicatorState } from '../../life-cycle.js';
import {
  aBoolean,
  anInteger,
  checkOptions,
  invalidOption,
  milliseconds,
  type OptionRules,
  oneOf,
  required,
} from '../../options.js';
import type { NamedConnection } from '../../requests/named-connection.js';
import {
  BROKER_RULES,
  type BrokerOptions,
  type CompleteBrokerOptions,
  completeBrokerOptions,
} from '../broker-options.js';
import { aBase, aTopicLevel, DEFAULT_BASE } from '../topics.js';

/** The communicator whose connections a bridge publishes: a `SerialCommunicator`, or another one with these calls and events. */
export interface BridgedCommunicator {
  readonly state: CommunicatorState;
  readonly connectionNames: readonly string[];
  connection(name: string): NamedConnection;
  connectionState(name: string): 'connecting' | 'connected' | 'disconnected';
  connectionError(name: string): ConnectionError | undefined;
  on(event: 'connected', listener: (payload: { name: string }) => void): unknown;
  on(event: 'disconnected', listener: (payload: { name: string; error: ConnectionError }) => void): unknown;
  off(event: 'connected', listener: (payload: { name: string }) => void): unknown;
  off(event: 'disconnected', listener: (payload: { name: string; error: ConnectionError }) => void): unknown;
}

/** Options of a {@link MqttBridge}. */
export interface MqttBridgeOptions extends BrokerOptions {
  /** Name of the bridge: a level of its topics. Only one bridge of a name can be online. */
  name: string;
  /** The first level or levels of all topics. Default: `'serial'`. */
  base?: string;
  /**
   * QoS of packets from devices. With 0, packets are dropped and counted while the broker is offline or slow; with 1, the
   * device is held up instead. Default: 0.
   */
  qos?: 0 | 1;
  /** Names of the connections to publish. Default: all that the communicator has at `start`. */
  connections?: readonly string[];
  /** Number of bytes that may wait for the broker, with QoS 0, before devices are held up. Default: 65,536. */
  publishQueueBytes?: number;
  /** Whether `start` fails if the broker cannot be reached at once. Default: true. If false, it keeps trying. */
  required?: boolean;
  /** How long `stop` may take, in milliseconds. Default: 2,000. */
  shutdownTimeoutMs?: number;
}

/** Options of a bridge with the defaults filled in. */
export interface CompleteBridgeOptions extends Required<Omit<MqttBridgeOptions, keyof BrokerOptions | 'connections'>> {
  readonly broker: CompleteBrokerOptions;
  readonly connections: readonly string[] | undefined;
}

const RULES: OptionRules<MqttBridgeOptions> = {
  ...BROKER_RULES,
  name: required(aTopicLevel),
  base: aBase,
  qos: oneOf(0, 1),
  connections: {
    expected: 'an array of names of connections, each a valid level of a topic',
    accepts: (value) => Array.isArray(value) && value.every((name) => aTopicLevel.accepts(name)),
  },
  publishQueueBytes: anInteger(1),
  required: aBoolean,
  shutdownTimeoutMs: milliseconds,
};

/** @throws InvalidArgumentError (`INVALID_OPTION`) that names the option and what it accepts */
export function completeBridgeOptions(options: MqttBridgeOptions): CompleteBridgeOptions {
  const where = 'MqttBridge';
  const given = checkOptions(where, options, RULES);
  return {
    broker: completeBrokerOptions(where, given),
    name: given.name,
    base: given.base ?? DEFAULT_BASE,
    qos: given.qos ?? 0,
    connections: given.connections,
    publishQueueBytes: given.publishQueueBytes ?? 65_536,
    required: given.required ?? true,
    shutdownTimeoutMs: given.shutdownTimeoutMs ?? 2_000,
  };
}

/**
 * The names of the connections to publish.
 *
 * @throws InvalidArgumentError (`INVALID_OPTION`) if the communicator has no such connection, or the name cannot be in a topic
 */
export function namesToPublish(wanted: readonly string[] | undefined, known: readonly string[]): readonly string[] {
  const names = wanted ?? known;
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw invalidOption(`MqttBridge: connections has ${JSON.stringify(unknown)}, which the communicator does not have`);
  }
  const invalid = names.find((name) => !aTopicLevel.accepts(name));
  if (invalid !== undefined) {
    throw invalidOption(
      `MqttBridge: the name ${JSON.stringify(invalid)} cannot be part of a topic; expected ${aTopicLevel.expected}`,
    );
  }
  return names;
}
