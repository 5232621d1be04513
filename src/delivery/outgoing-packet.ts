import type { Delivered } from '../errors.js';
import type { PacketQueue } from './packet-queue.js';

/**
 * Why a packet was not acknowledged in time:
 *
 * - `noPort`: there was no port
 * - `noSession`: the peer did not answer the handshake
 * - `behindOthers`: it waited for packets before it
 * - `notTaken`: it has arrived, but the application at the other end did not take it
 * - `silent`: the peer was silent
 * - `lost`: the peer was heard, but the packet did not arrive, or its acknowledgement
 * - `stalled`: a datagram that the port did not accept in time
 */
export type TimeoutCause = 'noPort' | 'noSession' | 'behindOthers' | 'notTaken' | 'silent' | 'lost' | 'stalled';

/** Why a packet was not delivered. */
export interface DeliveryFailure {
  /**
   * - `'ACK_TIMEOUT'`: it was not taken within `ackTimeoutMs`, or a packet of the same session was not
   * - `'PEER_RESET'`: the peer restarted, and its session is gone
   * - `'PEER_INCOMPATIBLE'`: the peer speaks another version, or has sizes that do not fit
   * - `'PACKET_TOO_LARGE'`: the peer cannot take a packet of this size
   * - `'CLOSED'`: the connection was closed
   */
  readonly code: 'ACK_TIMEOUT' | 'PEER_RESET' | 'PEER_INCOMPATIBLE' | 'PACKET_TOO_LARGE' | 'CLOSED';
  readonly delivered: Delivered;
  /** Of `'ACK_TIMEOUT'`. */
  readonly cause?: TimeoutCause | undefined;
}

/** What is reported of one packet: one of the two, once, unless it is aborted. Neither may throw. */
export interface DeliveryListener {
  /** The packet is about to be sent for the first time. */
  sending?(): void;
  /** The application at the other end has taken the packet. For a datagram: it was written. */
  delivered(): void;
  failed(failure: DeliveryFailure): void;
}

/**
 * Where a packet is:
 *
 * - `waiting`: it has no number, and was never sent
 * - `inFlight`: it was sent
 * - `suspected`: a time-out is over: to be sent again
 * - `lost`: a later transmission was acknowledged, so this one is lost: to be sent again
 * - `held`: it has arrived and waits for the application
 * - `settled`: it was taken, has failed, or was aborted before it was sent
 */
type Place = 'waiting' | 'inFlight' | 'suspected' | 'lost' | 'held' | 'settled';

/** A packet to be sent. */
export class OutgoingPacket {
  place: Place = 'waiting';
  /** Which transmission may have been the first to arrive. Transmissions of a session are numbered from 1. */
  firstTransmission = 0;
  lastTransmission = 0;
  /** How often it was sent. */
  transmissions = 0;
  sentAtMs = 0;
  /** The queue in which it waits, and its neighbors there. */
  queue: PacketQueue | undefined;
  before: OutgoingPacket | undefined;
  after: OutgoingPacket | undefined;
  /** Undefined when the packet was aborted. */
  #listener: DeliveryListener | undefined;
  #payload: Uint8Array;

  /** @param deadlineMs - when it must have been taken */
  constructor(
    payload: Uint8Array,
    readonly deadlineMs: number,
    listener: DeliveryListener,
  ) {
    this.#payload = payload;
    this.#listener = listener;
  }

  get payload(): Uint8Array {
    return this.#payload;
  }

  get isDelivered(): Delivered {
    return this.transmissions === 0 ? 'no' : 'unknown';
  }

  /** Nothing more is reported. The caller may change the packet, so a copy is sent from now on. */
  abort(): void {
    this.#listener = undefined;
    // Not `slice`, which does not copy a Buffer.
    this.#payload = new Uint8Array(this.#payload);
  }

  /** It is about to be sent. */
  transmitted(): void {
    if (this.transmissions++ === 0) {
      this.#listener?.sending?.();
    }
  }

  delivered(): void {
    this.place = 'settled';
    this.#listener?.delivered();
  }

  failed(code: DeliveryFailure['code'], cause?: TimeoutCause): void {
    this.place = 'settled';
    this.#listener?.failed({ code, delivered: this.isDelivered, cause });
  }
}
