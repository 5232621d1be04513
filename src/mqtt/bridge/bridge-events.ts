import type { ConnectionError } from '../../errors.js';
import type { CommandRefusal } from './bridge-stats.js';

/** The events of a {@link MqttBridge}. Each has one object as its payload. */
export interface MqttBridgeEvents {
  /** The bridge is online: it has its name, and its devices can be reached. Emitted after each reconnect, too. */
  online: { broker: string };
  /**
   * The bridge is not online any more: the broker was lost (`BROKER_OFFLINE`), or another bridge has the name
   * (`BRIDGE_NAME_TAKEN`). `willReconnect`: whether it tries to be online again.
   */
  offline: { error: ConnectionError; willReconnect: boolean };
  /** A message on `tx` of connection `name` was not sent to the device. `name` is what the topic says. */
  commandRefused: { name: string; reason: CommandRefusal };
}

/** `stopped` before `start`, after `stop`, and when another bridge has the name. */
export type MqttBridgeState = 'stopped' | 'connecting' | 'claiming' | 'online';
