import cobs from 'cobs';
import {
  type Checksum,
  type ChecksumName,
  FrameDecoder,
  type FrameDecoderOptions,
  type RejectedFrame,
} from '../../src/index.js';
import { bitwiseCrc, CRC16_CCITT_FALSE, CRC16_XMODEM, CRC32_ISO_HDLC } from './bitwise-crc.js';

export type Result = Uint8Array | RejectedFrame;

/** CRC-16/XMODEM, most significant byte first, as in the serial framing of MCUboot. */
export const xmodem: Checksum = {
  bytes: 2,
  compute(packet) {
    const crc = bitwiseCrc(CRC16_XMODEM, packet);
    return Uint8Array.of(crc >>> 8, crc & 0xff);
  },
};

/** The results of a decoder for these chunks, taken after each one. */
export function decodeAll(chunks: Iterable<Uint8Array>, options?: FrameDecoderOptions): Result[] {
  return run(new FrameDecoder(options), chunks);
}

/** As {@link decodeAll}, with a decoder that may have received bytes before. */
export function run(decoder: FrameDecoder, chunks: Iterable<Uint8Array>): Result[] {
  const results: Result[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let result = decoder.next(); result !== undefined; result = decoder.next()) {
      results.push(result);
    }
  }
  return results;
}

/** The results that a decoder must give for a stream, computed the slow way: from the whole stream, with npm `cobs`. */
export function expectedResults(stream: Uint8Array, options: Required<FrameDecoderOptions>): Result[] {
  const results: Result[] = [];
  let start = 0;
  for (let end = stream.indexOf(0); end !== -1; end = stream.indexOf(0, start)) {
    const frame = stream.slice(start, end);
    const isFirst = start === 0;
    start = end + 1;
    if (frame.length > 0 && !(isFirst && options.skipFirst)) {
      const result = expectedResult(frame, options);
      results.push(
        typeof result === 'string' ? { reason: result, wireBytes: frame.length, head: frame.slice(0, 64) } : result,
      );
    }
  }
  return results;
}

function expectedResult(
  frame: Uint8Array,
  options: Required<FrameDecoderOptions>,
): Uint8Array | RejectedFrame['reason'] {
  const checksumBytes = checksumOf(new Uint8Array(0), options.checksum).length;
  let at = 0;
  while (at < frame.length) {
    at += frame[at]!;
  }
  const limit = options.maxPacketBytes + checksumBytes;
  const decoded = cobs.decode(Buffer.from(frame));
  // npm cobs fills up a truncated frame with zeros.
  const isTruncated = at > frame.length;
  // A frame is too long by its length alone if no packet within the limit has such a long frame.
  if (frame.length > limit + Math.floor(limit / 254) + 1) {
    return 'too-long';
  }
  if (isTruncated) {
    return 'malformed';
  }
  if (decoded.length > limit) {
    return 'too-long';
  }
  const packet = decoded.subarray(0, Math.max(0, decoded.length - checksumBytes));
  const found = decoded.subarray(packet.length);
  if (!found.equals(checksumOf(packet, options.checksum))) {
    return 'checksum';
  }
  return packet.length < options.minPacketBytes ? 'too-short' : new Uint8Array(packet);
}

function checksumOf(packet: Uint8Array, checksum: ChecksumName | Checksum): Uint8Array {
  switch (checksum) {
    case 'none':
      return new Uint8Array(0);
    case 'crc16': {
      const crc = bitwiseCrc(CRC16_CCITT_FALSE, packet);
      return Uint8Array.of(crc >>> 8, crc & 0xff);
    }
    case 'crc32': {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(bitwiseCrc(CRC32_ISO_HDLC, packet));
      return bytes;
    }
    default:
      return checksum.compute(packet);
  }
}
