/**
 * What happened on one connection so far, over all its openings.
 *
 * Nothing is lost without a count. Whenever no packet waits for a busy handler,
 *
 * - `bytesRead` = `acceptedBytes` + `rejectedBytes` + `skippedBytes` + `unfinishedBytes` + `delimiters`
 * - `packetsReceived` = `packetsDelivered` + `packetsWithoutHandler` + `packetsDropped`
 *
 * and at any time
 *
 * - `packetsAccepted` = `packetsSent` + `packetsAborted` + `packetsTimedOut` + `packetsLost` + `packetsShutDown` +
 *   `packetsWaiting`
 */
export interface SerialStats {
  /** Times that the port was opened. */
  opens: number;
  /** Openings that failed, and were or will be tried again. */
  openFailures: number;
  /** Times that the port was lost. */
  losses: number;

  /** Bytes read from the port. */
  bytesRead: number;
  /** Bytes on the wire of the frames that held packets, without their delimiters. */
  acceptedBytes: number;
  /** Bytes on the wire of all rejected frames, without their delimiters. */
  rejectedBytes: number;
  /** Bytes before the first delimiter of an opening, with `skipFirst`. */
  skippedBytes: number;
  /** Bytes of frames that have not ended: of the one under way, and of those that were dropped as the port closed. */
  unfinishedBytes: number;
  /** Delimiters received, idle ones included; each is one byte. */
  delimiters: number;
  /** Frames rejected because they end inside a COBS block. */
  malformedFrames: number;
  /** Frames rejected because their packet is longer than `maxPacketBytes`. */
  tooLongFrames: number;
  /** Frames rejected because of their checksum. */
  checksumFrames: number;

  /** Packets that arrived whole. */
  packetsReceived: number;
  /** The bytes in those packets. */
  packetBytesReceived: number;
  /** Of the packets received, those that the receive handler was called with. */
  packetsDelivered: number;
  /** Of the packets received, those that were dropped because no receive handler was set. */
  packetsWithoutHandler: number;
  /** Of the packets received, those dropped because `shutdown` closed the port while they waited for a busy handler. */
  packetsDropped: number;

  /** Packets that `send` has taken. */
  packetsAccepted: number;
  /** Packets that `send` has not taken: too large, queue full, not connected. */
  packetsRefused: number;
  /** Of the packets accepted, those that were written whole. */
  packetsSent: number;
  /** The bytes in those packets. */
  packetBytesSent: number;
  /** Of the packets accepted, those whose signal withdrew them. */
  packetsAborted: number;
  /** Of the packets accepted, those that `sendTimeoutMs` ended. */
  packetsTimedOut: number;
  /** Of the packets accepted, those that rejected with `CONNECTION_LOST`. */
  packetsLost: number;
  /** Of the packets accepted, those that rejected with `SHUTDOWN_TIMEOUT`. */
  packetsShutDown: number;
  /** Of the packets accepted, those that wait to be written or are being written. */
  packetsWaiting: number;
  /** Bytes of finished writes, delimiters included. */
  bytesWritten: number;
  /** Frames that the loss of the port cut, or may have cut. The next opening begins with bytes that spoil them. */
  framesTruncated: number;
}

/** @internal */
export function newSerialStats(): SerialStats {
  return {
    opens: 0,
    openFailures: 0,
    losses: 0,
    bytesRead: 0,
    acceptedBytes: 0,
    rejectedBytes: 0,
    skippedBytes: 0,
    unfinishedBytes: 0,
    delimiters: 0,
    malformedFrames: 0,
    tooLongFrames: 0,
    checksumFrames: 0,
    packetsReceived: 0,
    packetBytesReceived: 0,
    packetsDelivered: 0,
    packetsWithoutHandler: 0,
    packetsDropped: 0,
    packetsAccepted: 0,
    packetsRefused: 0,
    packetsSent: 0,
    packetBytesSent: 0,
    packetsAborted: 0,
    packetsTimedOut: 0,
    packetsLost: 0,
    packetsShutDown: 0,
    packetsWaiting: 0,
    bytesWritten: 0,
    framesTruncated: 0,
  };
}
