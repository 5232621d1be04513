import { GrowingBuffer } from './growing-buffer.js';

/**
 * Cuts bytes into whole frames, each with its delimiter. It does not decode them, so the rest of the framing does not
 * matter. A frame that is too long is discarded up to its delimiter, and counted.
 */
export class FrameCutter {
  readonly #maxFrameBytes: number;
  /** The frame that has not ended. */
  readonly #tail = new GrowingBuffer();
  #isDiscarding = false;
  #tooLongFrames = 0;

  /** @param maxFrameBytes - maximum length of a frame, delimiter included */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Number of frames that were discarded because they were too long. */
  get tooLongFrames(): number {
    return this.#tooLongFrames;
  }

  /** Bytes of the frame that has not ended. */
  get unfinishedBytes(): number {
    return this.#tail.length;
  }

  /**
   * Takes the next chunk.
   *
   * @param chunk - the result may be a part of it, so it must not be changed
   * @returns the frames that are now whole, one after another; undefined if there are none
   */
  push(chunk: Uint8Array): Uint8Array | undefined {
    const end = chunk.lastIndexOf(0) + 1;
    let frames: Uint8Array | undefined;
    if (end > 0) {
      frames = this.#fits(end) ? this.#joined(chunk.subarray(0, end)) : this.#cut(chunk.subarray(0, end));
    }
    this.#keep(chunk.subarray(end));
    return frames;
  }

  /**
   * Drops the frame that has not ended.
   *
   * @returns how many bytes of it there were
   */
  reset(): number {
    const { length } = this.#tail;
    this.#tail.clear();
    this.#isDiscarding = false;
    return length;
  }

  /** Whether no frame can be too long, since all of them together are not. */
  #fits(bytes: number): boolean {
    return !this.#isDiscarding && this.#tail.length + bytes <= this.#maxFrameBytes;
  }

  #joined(frames: Uint8Array): Uint8Array {
    if (this.#tail.length === 0) {
      return frames;
    }
    this.#tail.append(frames);
    return this.#tail.take();
  }

  /** Looks at each frame. */
  #cut(chunk: Uint8Array): Uint8Array | undefined {
    const whole = new GrowingBuffer();
    let start = 0;
    for (let end = chunk.indexOf(0) + 1; end > 0; end = chunk.indexOf(0, end) + 1) {
      const part = chunk.subarray(start, end);
      if (this.#fits(part.length)) {
        whole.append(this.#joined(part));
      } else {
        this.#discard();
        this.#isDiscarding = false;
      }
      start = end;
    }
    return whole.length === 0 ? undefined : whole.take();
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0 || this.#isDiscarding) {
      return;
    }
    // The delimiter is still missing.
    if (this.#fits(part.length + 1)) {
      this.#tail.append(part);
    } else {
      this.#discard();
    }
  }

  #discard(): void {
    if (!this.#isDiscarding) {
      this.#isDiscarding = true;
      this.#tooLongFrames++;
    }
    this.#tail.clear();
  }
}

/** Number of frames among whole frames. Delimiters of an idle line are none. */
export function countFrames(frames: Uint8Array): number {
  let count = 0;
  let start = 0;
  for (let end = frames.indexOf(0); end >= 0; end = frames.indexOf(0, start)) {
    if (end > start) {
      count++;
    }
    start = end + 1;
  }
  return count;
}
