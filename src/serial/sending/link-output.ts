/** A port that knows how much of its write is done, and can end it early. */
export interface WriteControl {
  /** Bytes of the latest write that the operating system has accepted. */
  readonly writtenBytes: number;
  /** Makes the pending write end after this many bytes, at least those already written. */
  shortenWrite(bytes: number): void;
}

/** What a link writes: one write after another. */
export interface LinkOutput {
  /** The port, if it is a {@link WriteControl}. Without one, everything in the current write counts as partly written. */
  control: WriteControl | undefined;
  /** Whether there is something for {@link nextWrite}. */
  readonly hasWork: boolean;
  /** Whether any packet waits, or its `send` has not settled. */
  readonly hasPackets: boolean;
  /** Whether the device would have a frame without its end if the port were lost now. */
  readonly wouldCutFrame: boolean;
  /** The bytes to write next. They are valid until {@link finishWrite}. */
  nextWrite(): Buffer;
  /** Settles the packets that the port has already written. */
  settleWritten(): void;
  /** The current write is done, up to where it was shortened. */
  finishWrite(): void;
}
