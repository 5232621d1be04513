/**
 * Whether a device can be reached, and if not, what is offline: the broker cannot be reached, the bridge is not online at the
 * broker, or the port of the device is not open at the bridge.
 */
export type Reachability = 'reachable' | 'brokerOffline' | 'bridgeOffline' | 'deviceOffline';
