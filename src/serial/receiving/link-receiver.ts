import type { RejectedFrame } from '../../framing/frame-decoder.js';

/** Takes what a link receives. None of these may throw. */
export interface LinkOwner {
  /** Shows a chunk before it is decoded. Its memory is reused after the call. */
  chunk(chunk: Uint8Array): void;
  /**
   * Takes a packet. While a returned promise is pending, no other packet is passed on. The promise never rejects.
   *
   * @param isOld - whether its link has ended
   */
  packet(packet: Uint8Array, isOld?: boolean): Promise<void> | undefined;
  /** A packet is dropped, since the port is closed. */
  dropped(): void;
  /** Reports a frame that holds no packet. */
  rejected(frame: RejectedFrame): void;
}

/** What a receiver reports to its link. */
export interface ReceiverEvents {
  /** All packets of a chunk were passed on, or the next one has to wait. */
  delivered(): void;
  /** Nothing is left to deliver, after a wait. */
  idle(): void;
}

/** The receiving side of a link. */
export interface LinkReceiver {
  /** Whether everything that was received has been delivered. */
  readonly isIdle: boolean;
  /** Whether packets are being passed on right now. */
  readonly isDelivering: boolean;
  /** A packet is being written. */
  writingPacket(): void;
  /** The port was lost or closed. What was received before may still be delivered. */
  ended(): void;
  /** Receives a chunk, whose memory is reused after the call. Returns whether it is ready for another chunk. */
  receive(chunk: Uint8Array): boolean;
  /** Drops and counts the packets that end in this chunk, and those that wait for the handler. */
  drop(chunk?: Uint8Array): void;
  /** Brings the counts of bytes up to date. */
  countBytes(): void;
}
