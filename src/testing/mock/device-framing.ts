import { crc32 } from 'node:zlib';
import { DelimiterParser } from '@serialport/parser-delimiter';
import cobs from 'cobs';
import type { Checksum, ChecksumName } from '../../framing/checksum.js';
import type { Rejection } from './device-wire.js';

/*
 * The framing of the device, made of npm `cobs` and serialport's `DelimiterParser`. It shares no code with the framing of
 * the library, so that a fault there meets an independent implementation. Known faults of the two are worked around.
 */

const FULL_BLOCK = 255;
const DELIMITER = Buffer.of(0);

const CHECKSUMS: Record<ChecksumName, Checksum> = {
  none: { bytes: 0, compute: () => Buffer.alloc(0) },
  crc16: {
    bytes: 2,
    compute(packet) {
      const bytes = Buffer.alloc(2);
      bytes.writeUInt16BE(crc16(packet));
      return bytes;
    },
  },
  crc32: {
    bytes: 4,
    compute(packet) {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(crc32(packet));
      return bytes;
    },
  },
};

/** CRC-16/CCITT-FALSE (polynomial 1021, initial value FFFF), bit by bit. */
function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
    }
  }
  return crc;
}

function checksumOf(checksum: ChecksumName | Checksum): Checksum {
  return typeof checksum === 'string' ? CHECKSUMS[checksum] : checksum;
}

/** Appends the checksum to a packet, encodes both, and appends the delimiter. */
export function encodeForWire(packet: Uint8Array, checksum: ChecksumName | Checksum): Buffer {
  const body = Buffer.from(packet);
  const frame = cobs.encode(Buffer.concat([body, checksumOf(checksum).compute(body)]));
  const end = hasRedundantBlock(frame) ? frame.length - 1 : frame.length;
  return Buffer.concat([frame.subarray(0, end), DELIMITER]);
}

/** Whether a frame ends with the redundant `01` that npm `cobs` writes after a final block of 254 bytes. */
function hasRedundantBlock(frame: Buffer): boolean {
  let code = 0;
  let previous = 0;
  for (let at = 0; at < frame.length; at += code) {
    previous = code;
    code = frame[at]!;
  }
  return code === 1 && previous === FULL_BLOCK;
}

/** Whether a frame ends at the end of a block. npm `cobs` does not check this. */
function endsWithBlock(frame: Buffer): boolean {
  let at = 0;
  while (at < frame.length) {
    at += frame[at]!;
  }
  return at === frame.length;
}

/** Finds packets in the bytes that the host writes. */
export class DeviceFraming {
  readonly #checksum: Checksum;
  readonly #maxDecodedBytes: number;
  readonly #maxFrameBytes: number;
  readonly #parser = new DelimiterParser({ delimiter: DELIMITER, readableObjectMode: true });
  #frameBytes = 0;
  #tooLong = false;

  constructor(maxPacketBytes: number, checksum: ChecksumName | Checksum) {
    this.#checksum = checksumOf(checksum);
    this.#maxDecodedBytes = maxPacketBytes + this.#checksum.bytes;
    this.#maxFrameBytes = this.#maxDecodedBytes + Math.floor(this.#maxDecodedBytes / 254) + 1;
  }

  /** Decodes bytes of any length. Yields each packet, or why a frame was rejected, in the order of the stream. */
  *push(bytes: Uint8Array): Generator<Uint8Array | Rejection> {
    for (let start = 0; start < bytes.length; ) {
      const delimiterAt = bytes.indexOf(0, start);
      const end = delimiterAt === -1 ? bytes.length : delimiterAt;
      this.#frameBytes += end - start;
      // The parser would keep an unfinished frame however long it gets.
      this.#tooLong ||= this.#frameBytes > this.#maxFrameBytes;
      if (!this.#tooLong) {
        this.#parser.write(Buffer.from(bytes.subarray(start, end)));
      }
      if (delimiterAt === -1) {
        return;
      }
      start = end + 1;
      this.#parser.write(DELIMITER);
      yield* this.#finishFrame();
    }
  }

  *#finishFrame(): Generator<Uint8Array | Rejection> {
    // The parser is never ended: it would push the unfinished frame.
    const frame: Buffer | null = this.#parser.read();
    const tooLong = this.#tooLong;
    this.#frameBytes = 0;
    this.#tooLong = false;
    if (tooLong) {
      yield 'too-long';
    } else if (frame !== null && frame.length > 0) {
      yield this.#decode(frame);
    }
  }

  #decode(frame: Buffer): Uint8Array | Rejection {
    if (!endsWithBlock(frame)) {
      return 'malformed';
    }
    const decoded = cobs.decode(frame);
    if (decoded.length > this.#maxDecodedBytes) {
      return 'too-long';
    }
    const packetBytes = decoded.length - this.#checksum.bytes;
    if (packetBytes < 0) {
      return 'checksum';
    }
    const packet = decoded.subarray(0, packetBytes);
    try {
      const expected = this.#checksum.compute(packet);
      return decoded.subarray(packetBytes).equals(expected) ? new Uint8Array(packet) : 'checksum';
    } catch {
      // The host must not take a failing checksum for a fault of its port.
      return 'checksum';
    }
  }
}
