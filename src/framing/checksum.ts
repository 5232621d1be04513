import { InvalidArgumentError } from '../errors.js';
import { anInteger, describeValue, type OptionRule } from '../options.js';
import { appendCrc32, crc16, hasCrc32 } from './crc.js';

/**
 * The checksum appended to each packet, inside its frame:
 * - `'none'`: nothing
 * - `'crc16'`: CRC-16/CCITT-FALSE, two bytes, big-endian (check value for `123456789`: `29b1`)
 * - `'crc32'`: CRC-32/ISO-HDLC, four bytes, little-endian (check value for `123456789`: `cbf43926`)
 */
export type ChecksumName = 'none' | 'crc16' | 'crc32';

/**
 * A checksum of your own.
 *
 * @example
 * ```ts
 * // CRC-16/XMODEM, most significant byte first
 * const xmodem: Checksum = {
 *   bytes: 2,
 *   compute(packet) {
 *     const crc = crc16xmodem(packet);
 *     return Uint8Array.of(crc >>> 8, crc & 0xff);
 *   },
 * };
 * ```
 */
export interface Checksum {
  /** Size in bytes, 1 to 8. */
  readonly bytes: number;
  /**
   * Computes the checksum of a packet: `bytes` bytes, in the order in which they are sent. Called for each packet sent
   * and received. Must not change the packet or keep it. The result is copied, so it may be the same array each time.
   *
   * If it throws or returns anything else, a packet to be sent is rejected with InvalidArgumentError
   * (`INVALID_OPTION`), and a received frame is rejected as `checksum`, with this error.
   */
  compute(packet: Uint8Array): Uint8Array;
}

/** A checksum in the form that encoder, decoder and send queue use. */
export interface FrameChecksum {
  /** Size in bytes. */
  readonly bytes: number;
  /** Writes the checksum of `data[0, end)` to the bytes at `end`. */
  append(data: Uint8Array, end: number): void;
  /** Whether the bytes at `end` are the checksum of `data[0, end)`. */
  verify(data: Uint8Array, end: number): boolean;
}

/** A checksum of the library that is not in {@link ChecksumName}. Encoder and decoder use it without `compute`. */
export abstract class InternalChecksum implements Checksum, FrameChecksum {
  abstract readonly bytes: number;
  abstract append(data: Uint8Array, end: number): void;
  abstract verify(data: Uint8Array, end: number): boolean;

  compute(packet: Uint8Array): Uint8Array {
    return withChecksum(packet, this).subarray(packet.length);
  }
}

const CHECKSUMS: Readonly<Record<ChecksumName, FrameChecksum>> = {
  none: { bytes: 0, append() {}, verify: () => true },
  crc16: {
    bytes: 2,
    append(data, end) {
      const crc = crc16(data, end);
      data[end] = crc >>> 8;
      data[end + 1] = crc;
    },
    verify: (data, end) => ((data[end]! << 8) | data[end + 1]!) === crc16(data, end),
  },
  crc32: {
    bytes: 4,
    append: (data, end) => appendCrc32(data, end),
    verify: (data, end) => hasCrc32(data, end),
  },
};

export const CHECKSUM_NAMES = Object.keys(CHECKSUMS) as ChecksumName[];

const checksumSize = anInteger(1, 8);

export const aChecksum: OptionRule = {
  expected: `${CHECKSUM_NAMES.map(describeValue).join(', ')}, or an object with bytes (1 to 8) and compute`,
  accepts: (value) =>
    typeof value === 'string'
      ? Object.hasOwn(CHECKSUMS, value)
      : checksumSize.accepts((value as Checksum | null)?.bytes) && typeof (value as Checksum).compute === 'function',
};

/** @param checksum - must have passed {@link aChecksum} */
export function frameChecksum(checksum: ChecksumName | Checksum): FrameChecksum {
  if (typeof checksum === 'string') {
    return CHECKSUMS[checksum];
  }
  return checksum instanceof InternalChecksum ? checksum : fromObject(checksum);
}

/**
 * The packet followed by its checksum; the packet itself if it has none.
 *
 * @throws InvalidArgumentError (`INVALID_OPTION`) if the checksum is an object whose `compute` fails
 */
export function withChecksum(packet: Uint8Array, checksum: FrameChecksum): Uint8Array {
  if (checksum.bytes === 0) {
    return packet;
  }
  const joined = new Uint8Array(packet.length + checksum.bytes);
  joined.set(packet);
  checksum.append(joined, packet.length);
  return joined;
}

function fromObject(checksum: Checksum): FrameChecksum {
  const { bytes } = checksum;
  const compute = (data: Uint8Array, end: number): Uint8Array => {
    let result: Uint8Array;
    try {
      result = checksum.compute(data.subarray(0, end));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : describeValue(cause);
      throw new InvalidArgumentError('INVALID_OPTION', `checksum: compute failed: ${reason}`, { cause });
    }
    // By its tag, because a test environment may run in a realm with a Uint8Array of its own.
    const isBytes = result?.[Symbol.toStringTag] === 'Uint8Array';
    if (!isBytes || result.length !== bytes) {
      const found = isBytes ? `a Uint8Array of length ${result.length}` : describeValue(result);
      throw new InvalidArgumentError(
        'INVALID_OPTION',
        `checksum: compute returned ${found}; expected a Uint8Array of length ${bytes}`,
      );
    }
    return result;
  };
  return {
    bytes,
    append(data, end) {
      data.set(compute(data, end), end);
    },
    verify(data, end) {
      const sum = compute(data, end);
      for (let index = 0; index < bytes; index++) {
        if (sum[index] !== data[end + index]) {
          return false;
        }
      }
      return true;
    },
  };
}
