import type { RejectReason } from 'serial-communicator';

/** A packet or a rejected frame: what is shown, logged and captured. With `--raw`, bytes that are only shown. */
export interface PacketRecord {
  /** In microseconds since 1970 (UTC). */
  timeUs: number;
  /** The name of the connection. */
  name: string;
  /** Received or sent. */
  dir: 'rx' | 'tx';
  /** Length of the packet, or of the rejected frame on the wire, in bytes. */
  length: number;
  /** The packet, or the first bytes of the rejected frame as they were on the wire. */
  bytes: Uint8Array;
  /** Why the frame was rejected. Packets have none. */
  error?: RejectReason;
  /** Bytes as they arrived, which are no packet. */
  isRaw?: true;
}
