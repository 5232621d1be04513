import type { ConnectionStats } from '../requests/connection-stats.js';
import type { LineCounts } from '../requests/transmission.js';
import type { AcknowledgedStats } from './delivery/connection-delivery.js';

/**
 * Counts of one connection, over all times that its port was open. Every byte and packet is in one of them.
 *
 * While no packet waits for a busy handler or iterator,
 *
 * - `bytesRead` = `acceptedBytes` + `rejectedBytes` + `skippedBytes` + `unfinishedBytes` + `delimiters`
 * - `packetsReceived` = `packetsDelivered` + `packetsWithoutHandler` + `packetsDropped` + `repliesReceived` +
 *   `lateReplies` + `requestsReceived`
 *
 * and at any time
 *
 * - `packetsAccepted` = `packetsSent` + `packetsAborted` + `packetsTimedOut` + `packetsLost` + `packetsUndelivered` +
 *   `packetsReleased` + `packetsShutDown` + `packetsWaiting`
 * - `bytesWritten` >= `packetBytesSent` + 2 × `packetsSent`: a frame has at least a COBS code and a delimiter
 */
export interface SerialStats extends ConnectionStats, LinkStats {
  /** Only of a connection with acknowledged delivery, from `initialize` on. */
  delivery?: AcknowledgedStats;
}

/** The counts that a link keeps. */
export interface LinkStats {
  /** Number of times the port was opened. */
  opens: number;
  /** Number of attempts to open the port that failed. */
  openFailures: number;
  /** Number of times the port was lost. */
  losses: number;

  /** Bytes read from the port. */
  bytesRead: number;
  /** Bytes on the wire of frames that yielded a packet, without delimiters. */
  acceptedBytes: number;
  /** Bytes on the wire of rejected frames, without delimiters. */
  rejectedBytes: number;
  /** Bytes before the first delimiter after opening, with `skipFirst`. */
  skippedBytes: number;
  /** Bytes of frames that did not end: of the current partial frame, and of those dropped when the port closed. */
  unfinishedBytes: number;
  /** Delimiters received, including those of an idle line. Each is one byte. */
  delimiters: number;
  /** Frames rejected because they end inside a COBS block. */
  malformedFrames: number;
  /** Frames rejected because their packet is longer than `maxPacketBytes`. */
  tooLongFrames: number;
  /** Frames rejected because of their checksum. */
  checksumFrames: number;
  /** Frames rejected because their packet is too short for an id (`requestIds`). */
  tooShortFrames: number;

  /** Packets received intact. With acknowledged delivery: taken in order, each once, and datagrams. */
  packetsReceived: number;
  /** Bytes of the packets received. */
  packetBytesReceived: number;

  /** Packets that `send` accepted. */
  packetsAccepted: number;
  /** Packets that `send` rejected at once: too large, queue full, disconnected, or without a checksum. */
  packetsRefused: number;
  /** Of the packets accepted: written completely. With acknowledged delivery: taken by the device. */
  packetsSent: number;
  /** Bytes of the packets sent. */
  packetBytesSent: number;
  /** Of the packets accepted: canceled by their signal, or with the request that they belong to. */
  packetsAborted: number;
  /** Of the packets accepted: rejected with `SEND_TIMEOUT` or `ACK_TIMEOUT`. */
  packetsTimedOut: number;
  /** Of the packets accepted: rejected with `CONNECTION_LOST`. */
  packetsLost: number;
  /** Of the packets accepted: rejected with `PEER_RESET`, `PEER_INCOMPATIBLE`, or, after the handshake, `PACKET_TOO_LARGE`. */
  packetsUndelivered: number;
  /** Of the packets accepted: rejected with `CONNECTION_RELEASED`. */
  packetsReleased: number;
  /** Of the packets accepted: rejected with `SHUTDOWN_TIMEOUT`. */
  packetsShutDown: number;
  /** Of the packets accepted: waiting to be written, or being written. */
  packetsWaiting: number;
  /**
   * Bytes that the operating system has accepted so far, delimiters included. With a binding that does not report how much
   * of a write is done: bytes of completed writes.
   */
  bytesWritten: number;
  /** Frames that a disconnect or a release truncated, or may have truncated. The next opening starts with bytes that invalidate them. */
  framesTruncated: number;
}

/** @internal */
export function newLinkStats(): LinkStats {
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
    tooShortFrames: 0,
    packetsReceived: 0,
    packetBytesReceived: 0,
    packetsAccepted: 0,
    packetsRefused: 0,
    packetsSent: 0,
    packetBytesSent: 0,
    packetsAborted: 0,
    packetsTimedOut: 0,
    packetsLost: 0,
    packetsUndelivered: 0,
    packetsReleased: 0,
    packetsShutDown: 0,
    packetsWaiting: 0,
    bytesWritten: 0,
    framesTruncated: 0,
  };
}

/** What was received, apart from packets, according to these counts. @internal */
export function lineCountsOf(stats: LinkStats): LineCounts {
  const { malformedFrames, tooLongFrames, checksumFrames, tooShortFrames, skippedBytes, unfinishedBytes } = stats;
  const rejectedFrames = malformedFrames + tooLongFrames + checksumFrames + tooShortFrames;
  return { rejectedFrames, skippedBytes, unfinishedBytes };
}
