import { crc32 } from 'node:zlib';
import cobs from 'cobs';
import crc16ccitt from 'crc/calculators/crc16ccitt';
import { FrameDecoder, type FrameDecoderOptions, type RejectedFrame } from '../../src/index.js';

export type Result = Uint8Array | RejectedFrame;

/** What a decoder gives for these chunks, taken out after each one. */
export function decodeAll(chunks: Iterable<Uint8Array>, options?: FrameDecoderOptions): Result[] {
  return run(new FrameDecoder(options), chunks);
}

/** As {@link decodeAll}, of a decoder that may have begun already. */
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

/** What a decoder must give for a stream, worked out the slow way: with npm `cobs`, and all of the stream at once. */
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
  const checksumBytes = { none: 0, crc16: 2, crc32: 4 }[options.checksum];
  let at = 0;
  while (at < frame.length) {
    at += frame[at]!;
  }
  const limit = options.maxPacketBytes + checksumBytes;
  const decoded = cobs.decode(Buffer.from(frame));
  // What npm cobs fills up at the end of a truncated frame is not there.
  const isTruncated = at > frame.length;
  // A frame is too long by its length alone where no packet of the limit can make it so long.
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
  return found.equals(checksumOf(packet, options.checksum)) ? new Uint8Array(packet) : 'checksum';
}

function checksumOf(packet: Buffer, name: Required<FrameDecoderOptions>['checksum']): Buffer {
  switch (name) {
    case 'none':
      return Buffer.alloc(0);
    case 'crc16': {
      const value = crc16ccitt(packet);
      return Buffer.of(value >>> 8, value & 0xff);
    }
    case 'crc32': {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(crc32(packet));
      return bytes;
    }
  }
}
