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
  /** The packet, or the first bytes of the rejected frame as they were on the wire. With ids, the packet without its id. */
  bytes: Uint8Array;
  /** Why the frame was rejected. Packets have none. */
  error?: RejectReason;
  /** Bytes as they arrived, which are no packet. */
  isRaw?: true;
  /** What the id of the packet says. Set if packets have ids. */
  request?: RequestId;
  /** A frame of a session that is heard, without a new packet: only recordings keep it. */
  isHidden?: true;
  /** In a session that is heard: the kind of frame, and its number in the session. */
  heard?: { readonly type: 'data' | 'datagram'; readonly number: number };
  /**
   * The record before its id was separated, or before the frame of a session was decoded: what recordings keep, so that they
   * can be replayed. Default: this record.
   */
  onWire?: PacketRecord;
}

/** What a packet with an id is. `error` is an error reply: a request that failed. */
export type RequestKind = 'plain' | 'request' | 'reply' | 'error';

/** What the id in front of a packet says. */
export interface RequestId {
  readonly kind: RequestKind;
  /** The id of the request, also in its reply and its error reply. 0 for a plain packet. */
  readonly id: number;
  /** In an error reply: why there is no reply. Undefined if the error reply is malformed. */
  readonly code?: number;
}
