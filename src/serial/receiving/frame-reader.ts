import { FrameDecoder, type FrameDecoderOptions, type RejectedFrame } from '../../framing/frame-decoder.js';
import type { LinkStats } from '../serial-stats.js';

/** Decodes what one link receives, and counts its bytes and the frames that are rejected. */
export class FrameReader {
  readonly #stats: LinkStats;
  readonly #options: FrameDecoderOptions;
  #decoder: FrameDecoder;
  /** With `skipFirst`, until the first byte or the first packet that is sent. */
  #mayBeInStep: boolean;
  /** Counts of the decoder that are in the stats already. */
  #counted = { acceptedBytes: 0, rejectedBytes: 0, skippedBytes: 0, unfinishedBytes: 0, delimiters: 0 };

  constructor(options: FrameDecoderOptions, stats: LinkStats) {
    this.#options = options;
    this.#stats = stats;
    this.#decoder = new FrameDecoder(options);
    this.#mayBeInStep = options.skipFirst ?? false;
  }

  /** A packet is being written. If nothing has been read yet, what the device sends next begins with a whole frame. */
  writingPacket(): void {
    if (this.#mayBeInStep) {
      this.#mayBeInStep = false;
      this.#decoder = new FrameDecoder({ ...this.#options, skipFirst: false });
    }
  }

  /** Adds a chunk. {@link next} reads from its memory, until it has returned `undefined` or {@link keepRest} is called. */
  push(chunk: Uint8Array): void {
    this.#mayBeInStep = false;
    this.#stats.bytesRead += chunk.length;
    this.#decoder.push(chunk);
  }

  /** The next packet or rejected frame, or `undefined` if all chunks are read. */
  next(): Uint8Array | RejectedFrame | undefined {
    const result = this.#decoder.next();
    if (result !== undefined && !(result instanceof Uint8Array)) {
      this.#countRejected(result);
    }
    return result;
  }

  /** Copies what is left, so that the memory of the chunks can be reused. */
  keepRest(): void {
    this.#decoder.keepRest();
  }

  /** Adds the bytes decoded since the last call to the stats. */
  countBytes(): void {
    const stats = this.#stats;
    const before = this.#counted;
    const { acceptedBytes, rejectedBytes, skippedBytes, unfinishedBytes, delimiters } = this.#decoder;
    stats.acceptedBytes += acceptedBytes - before.acceptedBytes;
    stats.rejectedBytes += rejectedBytes - before.rejectedBytes;
    stats.skippedBytes += skippedBytes - before.skippedBytes;
    stats.unfinishedBytes += unfinishedBytes - before.unfinishedBytes;
    stats.delimiters += delimiters - before.delimiters;
    this.#counted = { acceptedBytes, rejectedBytes, skippedBytes, unfinishedBytes, delimiters };
  }

  #countRejected({ reason }: RejectedFrame): void {
    switch (reason) {
      case 'malformed':
        this.#stats.malformedFrames++;
        break;
      case 'too-long':
        this.#stats.tooLongFrames++;
        break;
      case 'checksum':
        this.#stats.checksumFrames++;
        break;
      case 'too-short':
        this.#stats.tooShortFrames++;
        break;
    }
  }
}
