/** The transmission of a request, for an implementation of `Communicator`. */
export interface Transmission {
  /** How long to wait for the reply, in milliseconds. */
  readonly timeoutMs: number;
  /** To be called just before the first byte of the packet is written. */
  beginWriting(): void;
  /** To be called after {@link beginWriting} if nothing of the packet was written after all, and it waits again. */
  recall(): void;
  /** To be called when all of the packet is written. */
  written(): void;
  /** To be called with the reply if requests travel as one (`requestsElsewhere`), in place of {@link written}. */
  replied(reply: Uint8Array): void;
  /** To be called if the packet is not written, in a turn of its own: not within the call that passed the request on. */
  failed(error: unknown): void;
  /** To be set to a function that takes the packet back if nothing of it is written yet. */
  withdraw: ((reason: unknown) => void) | undefined;
}

/** What was received on a connection so far, apart from packets. */
export interface LineCounts {
  /** Frames that yielded no packet. */
  readonly rejectedFrames: number;
  /** Bytes that were skipped to get in step. */
  readonly skippedBytes: number;
  /** Bytes that no delimiter has followed. */
  readonly unfinishedBytes: number;
}
