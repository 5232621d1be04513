import type { ConnectionStats } from '../../requests/connection-stats.js';

/**
 * Counts of one connection of a {@link MqttCommunicator}. While no packet waits for a busy handler or iterator,
 *
 * - `packetsReceived` = `packetsDelivered` + `packetsWithoutHandler` + `packetsDropped` + `packetsOverflowed`, plus
 *   `repliesReceived` without `requestIds`
 *
 * and at any time
 *
 * - `packetsAccepted` = `packetsSent` + `packetsAborted` + `packetsTimedOut` + `packetsFailed` + `packetsShutDown` +
 *   `packetsWaiting`
 */
export interface MqttStats extends ConnectionStats, MqttCounts {}

/** The counts that the connection itself keeps. */
export interface MqttCounts {
  /** Packets from the device, each once. */
  packetsReceived: number;
  /** Bytes of the packets received. */
  packetBytesReceived: number;
  /** Packets from the device that did not arrive: the bridge or the broker dropped them, or this client was offline. */
  packetsMissed: number;
  /** Packets from the device that arrived again, and were dropped. */
  packetsDuplicate: number;
  /** Of the packets received: dropped, because `receiveQueueBytes` of earlier ones waited for a busy handler. */
  packetsOverflowed: number;

  /** Packets and requests that were accepted. */
  packetsAccepted: number;
  /** Packets and requests that were rejected at once: too large, queue full, or broker or bridge offline. */
  packetsRefused: number;
  /** Of the packets accepted: sent by the bridge, or answered. */
  packetsSent: number;
  /** Of the packets accepted: canceled by their signal, or with the request that they belong to. */
  packetsAborted: number;
  /** Of the packets accepted: rejected with `SEND_TIMEOUT` because no result came in time. */
  packetsTimedOut: number;
  /** Of the packets accepted: rejected with the code of an error of the bridge, or because the broker refused them. */
  packetsFailed: number;
  /** Of the packets accepted: rejected with `SHUTDOWN_TIMEOUT`. */
  packetsShutDown: number;
  /** Of the packets accepted: without a result. */
  packetsWaiting: number;
  /** Packets that were published again, because the broker or the bridge was offline before their result came. */
  packetsRepublished: number;
}

export function newMqttCounts(): MqttCounts {
  return {
    packetsReceived: 0,
    packetBytesReceived: 0,
    packetsMissed: 0,
    packetsDuplicate: 0,
    packetsOverflowed: 0,
    packetsAccepted: 0,
    packetsRefused: 0,
    packetsSent: 0,
    packetsAborted: 0,
    packetsTimedOut: 0,
    packetsFailed: 0,
    packetsShutDown: 0,
    packetsWaiting: 0,
    packetsRepublished: 0,
  };
}
