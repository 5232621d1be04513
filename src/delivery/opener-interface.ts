import type { TimeoutCause } from './outgoing-packet.js';
import type { StatusFrame } from './wire-format.js';

/** Settings of an {@link Opener}. */
export interface OpenerSettings {
  /** The largest packet that is accepted from the peer, at most 65,535 bytes. */
  readonly maxPacketBytes: number;
  /** How many packets may wait for the application, 1 to 32. */
  readonly receiveWindow: number;
  /** Within which time a packet must be taken, counted from {@link Opener.send}. */
  readonly ackTimeoutMs: number;
  /** How long nothing may arrive before the peer is called silent. It is polled three times as often. */
  readonly keepAliveMs: number;
  /** Line speed in bit/s. Infinity if it is not known: round trips are measured in any case. */
  readonly baudRate: number;
  /** Returns a random unsigned 32-bit integer: a session number that no earlier program has used. */
  random(): number;
}

/** What an opener reports. None of these may throw. */
export interface OpenerEvents {
  /** A handshake has succeeded. `peer` has the sizes of the peer. */
  established(peer: StatusFrame): void;
  /**
   * A session ended: the peer restarted, or a packet was not taken in time. Reported after its packets have failed.
   *
   * @param cause - why the oldest packet was not taken in time
   */
  ended(why: 'PEER_RESET' | 'ACK_TIMEOUT', cause?: TimeoutCause): void;
  /** No session with this peer is possible. `reason` follows "the device …". */
  incompatible(reason: string): void;
  /** Nothing has arrived for `keepAliveMs`, although the peer was polled; or something arrives again. */
  silent(isSilent: boolean): void;
}
