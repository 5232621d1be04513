import type { Opener } from '../../src/delivery/opener.js';
import { MIN_FRAME_BYTES } from '../../src/delivery/wire-format.js';
import { FrameDecoder } from '../../src/framing/frame-decoder.js';

/** Passes what a line delivers to an opener. */
export class OpenerReader {
  readonly #opener: Opener;
  #decoder!: FrameDecoder;

  constructor(opener: Opener) {
    this.#opener = opener;
    this.portOpened();
  }

  /** What follows does not continue an earlier frame. */
  portOpened(): void {
    const { checksum, maxFrameBytes } = this.#opener;
    this.#decoder = new FrameDecoder({ checksum, maxPacketBytes: maxFrameBytes, minPacketBytes: MIN_FRAME_BYTES });
  }

  /** Frames that the decoder rejects count as invalid. */
  receive(chunk: Uint8Array, nowMs: number): void {
    this.#decoder.push(chunk);
    for (let body = this.#decoder.next(); body !== undefined; body = this.#decoder.next()) {
      if (body instanceof Uint8Array) {
        this.#opener.receive(body, nowMs);
      } else {
        this.#opener.stats.invalidFrames++;
      }
    }
  }
}
