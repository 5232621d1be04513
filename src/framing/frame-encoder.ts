import { type Checksum, type ChecksumName, checksums } from './checksum.js';
import { cobsEncodeInto, cobsMaxEncodedLength } from './cobs.js';

/** Makes frames of packets, with their checksum and their delimiter. */
export class FrameEncoder {
  readonly #checksum: Checksum;

  constructor(checksum: ChecksumName) {
    this.#checksum = checksums[checksum];
  }

  /** The most bytes that a packet of that length takes on the wire: its delimiter included. */
  maxWireBytes(packetBytes: number): number {
    return cobsMaxEncodedLength(packetBytes + this.#checksum.bytes) + 1;
  }

  /**
   * Writes the frame and its delimiter.
   *
   * @param target - must have {@link maxWireBytes} bytes of room from `offset`
   * @returns index in `target` of the byte after the delimiter
   */
  encodeInto(packet: Uint8Array, target: Uint8Array, offset: number): number {
    const end = cobsEncodeInto(this.#withChecksum(packet), target, offset);
    target[end] = 0;
    return end + 1;
  }

  #withChecksum(packet: Uint8Array): Uint8Array {
    if (this.#checksum.bytes === 0) {
      return packet;
    }
    const joined = new Uint8Array(packet.length + this.#checksum.bytes);
    joined.set(packet);
    this.#checksum.append(joined, packet.length);
    return joined;
  }
}
