/** Why a message on `tx` is not sent to a device. `unknown`: the bridge has no such connection. */
export type CommandRefusal = 'retained' | 'duplicate' | 'expired' | 'malformed' | 'unknown';

/**
 * Counts of one connection of a bridge, since it was made. At any time
 *
 * - `packetsReceived` = `packetsPublished` + `packetsNotPublished` + `packetsWaiting`
 * - `commandsReceived` = `commandsSucceeded` + `commandsFailed` + `commandsWaiting` + `commandsRetained` +
 *   `commandsDuplicate` + `commandsExpired` + `commandsMalformed`
 */
export interface BridgeStats {
  /** Packets from the device. */
  packetsReceived: number;
  /** Of the packets from the device: passed to the broker. With QoS 1: acknowledged by it. */
  packetsPublished: number;
  /** Of the packets from the device: dropped, because the broker was offline or too slow, or refused them. */
  packetsNotPublished: number;
  /** Of the packets from the device: waiting for the broker. */
  packetsWaiting: number;
  /** Messages on `tx`. */
  commandsReceived: number;
  /** Of the messages on `tx`: `send` or `request` of the communicator resolved. */
  commandsSucceeded: number;
  /** Of the messages on `tx`: `send` or `request` of the communicator rejected. */
  commandsFailed: number;
  /** Of the messages on `tx`: in progress. */
  commandsWaiting: number;
  /** Of the messages on `tx`: ignored, because they were published to be retained. */
  commandsRetained: number;
  /** Of the messages on `tx`: dropped, because they were received before. */
  commandsDuplicate: number;
  /** Of the messages on `tx`: dropped, because the time of the sender was over. */
  commandsExpired: number;
  /** Of the messages on `tx`: dropped, because their correlation data or response topic is not what docs/mqtt.md says. */
  commandsMalformed: number;
  /**
   * Results of commands that were not published, because the broker was offline, or slow while more than 1 MiB of results
   * waited for it. A command that is delivered again gets its result then.
   */
  resultsNotPublished: number;
}

export function newBridgeStats(): BridgeStats {
  return {
    packetsReceived: 0,
    packetsPublished: 0,
    packetsNotPublished: 0,
    packetsWaiting: 0,
    commandsReceived: 0,
    commandsSucceeded: 0,
    commandsFailed: 0,
    commandsWaiting: 0,
    commandsRetained: 0,
    commandsDuplicate: 0,
    commandsExpired: 0,
    commandsMalformed: 0,
    resultsNotPublished: 0,
  };
}
