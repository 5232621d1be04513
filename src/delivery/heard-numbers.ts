import { crc32 } from '../framing/crc.js';
import { SEQUENCE_SPACE } from './wire-format.js';

/** The packet was heard, but it is not known which part of the frame is its payload. */
const ANY_CONTENT = -1;

/** The numbers of the packets that were heard in one direction of a session: tells new packets from repeated ones. */
export class HeardNumbers {
  #highest: number | undefined;
  /** What the packet with each number contains. Undefined if it was not heard since the packet before it. */
  readonly #contents: (number | undefined)[] = new Array(SEQUENCE_SPACE).fill(undefined);

  /**
   * Whether a packet is heard for the first time.
   *
   * The sender has at most `window` packets in flight, so a number that is less than that behind the highest one is that
   * of a packet sent again. With other content it is another packet, and those between were not heard.
   */
  isNew(number: number, payload: Uint8Array, window: number): boolean {
    const content = contentOf(payload);
    const highest = this.#highest ?? (number - 1) & (SEQUENCE_SPACE - 1);
    const behind = (highest - number) & (SEQUENCE_SPACE - 1);
    const before = this.#contents[number];
    const mayRepeat = behind < window;
    if (mayRepeat && (before === content || before === ANY_CONTENT)) {
      return false;
    }
    if (!mayRepeat || before !== undefined) {
      for (let between = highest; between !== number; ) {
        between = (between + 1) & (SEQUENCE_SPACE - 1);
        this.#contents[between] = undefined;
      }
      this.#highest = number;
    }
    this.#contents[number] = content;
    return true;
  }

  /** Forgets what packets contain, because the length of their headers was not the one that was assumed. */
  forgetContents(): void {
    for (const [number, content] of this.#contents.entries()) {
      this.#contents[number] = content === undefined ? undefined : ANY_CONTENT;
    }
  }
}

function contentOf(payload: Uint8Array): number {
  return (payload.length % 65_536) * 4_294_967_296 + crc32(payload, payload.length);
}
