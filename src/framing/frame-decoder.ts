import { aBoolean, anInteger, checkOptions, type OptionRules } from '../options.js';
import { aChecksum, type Checksum, type ChecksumName, type FrameChecksum, frameChecksum } from './checksum.js';
import { asUint8Array, decodeInPlace, decodeSpan, indexOfZero } from './cobs.js';

/** Length of the beginning of a frame that a {@link RejectedFrame} shows. */
const HEAD_BYTES = 64;

/** A buffer for frames that span chunks is reused up to this size. A longer one is given away with its packet. */
const KEPT_BUFFER_BYTES = 65_536;

const NO_BYTES = new Uint8Array(0);

/**
 * Why a frame was rejected:
 * - `'malformed'`: it ends inside a COBS block
 * - `'too-long'`: its packet is longer than `maxPacketBytes`
 * - `'checksum'`: its checksum does not match, or it is too short to have one, or computing the checksum failed
 * - `'too-short'`: its packet is shorter than `minPacketBytes`, or than the id before each packet (`requestIds`)
 */
export type RejectReason = 'malformed' | 'too-long' | 'checksum' | 'too-short';

/** A frame that arrived but yields no packet. */
export interface RejectedFrame {
  reason: RejectReason;
  /** Length of the frame on the wire, in bytes, without the delimiter. */
  wireBytes: number;
  /** The first bytes of the frame as received, at most 64. */
  head: Uint8Array;
  /** The error, if the checksum is an object and its `compute` failed. */
  error?: unknown;
}

/** Options of a {@link FrameDecoder}. */
export interface FrameDecoderOptions {
  /** Maximum packet size in bytes, without the checksum. Default: 65,536. */
  maxPacketBytes?: number;
  /** Minimum packet size in bytes, without the checksum. Default: 0. */
  minPacketBytes?: number;
  /** Checksum appended to each packet. Default: `'none'`. */
  checksum?: ChecksumName | Checksum;
  /** Whether to skip and count the bytes before the first delimiter instead of decoding them. Default: false. */
  skipFirst?: boolean;
}

const RULES: OptionRules<FrameDecoderOptions> = {
  maxPacketBytes: anInteger(0),
  minPacketBytes: anInteger(0),
  checksum: aChecksum,
  skipFirst: aBoolean,
};

/** The longest frame of a packet of at most `packetBytes` bytes: without its delimiter, with a redundant `01`. */
function longestFrameBytes(packetBytes: number): number {
  return packetBytes + Math.floor(packetBytes / 254) + 1;
}

/**
 * Splits a byte stream into frames at each zero byte and decodes them into packets.
 *
 * The results do not depend on how the stream is cut into chunks, the time is linear in the number of bytes, the memory
 * is bounded by `maxPacketBytes`, and no input makes it throw.
 *
 * A packet is yours to keep and to change. Like a short `Buffer`, it may be part of a longer `ArrayBuffer`, which is at
 * most 8 KiB or about twice as long as the packet.
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
  readonly #checksum: FrameChecksum;
  readonly #maxDecodedBytes: number;
  readonly #minPacketBytes: number;
  readonly #maxFrameBytes: number;
  #skipping: boolean;
  #acceptedBytes = 0;
  #rejectedBytes = 0;
  #skippedBytes = 0;
  #delimiters = 0;

  #chunk: Uint8Array | undefined;
  #position = 0;
  /** Chunks that were pushed before `next` had consumed the current one, from `#waitingIndex` on. */
  #waiting: Uint8Array[] = [];
  #waitingIndex = 0;

  /** The bytes from earlier chunks of a frame that has not ended: all of them, or the first ones if it is too long. */
  #partial = NO_BYTES;
  /** Length so far of that frame. Exceeds the length of `#partial` if it is too long. */
  #partialBytes = 0;

  /** Length for the next buffer that is too long to be kept: the last frame that needed one, and a little more. */
  #expectedBytes = 0;

  /** @throws InvalidArgumentError (`INVALID_OPTION`) that names the option and what it accepts */
  constructor(options: FrameDecoderOptions = {}) {
    const {
      maxPacketBytes = 65_536,
      minPacketBytes = 0,
      checksum = 'none',
      skipFirst = false,
    } = checkOptions('FrameDecoder', options, RULES);
    this.#checksum = frameChecksum(checksum);
    this.#maxDecodedBytes = maxPacketBytes + this.#checksum.bytes;
    this.#minPacketBytes = minPacketBytes;
    this.#maxFrameBytes = longestFrameBytes(this.#maxDecodedBytes);
    this.#skipping = skipFirst;
  }

  /**
   * Bytes of frames that yielded a packet, without their delimiters. Every byte that {@link next} has consumed is in
   * exactly one of the five counts of this class.
   */
  get acceptedBytes(): number {
    return this.#acceptedBytes;
  }

  /** Bytes of rejected frames, without their delimiters. */
  get rejectedBytes(): number {
    return this.#rejectedBytes;
  }

  /** Bytes skipped by `skipFirst`, without the delimiter that ended them. */
  get skippedBytes(): number {
    return this.#skippedBytes;
  }

  /** Number of delimiters, including those of an idle line. */
  get delimiters(): number {
    return this.#delimiters;
  }

  /** Bytes so far of the frame that has not ended. */
  get unfinishedBytes(): number {
    return this.#partialBytes;
  }

  /**
   * Adds the next chunk. {@link next} reads from its memory, so do not change it until `next` has returned `undefined`
   * or {@link keepRest} has been called.
   */
  push(chunk: Uint8Array): void {
    if (this.#chunk === undefined) {
      this.#chunk = asUint8Array(chunk);
      this.#position = 0;
    } else {
      this.#waiting.push(asUint8Array(chunk));
    }
  }

  /** Copies the bytes that {@link next} has not consumed, so that the memory of the chunks can be reused. */
  keepRest(): void {
    if (this.#chunk !== undefined) {
      this.#chunk = this.#chunk.slice(this.#position);
      this.#position = 0;
      for (let i = this.#waitingIndex; i < this.#waiting.length; i++) {
        this.#waiting[i] = this.#waiting[i]!.slice();
      }
    }
  }

  /** The next packet or rejected frame in stream order, or `undefined` if all chunks are consumed. */
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

  /** Adds bytes to the partial frame. */
  #keep(chunk: Uint8Array, start: number, end: number): void {
    if (this.#skipping) {
      this.#skippedBytes += end - start;
      return;
    }
    const held = Math.min(this.#partialBytes, this.#partial.length);
    this.#partialBytes += end - start;
    const wanted = Math.min(this.#partialBytes, Math.max(this.#maxFrameBytes, HEAD_BYTES));
    if (wanted > this.#partial.length) {
      this.#grow(wanted, held);
    }
    if (wanted > held) {
      this.#partial.set(chunk.subarray(start, start + wanted - held), held);
    }
  }

  /** Makes room for `wanted` bytes of the partial frame, of which `held` are there. */
  #grow(wanted: number, held: number): void {
    // Doubling keeps the time linear however small the chunks are.
    let length = Math.max(wanted, 2 * this.#partial.length, 256);
    if (length > KEPT_BUFFER_BYTES) {
      length = Math.max(length, this.#expectedBytes);
    }
    const grown = new Uint8Array(Math.min(length, Math.max(this.#maxFrameBytes, HEAD_BYTES)));
    grown.set(this.#partial.subarray(0, held));
    this.#partial = grown;
  }

  /**
   * Decodes the partial frame, which has ended. A buffer that is too long to be kept goes to its packet, unless it is
   * mostly empty.
   */
  #finishPartial(): Uint8Array | RejectedFrame {
    const partial = this.#partial;
    const wireBytes = this.#partialBytes;
    const end = Math.min(wireBytes, partial.length);
    this.#partialBytes = 0;
    if (partial.length <= KEPT_BUFFER_BYTES) {
      return this.#decode(partial, 0, end, wireBytes);
    }
    this.#partial = NO_BYTES;
    this.#expectedBytes = end + (end >> 4);
    if (wireBytes > this.#maxFrameBytes || 2 * end < partial.length) {
      return this.#decode(partial, 0, end, wireBytes);
    }
    const head = partial.slice(0, HEAD_BYTES);
    return this.#check(decodeInPlace(partial, end), head, 0, head.length, wireBytes);
  }

  #decode(source: Uint8Array, start: number, end: number, wireBytes: number): Uint8Array | RejectedFrame {
    return wireBytes > this.#maxFrameBytes
      ? this.#reject('too-long', source, start, end, wireBytes)
      : this.#check(decodeSpan(source, start, end), source, start, end, wireBytes);
  }

  /** Decides whether a decoded frame yields its packet. `source` from `start` to `end` is the frame, or its beginning. */
  #check(
    decoded: Uint8Array | undefined,
    source: Uint8Array,
    start: number,
    end: number,
    wireBytes: number,
  ): Uint8Array | RejectedFrame {
    if (decoded === undefined) {
      return this.#reject('malformed', source, start, end, wireBytes);
    }
    if (decoded.length > this.#maxDecodedBytes) {
      return this.#reject('too-long', source, start, end, wireBytes);
    }
    const checksum = this.#checksum;
    const packetBytes = decoded.length - checksum.bytes;
    try {
      if (packetBytes < 0 || !checksum.verify(decoded, packetBytes)) {
        return this.#reject('checksum', source, start, end, wireBytes);
      }
    } catch (error) {
      return { ...this.#reject('checksum', source, start, end, wireBytes), error };
    }
    if (packetBytes < this.#minPacketBytes) {
      return this.#reject('too-short', source, start, end, wireBytes);
    }
    this.#acceptedBytes += wireBytes;
    return checksum.bytes === 0 ? decoded : decoded.subarray(0, packetBytes);
  }

  #reject(reason: RejectReason, source: Uint8Array, start: number, end: number, wireBytes: number): RejectedFrame {
    this.#rejectedBytes += wireBytes;
    // Not `slice`, which does not copy if the chunk is a Buffer.
    return { reason, wireBytes, head: new Uint8Array(source.subarray(start, Math.min(end, start + HEAD_BYTES))) };
  }
}
