import { FrameError } from '../errors.js';

/**
 * Consistent Overhead Byte Stuffing: S. Cheshire and M. Baker, "Consistent Overhead Byte Stuffing",
 * IEEE/ACM Transactions on Networking 7(2), 1999. A frame holds no zero byte, so that a zero can end it.
 *
 * A block is a code byte, 1 to 255, and the `code - 1` bytes after it; unless the code is 255, or the block is the
 * last, it also stands for one zero after those bytes.
 */
const FULL_BLOCK = 255;

/** Spans of this many bytes and more are searched and copied by the engine; shorter ones are cheaper byte by byte. */
const LONG_SPAN_BYTES = 48;

/**
 * The length of the longest frame that a packet of `packetBytes` bytes can make, without its delimiter.
 *
 * @param packetBytes - length of the packet, in bytes
 */
export function cobsMaxEncodedLength(packetBytes: number): number {
  return packetBytes === 0 ? 1 : packetBytes + Math.ceil(packetBytes / 254);
}

/**
 * Encodes a packet as a frame, without its delimiter. The encoding is canonical: an empty packet is `01`, and a last
 * block of 254 non-zero bytes is not followed by `01`.
 *
 * @returns a new array that holds just the frame
 */
export function cobsEncode(packet: Uint8Array): Uint8Array {
  const frame = new Uint8Array(cobsMaxEncodedLength(packet.length));
  const length = cobsEncodeInto(packet, frame, 0);
  return length === frame.length ? frame : frame.slice(0, length);
}

/**
 * Encodes a packet as a frame, without its delimiter, into memory of the caller's.
 *
 * @param target - where the frame goes; must have {@link cobsMaxEncodedLength} bytes of room from `offset`, and must
 *   not share memory with the packet
 * @param offset - index in `target` of the first byte of the frame
 * @returns index in `target` of the byte after the frame
 * @throws RangeError if `target` is too small; nothing has been written then
 */
export function cobsEncodeInto(packet: Uint8Array, target: Uint8Array, offset: number): number {
  const end = packet.length;
  if (!Number.isInteger(offset) || offset < 0 || offset + cobsMaxEncodedLength(end) > target.length) {
    throw new RangeError(
      `cobsEncodeInto: a packet of ${end} bytes needs ${cobsMaxEncodedLength(end)} bytes from offset ${offset}, ` +
        `but the target has ${target.length} bytes`,
    );
  }
  let codeAt = offset;
  let to = offset + 1;
  let from = 0;
  let code = 1;
  while (from < end) {
    const byte = packet[from++]!;
    if (byte !== 0) {
      target[to++] = byte;
      code++;
      if (code !== FULL_BLOCK || from === end) {
        continue;
      }
    }
    target[codeAt] = code;
    codeAt = to++;
    code = 1;
  }
  target[codeAt] = code;
  return to;
}

/**
 * Decodes one frame, without its delimiter. Accepts, besides the canonical form, the `01` that some encoders write
 * after a last block of 254 bytes.
 *
 * @returns a new array that holds just the packet
 * @throws FrameError (`MALFORMED_FRAME`) if the frame is empty, ends inside a block, or holds a zero
 */
export function cobsDecode(frame: Uint8Array): Uint8Array {
  const end = frame.length;
  if (end === 0) {
    throw new FrameError('cobsDecode: the frame is empty; an empty packet is the frame 01');
  }
  const zeroAt = frame.indexOf(0);
  if (zeroAt !== -1) {
    throw new FrameError(`cobsDecode: zero byte at index ${zeroAt} of ${end}; pass one frame, without its delimiter`);
  }
  const packet = decodeSpan(frame, 0, end);
  if (packet === undefined) {
    throw new FrameError(`cobsDecode: the frame of ${end} bytes ends inside a block; bytes were lost or changed`);
  }
  return packet;
}

/**
 * Decodes the frame from `start` to `end`, which is not empty and holds no zero.
 *
 * @returns a new array that holds just the packet, or `undefined` if the frame ends inside a block
 */
export function decodeSpan(source: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const packetBytes = decodedLength(source, start, end);
  if (packetBytes === undefined) {
    return undefined;
  }
  const packet = new Uint8Array(packetBytes);
  let from = start;
  let to = 0;
  for (;;) {
    const code = source[from++]!;
    const blockEnd = from + code - 1;
    if (code > LONG_SPAN_BYTES) {
      packet.set(source.subarray(from, blockEnd), to);
      to += code - 1;
      from = blockEnd;
    } else {
      while (from < blockEnd) {
        packet[to++] = source[from++]!;
      }
    }
    if (from === end) {
      return packet;
    }
    // A fresh array is zeroed already.
    if (code !== FULL_BLOCK) {
      to++;
    }
  }
}

/** The length of the packet in the frame from `start` to `end`, or `undefined` if the frame ends inside a block. */
function decodedLength(source: Uint8Array, start: number, end: number): number | undefined {
  let from = start;
  let fullBlocks = 0;
  let code = 0;
  while (from < end) {
    code = source[from]!;
    from += code;
    if (code === FULL_BLOCK) {
      fullBlocks++;
    }
  }
  if (from !== end) {
    return undefined;
  }
  // Each code byte but that of a full block stands for one byte of the packet; the last block's stands for none.
  return end - start - fullBlocks - (code === FULL_BLOCK ? 0 : 1);
}
