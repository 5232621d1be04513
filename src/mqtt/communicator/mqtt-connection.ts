import {
  aBoolean,
  anInteger,
  checkOptions,
  invalidOption,
  millisecondsFrom1,
  type OptionRules,
  oneOf,
  required,
} from '../../options.js';
import { aTopicLevel } from '../topics.js';

/** Describes one connection of a {@link MqttCommunicator}: a device of a bridge. */
export interface MqttConnection extends MqttSettings {
  /** Name of the bridge. */
  bridge: string;
  /** Name of the connection at the bridge. Default: the name of this connection. */
  connection?: string;
}

/** The settings of a connection that have defaults. `defaults` of a communicator can set them for every connection. */
export interface MqttSettings {
  /** Maximum size of a sent packet in bytes. Default: 65,536. The bridge has a limit of its own. */
  maxPacketBytes?: number;
  /**
   * Whether the connection of the bridge has `requestIds`, so that `request` needs no `matches`: the bridge makes the request,
   * and its result carries the reply. Default: false.
   */
  requestIds?: boolean;
  /** Maximum number of bytes kept for a busy handler while a request waits, as in a serial connection. Default: 65,536. */
  requestBacklogBytes?: number;
  /** Whether `initialize` fails if the device cannot be reached. Default: true. */
  required?: boolean;
  /** How long `initialize` waits for the device, in milliseconds. Default: 5,000. */
  openTimeoutMs?: number;
  /**
   * What `send` does while the broker or the bridge is offline: `'reject'` with `BROKER_OFFLINE` or `BRIDGE_OFFLINE`, or
   * `'wait'` for it. Default: `'reject'`. Packets that were accepted before wait in any case.
   */
  whenDisconnected?: 'reject' | 'wait';
  /**
   * How long a packet may take until the bridge has sent it, in milliseconds, counted from `send`. After that, `send` rejects
   * with `SEND_TIMEOUT`, and the bridge does not begin to send it any more. Default: 10,000.
   */
  sendTimeoutMs?: number;
  /** Maximum number of bytes that wait for the bridge or its result. Default: 1,048,576. Beyond it, `SEND_QUEUE_FULL`. */
  sendQueueBytes?: number;
  /**
   * Maximum number of received bytes that wait for a busy handler. Default: 1,048,576. Further packets are dropped and
   * counted: a connection cannot be paused alone.
   */
  receiveQueueBytes?: number;
}

/** A connection with the defaults filled in. */
export type CompleteMqttConnection = Required<MqttConnection>;

const SETTINGS_RULES: OptionRules<MqttSettings> = {
  maxPacketBytes: anInteger(0, 268_435_455),
  requestIds: aBoolean,
  requestBacklogBytes: anInteger(0),
  required: aBoolean,
  openTimeoutMs: millisecondsFrom1,
  whenDisconnected: oneOf('reject', 'wait'),
  sendTimeoutMs: millisecondsFrom1,
  sendQueueBytes: anInteger(1),
  receiveQueueBytes: anInteger(1),
};

const RULES: OptionRules<MqttConnection> = {
  bridge: required(aTopicLevel),
  connection: aTopicLevel,
  ...SETTINGS_RULES,
};

/** @throws InvalidArgumentError (`INVALID_OPTION`) that names the setting and what it accepts */
export function checkMqttDefaults(where: string, defaults: MqttSettings): MqttSettings {
  return checkOptions(where, defaults, SETTINGS_RULES);
}

/** @throws InvalidArgumentError (`INVALID_CONNECTION`) that names the setting and what it accepts */
export function completeMqttConnection(
  name: string,
  connection: MqttConnection,
  defaults: MqttSettings,
): CompleteMqttConnection {
  const where = `connection "${name}"`;
  const given = checkOptions(where, connection, RULES, 'INVALID_CONNECTION');
  if (given.connection === undefined && !aTopicLevel.accepts(name)) {
    throw invalidOption(
      `${where}: the name cannot be part of a topic; expected ${aTopicLevel.expected}, or the setting connection`,
      'INVALID_CONNECTION',
    );
  }
  return {
    connection: name,
    maxPacketBytes: 65_536,
    requestIds: false,
    requestBacklogBytes: 65_536,
    required: true,
    openTimeoutMs: 5_000,
    whenDisconnected: 'reject',
    sendTimeoutMs: 10_000,
    sendQueueBytes: 1_048_576,
    receiveQueueBytes: 1_048_576,
    ...defaults,
    ...given,
  };
}
