/**
 * What happened on one connection so far.
 *
 * Every byte read is accounted for: when no packet waits for a busy handler, `bytesRead` is the sum of
 * `acceptedBytes`, `rejectedBytes`, `skippedBytes`, `unfinishedBytes` and `delimiters`.
 */
export interface SerialStats {
  /** Packets that arrived whole, those that were dropped for one of the next two reasons included. */
  packetsReceived: number;
  /** The bytes in those packets. */
  packetBytesReceived: number;
  /** Of those, the ones that were dropped because no receive handler was set. */
  packetsWithoutHandler: number;
  /** Of those, the ones that were dropped because `shutdown` closed the port while they waited for a busy handler. */
  packetsDropped: number;
  /** Frames rejected because they end inside a COBS block. */
  malformedFrames: number;
  /** Frames rejected because their packet is longer than `maxPacketBytes`. */
  tooLongFrames: number;
  /** Frames rejected because of their checksum. */
  checksumFrames: number;
  /** Bytes on the wire of the frames that held packets, without their delimiters. */
  acceptedBytes: number;
  /** Bytes on the wire of all rejected frames, without their delimiters. */
  rejectedBytes: number;
  /** Bytes before the first delimiter, with `skipFirst`. */
  skippedBytes: number;
  /** Bytes of the frame that has not ended yet. They are dropped when the port is closed or lost. */
  unfinishedBytes: number;
  /** Delimiters received, idle ones included; each is one byte. */
  delimiters: number;
  /** Bytes read from the port. */
  bytesRead: number;
  /** Packets that were written whole. */
  packetsSent: number;
  /** The bytes in those packets. */
  packetBytesSent: number;
  /** Bytes handed to the operating system, delimiters included. */
  bytesWritten: number;
}

/** @internal */
export function newSerialStats(): SerialStats {
  return {
    packetsReceived: 0,
    packetBytesReceived: 0,
    packetsWithoutHandler: 0,
    packetsDropped: 0,
    malformedFrames: 0,
    tooLongFrames: 0,
    checksumFrames: 0,
    acceptedBytes: 0,
    rejectedBytes: 0,
    skippedBytes: 0,
    unfinishedBytes: 0,
    delimiters: 0,
    bytesRead: 0,
    packetsSent: 0,
    packetBytesSent: 0,
    bytesWritten: 0,
  };
}
