import { InternalChecksum } from '../framing/checksum.js';
import { appendCrc32, hasCrc32 } from '../framing/crc.js';
import { CRC_BYTES, FRAME_KINDS, HANDSHAKE_KEY } from './wire-format.js';

/** The CRC-32 of every frame: its initial value is that of its session. */
export class SessionChecksum extends InternalChecksum {
  readonly bytes = CRC_BYTES;
  readonly #key: () => number | undefined;

  /** @param key - the key of the session, if there is one */
  constructor(key: () => number | undefined) {
    super();
    this.#key = key;
  }

  append(data: Uint8Array, end: number): void {
    appendCrc32(data, end, this.#keyOf(data));
  }

  verify(data: Uint8Array, end: number): boolean {
    const key = this.#keyOf(data);
    return key !== undefined && hasCrc32(data, end, key);
  }

  #keyOf(data: Uint8Array): number | undefined {
    return data[0]! >> 6 === FRAME_KINDS.handshake ? HANDSHAKE_KEY : this.#key();
  }
}
