import { FrameError } from '../errors.js';
import { isShared, slabFor } from './slab.js';

/**
 * Consistent Overhead Byte Stuffing: S. Cheshire and M. Baker, "Consistent Overhead Byte Stuffing",
 * IEEE/ACM Transactions on Networking 7(2), 1999. A frame contains no zero byte, so a zero can mark its end.
 *
 * A frame is a sequence of blocks. A block is a code byte, 1 to 255, and the `code - 1` bytes after it. It also
 * represents one zero after those bytes, unless its code is 255 or it is the last block.
 */
const FULL_BLOCK = 255;

/** Bytes of a full block after its code. */
const FULL_BLOCK_BYTES = 254;

/** Shorter packets are encoded byte by byte, which is faster than making the copies of the other method. */
const PIECES_FROM_BYTES = 32;

/** Number of packet bytes that are encoded in one pass. */
const PIECE_BYTES = 2_048;

/** Number of bytes that are searched for zeros at once. */
const SEARCHED_BYTES = 32;

/** A copy of the piece that is being encoded. Making a `DataView` of the caller's memory would take longer. */
const scratch = new Uint8Array(PIECE_BYTES + SEARCHED_BYTES);
const scratchView = new DataView(scratch.buffer);

const { indexOf } = Buffer.prototype;
const { slice } = Uint8Array.prototype;

/**
 * The length of the longest possible frame for a packet of `packetBytes` bytes, without the delimiter.
 *
 * @param packetBytes - length of the packet, in bytes
 */
export function cobsMaxEncodedLength(packetBytes: number): number {
  return packetBytes === 0 ? 1 : packetBytes + Math.ceil(packetBytes / FULL_BLOCK_BYTES);
}

/**
 * Encodes a packet as a frame, without the delimiter. The encoding is canonical: an empty packet is `01`, and a last
 * block of 254 non-zero bytes is not followed by `01`.
 *
 * @returns a new array with only the frame; like a short `Buffer`, it may be part of a longer `ArrayBuffer`
 */
export function cobsEncode(packet: Uint8Array): Uint8Array {
  const maxBytes = cobsMaxEncodedLength(packet.length);
  if (isShared(maxBytes)) {
    const slab = slabFor(maxBytes, SEARCHED_BYTES);
    return slab.take(encodeInPieces(packet, slab.bytes, slab.used, slab.view) - slab.used);
  }
  const frame = new Uint8Array(maxBytes);
  const length = encodeUnchecked(packet, frame, 0);
  return length === maxBytes ? frame : frame.subarray(0, length);
}

/**
 * Encodes a packet as a frame, without the delimiter, into existing memory.
 *
 * @param target - needs {@link cobsMaxEncodedLength} bytes of room from `offset`; must not share memory with the packet
 * @param offset - index in `target` of the first byte of the frame
 * @returns index in `target` of the byte after the frame
 * @throws RangeError if `target` is too small; nothing is written
 */
export function cobsEncodeInto(packet: Uint8Array, target: Uint8Array, offset: number): number {
  const packetBytes = packet.length;
  if (!Number.isInteger(offset) || offset < 0 || offset + cobsMaxEncodedLength(packetBytes) > target.length) {
    throw new RangeError(
      `cobsEncodeInto: a packet of ${packetBytes} bytes needs ${cobsMaxEncodedLength(packetBytes)} bytes from offset ` +
        `${offset}, but the target has ${target.length} bytes`,
    );
  }
  return encodeUnchecked(packet, target, offset);
}

/** As {@link cobsEncodeInto}, but the caller must know that there is enough room. */
export function encodeUnchecked(packet: Uint8Array, target: Uint8Array, offset: number): number {
  return packet.length < PIECES_FROM_BYTES
    ? encodeByBytes(packet, target, offset)
    : encodeInPieces(packet, target, offset, undefined);
}

function encodeByBytes(packet: Uint8Array, target: Uint8Array, offset: number): number {
  let codeAt = offset;
  let to = offset + 1;
  for (let from = 0; from < packet.length; from++) {
    const byte = packet[from]!;
    if (byte === 0) {
      target[codeAt] = to - codeAt;
      codeAt = to;
    } else {
      target[to] = byte;
    }
    to++;
  }
  target[codeAt] = to - codeAt;
  return to;
}

/**
 * Apart from the codes of full blocks, a frame is its packet shifted by one byte, with codes instead of zeros. So each
 * piece is copied as a whole, and then only its zeros are visited.
 *
 * @param targetView - a view of the target's memory, if there is one. A packet without a full block is searched there,
 *   which saves a second copy. The memory must extend 32 bytes beyond the frame.
 */
function encodeInPieces(
  packet: Uint8Array,
  target: Uint8Array,
  offset: number,
  targetView: DataView | undefined,
): number {
  const packetBytes = packet.length;
  const isInTarget = targetView !== undefined && packetBytes <= FULL_BLOCK_BYTES;
  const view = isInTarget ? targetView : scratchView;
  let codeAt = offset;
  for (let start = 0, to = offset + 1; ; start += PIECE_BYTES) {
    const piece = packetBytes <= PIECE_BYTES ? packet : packet.subarray(start, start + PIECE_BYTES);
    const pieceBytes = piece.length;
    if (!isInTarget) {
      scratch.set(piece);
    }
    target.set(piece, to);
    const searchedFrom = isInTarget ? to : 0;
    let end = to + pieceBytes;
    for (let searched = 0; searched < pieceBytes; searched += SEARCHED_BYTES) {
      let zeros = zerosIn(view, searchedFrom + searched);
      if (pieceBytes - searched < SEARCHED_BYTES) {
        // The bytes that follow do not belong to this packet.
        zeros &= (1 << (pieceBytes - searched)) - 1;
      }
      while (zeros !== 0) {
        let zeroAt = to + searched + 31 - Math.clz32(zeros & -zeros);
        zeros &= zeros - 1;
        if (zeroAt - codeAt > FULL_BLOCK_BYTES) {
          const fullBlocks = Math.floor((zeroAt - codeAt - 1) / FULL_BLOCK_BYTES);
          codeAt = insertFullBlocks(target, codeAt, fullBlocks, end);
          zeroAt += fullBlocks;
          to += fullBlocks;
          end += fullBlocks;
        }
        target[codeAt] = zeroAt - codeAt;
        codeAt = zeroAt;
      }
    }
    if (end - codeAt > FULL_BLOCK) {
      const fullBlocks = Math.ceil((end - codeAt - 1) / FULL_BLOCK_BYTES) - 1;
      codeAt = insertFullBlocks(target, codeAt, fullBlocks, end);
      end += fullBlocks;
    }
    if (start + pieceBytes === packetBytes) {
      target[codeAt] = end - codeAt;
      return end;
    }
    to = end;
  }
}

/** Inserts the codes of full blocks from `codeAt` on, moving up the bytes to `end`. Returns where the next code goes. */
function insertFullBlocks(target: Uint8Array, codeAt: number, count: number, end: number): number {
  let at = codeAt;
  for (let inserted = 0; inserted < count; inserted++) {
    target[at] = FULL_BLOCK;
    at += FULL_BLOCK;
    target.copyWithin(at + 1, at, end + inserted);
  }
  return at;
}

/** The zeros among 32 bytes, as bits: the lowest bit is the byte at `start`. */
function zerosIn(view: DataView, start: number): number {
  return (
    zerosInWord(view, start) |
    (zerosInWord(view, start + 4) << 4) |
    (zerosInWord(view, start + 8) << 8) |
    (zerosInWord(view, start + 12) << 12) |
    (zerosInWord(view, start + 16) << 16) |
    (zerosInWord(view, start + 20) << 20) |
    (zerosInWord(view, start + 24) << 24) |
    (zerosInWord(view, start + 28) << 28)
  );
}

function zerosInWord(view: DataView, start: number): number {
  const word = view.getInt32(start, true);
  // The top bits of the zero bytes. In any other byte, the top bit is set, or the addition carries into it.
  const topBits = ~(((word & 0x7f7f7f7f) + 0x7f7f7f7f) | 0 | word | 0x7f7f7f7f);
  // The multiplication gathers the four bits.
  return (Math.imul(topBits >>> 7, 0x01020408) >>> 24) & 15;
}

/**
 * Decodes one frame, without the delimiter. Also accepts the redundant `01` that some encoders write after a last block
 * of 254 bytes.
 *
 * @returns a new array with only the packet; like a short `Buffer`, it may be part of a longer `ArrayBuffer`
 * @throws FrameError (`MALFORMED_FRAME`) if the frame is empty, ends inside a block, or contains a zero
 */
export function cobsDecode(frame: Uint8Array): Uint8Array {
  const end = frame.length;
  if (end === 0) {
    throw new FrameError('cobsDecode: the frame is empty; the frame of an empty packet is 01');
  }
  const zeroAt = indexOfZero(frame, 0);
  if (zeroAt !== -1) {
    throw new FrameError(`cobsDecode: zero byte at index ${zeroAt} of ${end}; pass one frame without its delimiter`);
  }
  const packet = decodeSpan(asUint8Array(frame), 0, end);
  if (packet === undefined) {
    throw new FrameError(`cobsDecode: the frame of ${end} bytes ends inside a block: bytes were lost or changed`);
  }
  return packet;
}

/** Index of the first zero from `start` on, or -1. `Buffer` searches many times faster than `Uint8Array`. */
export function indexOfZero(bytes: Uint8Array, start: number): number {
  return indexOf.call(bytes, 0, start);
}

/** The same memory as a plain `Uint8Array`, because copies of a `Buffer` are Buffers. */
export function asUint8Array(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * Decodes the frame from `start` to `end`, which must not be empty or contain a zero.
 *
 * Apart from the codes of full blocks, a frame is its packet shifted by one byte, with codes instead of zeros. So it is
 * copied as a whole, and then only the codes are visited.
 *
 * @returns a new array with only the packet, or `undefined` if the frame ends inside a block
 */
export function decodeSpan(source: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const code = source[start]!;
  const copyBytes = end - start - 1;
  if (isShared(copyBytes)) {
    const slab = slabFor(copyBytes + 1);
    slab.bytes.set(end - start === source.length ? source : source.subarray(start, end), slab.used);
    slab.used++;
    const packetEnd = restoreZeros(slab.bytes, slab.used, slab.used + copyBytes, code);
    return packetEnd === undefined ? undefined : slab.take(packetEnd - slab.used);
  }
  const packet = slice.call(source, start + 1, end);
  const packetEnd = restoreZeros(packet, 0, copyBytes, code);
  return packetEnd === copyBytes ? packet : packetEnd === undefined ? undefined : packet.subarray(0, packetEnd);
}

/**
 * As {@link decodeSpan}, for the frame at the beginning of `source`, but without a copy: the frame is overwritten.
 *
 * @returns a view of `source` with only the packet, or `undefined` if the frame ends inside a block
 */
export function decodeInPlace(source: Uint8Array, end: number): Uint8Array | undefined {
  const packetEnd = restoreZeros(source, 1, end, source[0]!);
  return packetEnd === undefined ? undefined : source.subarray(1, packetEnd);
}

/**
 * Turns the bytes of a frame after its first code into its packet, in place.
 *
 * @returns index of the byte after the packet, or `undefined` if the frame ends inside a block
 */
function restoreZeros(bytes: Uint8Array, start: number, end: number, firstCode: number): number | undefined {
  let code = firstCode;
  let codeAt = start + code - 1;
  // The bytes from `unmoved` on must move down by one for each code of a full block so far.
  let unmoved = start;
  let fullBlocks = 0;
  while (codeAt < end) {
    const isFull = code === FULL_BLOCK;
    code = bytes[codeAt]!;
    if (isFull) {
      if (fullBlocks > 0) {
        bytes.copyWithin(unmoved - fullBlocks, unmoved, codeAt);
      }
      fullBlocks++;
      unmoved = codeAt + 1;
    } else {
      bytes[codeAt] = 0;
    }
    codeAt += code;
  }
  if (codeAt !== end) {
    return undefined;
  }
  if (fullBlocks > 0) {
    bytes.copyWithin(unmoved - fullBlocks, unmoved, end);
  }
  return end - fullBlocks;
}
