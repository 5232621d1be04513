import { type Checksum, type ChecksumName, checksums } from './checksum.js';
import { asUint8Array, decodeSpan, indexOfZero } from './cobs.js';

/** How many of its first bytes a {@link RejectedFrame} shows at most. */
const HEAD_BYTES = 64;

/** A buffer for a frame that spans chunks is kept for the next such frame up to this size. */
const KEPT_BUFFER_BYTES = 65_536;

/**
 * Why a frame was rejected:
 * - `'malformed'`: it ends inside a COBS block
 * - `'too-long'`: its packet is longer than `maxPacketBytes`
 * - `'checksum'`: its checksum does not match, or it is too short to have one
 */
export type RejectReason = 'malformed' | 'too-long' | 'checksum';

/** A frame that arrived whole but holds no packet. */
export interface RejectedFrame {
  reason: RejectReason;
  /** Length of the frame on the wire, without its delimiter, in bytes. */
  wireBytes: number;
  /** The first bytes of the frame as they were on the wire, at most 64. */
  head: Uint8Array;
}

/** Options of a {@link FrameDecoder}. */
export interface FrameDecoderOptions {
  /** Longest packet to accept, in bytes, without its checksum. Default 65,536. */
  maxPacketBytes?: number;
  /** What stands behind each packet. Default `'none'`. */
  checksum?: ChecksumName;
  /** Whether to count the bytes before the first delimiter instead of decoding them. Default false. */
  skipFirst?: boolean;
}

/** The longest frame, without its delimiter, whose packet is no longer than `packetBytes`: a redundant `01` included. */
function longestFrameBytes(packetBytes: number): number {
  return packetBytes + Math.floor(packetBytes / 254) + 1;
}

/**
 * Takes chunks of a byte stream and gives the packets in it: each frame ends at a zero byte.
 *
 * The results do not depend on where the stream was cut into chunks, the time is linear in the number of bytes, the
 * memory is bounded by `maxPacketBytes`, and no input makes it throw.
 *
 * @example
 * ```ts
 * const decoder = new FrameDecoder();
 * decoder.push(chunk);
 * for (let result = decoder.next(); result !== undefined; result = decoder.next()) {
 *   if (result instanceof Uint8Array) handle(result);
 *   else console.warn(`rejected: ${result.reason}`);
 * }
 * ```
 */
export class FrameDecoder {
  readonly #checksum: Checksum;
  readonly #maxDecodedBytes: number;
  readonly #maxFrameBytes: number;
  #skipping: boolean;
  #acceptedBytes = 0;
  #rejectedBytes = 0;
  #skippedBytes = 0;
  #delimiters = 0;

  #chunk: Uint8Array | undefined;
  #position = 0;
  /** Chunks that were pushed before `next` had used up the one before, from that index on. */
  #waiting: Uint8Array[] = [];
  #waitingIndex = 0;

  /** The frame under way, as far as earlier chunks held it: all of it, or its head once it is too long. */
  #partial = new Uint8Array(0);
  /** Its length so far, which is more than `#partial` holds once it is too long. */
  #partialBytes = 0;

  /** @throws RangeError if `maxPacketBytes` is not a whole number from 0 up */
  constructor(options: FrameDecoderOptions = {}) {
    const { maxPacketBytes = 65_536 } = options;
    if (!Number.isInteger(maxPacketBytes) || maxPacketBytes < 0) {
      throw new RangeError(
        `FrameDecoder: maxPacketBytes is ${maxPacketBytes}; it takes a whole number of bytes from 0 up`,
      );
    }
    this.#checksum = checksums[options.checksum ?? 'none'];
    this.#maxDecodedBytes = maxPacketBytes + this.#checksum.bytes;
    this.#maxFrameBytes = longestFrameBytes(this.#maxDecodedBytes);
    this.#skipping = options.skipFirst ?? false;
  }

  /**
   * Bytes of the frames that held a packet, without their delimiters. Every byte that {@link next} has used up is in
   * just one of the five counts here.
   */
  get acceptedBytes(): number {
    return this.#acceptedBytes;
  }

  /** Bytes of the frames that were rejected, without their delimiters. */
  get rejectedBytes(): number {
    return this.#rejectedBytes;
  }

  /** Bytes that `skipFirst` has passed over, without the delimiter that ended them. */
  get skippedBytes(): number {
    return this.#skippedBytes;
  }

  /** Delimiters so far: those that ended a frame, and idle ones. */
  get delimiters(): number {
    return this.#delimiters;
  }

  /** Bytes so far of the frame that has not ended yet. */
  get unfinishedBytes(): number {
    return this.#partialBytes;
  }

  /**
   * Takes the next chunk. The decoder reads it during the calls of {@link next}, so it must not be changed before
   * `next` has given `undefined`, or {@link keepRest} has been called.
   */
  push(chunk: Uint8Array): void {
    if (this.#chunk === undefined) {
      this.#chunk = asUint8Array(chunk);
      this.#position = 0;
    } else {
      this.#waiting.push(asUint8Array(chunk));
    }
  }

  /** Copies what {@link next} has not used up yet, so that the chunks which were pushed may be changed. */
  keepRest(): void {
    if (this.#chunk !== undefined) {
      this.#chunk = this.#chunk.slice(this.#position);
      this.#position = 0;
      for (let i = this.#waitingIndex; i < this.#waiting.length; i++) {
        this.#waiting[i] = this.#waiting[i]!.slice();
      }
    }
  }

  /** The next result in the order of the stream, or `undefined` when what was pushed is used up. */
  next(): Uint8Array | RejectedFrame | undefined {
    for (let chunk = this.#chunk; chunk !== undefined; ) {
      const start = this.#position;
      const end = indexOfZero(chunk, start);
      if (end === -1) {
        if (start < chunk.length) {
          this.#keep(chunk, start, chunk.length);
        }
        chunk = this.#nextChunk();
        continue;
      }
      this.#position = end + 1;
      this.#delimiters++;
      if (this.#skipping) {
        this.#skippedBytes += end - start;
        this.#skipping = false;
      } else if (this.#partialBytes > 0) {
        this.#keep(chunk, start, end);
        return this.#finishPartial();
      } else if (end > start) {
        return this.#decode(chunk, start, end, end - start);
      }
    }
    return undefined;
  }

  #nextChunk(): Uint8Array | undefined {
    this.#chunk = this.#waiting[this.#waitingIndex++];
    this.#position = 0;
    if (this.#chunk === undefined) {
      this.#waitingIndex = 0;
      if (this.#waiting.length > 0) {
        this.#waiting = [];
      }
    }
    return this.#chunk;
  }

  /** Adds the bytes to the frame under way. */
  #keep(chunk: Uint8Array, start: number, end: number): void {
    if (this.#skipping) {
      this.#skippedBytes += end - start;
      return;
    }
    const held = Math.min(this.#partialBytes, this.#partial.length);
    this.#partialBytes += end - start;
    const wanted = Math.min(this.#partialBytes, Math.max(this.#maxFrameBytes, HEAD_BYTES));
    if (wanted > this.#partial.length) {
      // Doubling keeps the time linear however small the chunks are.
      const grown = new Uint8Array(
        Math.min(Math.max(wanted, 2 * this.#partial.length, 256), Math.max(this.#maxFrameBytes, HEAD_BYTES)),
      );
      grown.set(this.#partial.subarray(0, held));
      this.#partial = grown;
    }
    if (wanted > held) {
      this.#partial.set(chunk.subarray(start, start + wanted - held), held);
    }
  }

  #finishPartial(): Uint8Array | RejectedFrame {
    const wireBytes = this.#partialBytes;
    const result = this.#decode(this.#partial, 0, Math.min(wireBytes, this.#partial.length), wireBytes);
    this.#partialBytes = 0;
    if (this.#partial.length > KEPT_BUFFER_BYTES) {
      this.#partial = new Uint8Array(0);
    }
    return result;
  }

  #decode(source: Uint8Array, start: number, end: number, wireBytes: number): Uint8Array | RejectedFrame {
    if (wireBytes > this.#maxFrameBytes) {
      return this.#reject('too-long', source, start, end, wireBytes);
    }
    const decoded = decodeSpan(source, start, end);
    if (decoded === undefined) {
      return this.#reject('malformed', source, start, end, wireBytes);
    }
    if (decoded.length > this.#maxDecodedBytes) {
      return this.#reject('too-long', source, start, end, wireBytes);
    }
    const checksum = this.#checksum;
    const packetBytes = decoded.length - checksum.bytes;
    if (packetBytes < 0 || !checksum.verify(decoded, packetBytes)) {
      return this.#reject('checksum', source, start, end, wireBytes);
    }
    this.#acceptedBytes += wireBytes;
    return checksum.bytes === 0 ? decoded : decoded.subarray(0, packetBytes);
  }

  #reject(reason: RejectReason, source: Uint8Array, start: number, end: number, wireBytes: number): RejectedFrame {
    this.#rejectedBytes += wireBytes;
    // Not `slice`: that of a Buffer copies nothing, and the chunk is the caller's to reuse.
    return { reason, wireBytes, head: new Uint8Array(source.subarray(start, Math.min(end, start + HEAD_BYTES))) };
  }
}
