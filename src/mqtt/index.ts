export type { MqttBridgeEvents, MqttBridgeState } from './bridge/bridge-events.js';
export type { BridgedCommunicator, MqttBridgeOptions } from './bridge/bridge-options.js';
export type { BridgeStats, CommandRefusal } from './bridge/bridge-stats.js';
export { MqttBridge } from './bridge/mqtt-bridge.js';
export type { BrokerOptions, MqttClientOptions } from './broker-options.js';
export { MqttCommunicator, type MqttCommunicatorOptions, type MqttEvents } from './communicator/mqtt-communicator.js';
export type { MqttConnection, MqttSettings } from './communicator/mqtt-connection.js';
export type { MqttStats } from './communicator/mqtt-stats.js';
export type { Reachability } from './communicator/reachability.js';
