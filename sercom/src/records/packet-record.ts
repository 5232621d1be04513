import type { RejectReason } from 'serial-communicator';

/** What one line of output is about: a packet, or a frame that was rejected. */
export interface PacketRecord {
  /** When, in microseconds since 1970 (UTC). */
  timeUs: number;
  /** The name of the connection. */
  name: string;
  /** Received or sent. */
  dir: 'rx' | 'tx';
  /** Length of the packet, or of the rejected frame on the wire, in bytes. */
  length: number;
  /** The packet, or the first bytes of the rejected frame as they were on the wire. */
  bytes: Uint8Array;
  /** Why the frame was rejected; a packet has none. */
  error?: RejectReason;
}

/** Makes the line of a record, without its line end. */
export type LineFormat = (record: PacketRecord) => string;
