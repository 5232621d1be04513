import type { NoSessionFrame, OpenFrame, StatusFrame } from './wire-format.js';

/** A session that a {@link SessionListener} has recognized. */
export interface HeardSession {
  /** The start value of the CRC of its frames. It differs from that of any other session. */
  readonly key: number;
  /** The sizes of the device, if the listener has heard the handshake. */
  readonly status: StatusFrame | undefined;
}

/** What every frame has. */
interface Heard {
  /** What was passed to {@link SessionListener.receive}. */
  readonly packet: Uint8Array;
}

/** The host asks for a session. */
export interface HeardOpen extends OpenFrame, Heard {}

/** The device answers the host. */
export interface HeardStatus extends StatusFrame, Heard {}

/** The device has no session. */
export interface HeardNoSession extends NoSessionFrame, Heard {}

/** What every frame of a session says. */
interface HeardInSession extends Heard {
  /** The same object for all frames of a session. */
  readonly session: HeardSession;
  /** The number of the next packet that the sender of this frame has not taken, 0 to 63. */
  readonly next: number;
  /** The numbers of the packets that have arrived at the sender of this frame and wait for an earlier one. */
  readonly held: readonly number[];
  /** Whether it asks for an answer. */
  readonly isPoll: boolean;
}

/** An acknowledgement without a packet. */
export interface HeardAck extends HeardInSession {
  readonly type: 'ack';
}

/** A frame with a packet. */
interface HeardPayload extends HeardInSession {
  /** 0 to 63. */
  readonly number: number;
  /** The packet, with its id if the connection has ids. It may share the memory of `packet`. */
  readonly payload: Uint8Array;
  /** False if the line or the sender has repeated a frame that was heard before. */
  readonly isNew: boolean;
  /**
   * Whether the length of the header is known, from `STATUS` or from an `ACK`. If not, the window is assumed to be 8 or
   * less: with a larger one, up to three bytes of the header are at the beginning of `payload`.
   */
  readonly isExact: boolean;
}

/** A packet that is sent until it is acknowledged. */
export interface HeardData extends HeardPayload {
  readonly type: 'data';
}

/** A packet that is sent once. */
export interface HeardDatagram extends HeardPayload {
  readonly type: 'datagram';
}

/** A damaged frame, one of another protocol, or one of a session of which no other frame was heard. */
export interface HeardUnknown extends Heard {
  readonly type: 'unknown';
}

/** What a {@link SessionListener} has made of a frame. */
export type HeardFrame = HeardOpen | HeardStatus | HeardNoSession | HeardData | HeardDatagram | HeardAck | HeardUnknown;
