import { checkOptions, type OptionRules } from '../options.js';
import {
  aChecksum,
  type Checksum,
  type ChecksumName,
  type FrameChecksum,
  frameChecksum,
  withChecksum,
} from './checksum.js';
import { cobsMaxEncodedLength, encodeUnchecked } from './cobs.js';

/** Options of a {@link FrameEncoder}. */
export interface FrameEncoderOptions {
  /** Checksum appended to each packet. Default: `'none'`. */
  checksum?: ChecksumName | Checksum;
}

const RULES: OptionRules<FrameEncoderOptions> = { checksum: aChecksum };

/**
 * Encodes packets for the wire: the packet and its checksum as a COBS frame, then the delimiter. A {@link FrameDecoder}
 * with the same checksum decodes them.
 *
 * @example
 * ```ts
 * const encoder = new FrameEncoder({ checksum: 'crc16' });
 * socket.write(encoder.encode(Uint8Array.of(1, 2, 3)));
 * ```
 */
export class FrameEncoder {
  readonly #checksum: FrameChecksum;

  /** @throws InvalidArgumentError (`INVALID_OPTION`) that names the option and what it accepts */
  constructor(options: FrameEncoderOptions = {}) {
    const { checksum = 'none' } = checkOptions('FrameEncoder', options, RULES);
    this.#checksum = frameChecksum(checksum);
  }

  /**
   * The largest number of bytes that a packet takes on the wire, checksum and delimiter included.
   *
   * @param packetBytes - length of the packet, in bytes
   */
  maxWireBytes(packetBytes: number): number {
    return maxWireBytes(packetBytes + this.#checksum.bytes);
  }

  /**
   * Encodes a packet.
   *
   * @returns a new array with the frame and its delimiter
   * @throws InvalidArgumentError (`INVALID_OPTION`) if the checksum is an object whose `compute` fails
   */
  encode(packet: Uint8Array): Uint8Array {
    const body = withChecksum(packet, this.#checksum);
    const target = new Uint8Array(maxWireBytes(body.length));
    const end = encodeFrame(body, target, 0);
    return end === target.length ? target : target.subarray(0, end);
  }

  /**
   * Encodes a packet into existing memory.
   *
   * @param target - needs {@link maxWireBytes} bytes of room from `offset`; must not share memory with the packet
   * @param offset - index in `target` of the first byte of the frame
   * @returns index in `target` of the byte after the delimiter
   * @throws RangeError if `target` is too small; nothing is written
   * @throws InvalidArgumentError (`INVALID_OPTION`) if the checksum is an object whose `compute` fails; nothing is
   *   written
   */
  encodeInto(packet: Uint8Array, target: Uint8Array, offset: number): number {
    return encodeFrame(withChecksum(packet, this.#checksum), target, offset);
  }
}

/** The largest number of bytes that a packet with its checksum takes on the wire, delimiter included. */
export function maxWireBytes(bodyBytes: number): number {
  return cobsMaxEncodedLength(bodyBytes) + 1;
}

/**
 * Writes the frame of a packet with its checksum, and the delimiter. The rest is as in {@link FrameEncoder.encodeInto}.
 *
 * @param body - the packet with its checksum
 */
export function encodeFrame(body: Uint8Array, target: Uint8Array, offset: number): number {
  const neededBytes = maxWireBytes(body.length);
  if (!Number.isInteger(offset) || offset < 0 || offset + neededBytes > target.length) {
    throw new RangeError(
      `encodeInto: the frame needs ${neededBytes} bytes from offset ${offset}, but the target has ${target.length} bytes`,
    );
  }
  const end = encodeUnchecked(body, target, offset);
  target[end] = 0;
  return end + 1;
}
