/**
 * Counts of one connection that every communicator keeps. At any time
 *
 * - `requestsMade` = `requestsReplied` + `requestsTimedOut` + `requestsFailed` + `requestsWaiting`
 */
export interface ConnectionStats {
  /** Packets passed to a handler or an iterator. */
  packetsDelivered: number;
  /** Packets dropped because there was neither a handler nor an iterator. */
  packetsWithoutHandler: number;
  /** Packets dropped because `shutdown` came while they waited for a busy handler, or because their iterator ended. */
  packetsDropped: number;

  /** Calls of `request`, except those rejected at once because of their arguments, their signal or the state. */
  requestsMade: number;
  /** Of the requests made: resolved with a reply. */
  requestsReplied: number;
  /** Of the requests made: rejected with `REPLY_TIMEOUT`. */
  requestsTimedOut: number;
  /** Of the requests made: rejected otherwise, for example by their signal, an error reply or a lost connection. */
  requestsFailed: number;
  /** Of the requests made: not settled yet. */
  requestsWaiting: number;
  /** Packets that a request took, error replies included. */
  repliesReceived: number;
  /** Replies with an id that no request waits for: late, or a second time. */
  lateReplies: number;

  /** Requests of the device. */
  requestsReceived: number;
  /** Of the requests of the device: answered with an error because no handler was set. */
  requestsUnhandled: number;

  /** Packets that the codec of a channel could not decode. */
  undecodedPackets: number;
}

export function newConnectionStats(): ConnectionStats {
  return {
    packetsDelivered: 0,
    packetsWithoutHandler: 0,
    packetsDropped: 0,
    requestsMade: 0,
    requestsReplied: 0,
    requestsTimedOut: 0,
    requestsFailed: 0,
    requestsWaiting: 0,
    repliesReceived: 0,
    lateReplies: 0,
    requestsReceived: 0,
    requestsUnhandled: 0,
    undecodedPackets: 0,
  };
}
