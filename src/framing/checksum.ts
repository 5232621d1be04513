import { crc32 } from 'node:zlib';
import crc16ccitt from 'crc/calculators/crc16ccitt';

/**
 * What stands behind each packet, inside its frame:
 * - `'none'`: nothing
 * - `'crc16'`: CRC-16/CCITT-FALSE, two bytes, big-endian (check value for `123456789`: `29b1`)
 * - `'crc32'`: CRC-32/ISO-HDLC, four bytes, little-endian (check value for `123456789`: `cbf43926`)
 */
export type ChecksumName = 'none' | 'crc16' | 'crc32';

/** A checksum as the framing uses it. */
export interface Checksum {
  /** Length on the wire, in bytes. */
  readonly bytes: number;
  /** Writes the checksum of `data[0, end)` behind it. */
  append(data: Uint8Array, end: number): void;
  /** Whether the bytes behind `data[0, end)` are its checksum. */
  verify(data: Uint8Array, end: number): boolean;
}

/** Every checksum by name. */
export const checksums: Readonly<Record<ChecksumName, Checksum>> = {
  none: {
    bytes: 0,
    append() {},
    verify: () => true,
  },
  crc16: checksum(2, crc16ccitt, (value, index) => value >>> (8 * (1 - index))),
  crc32: checksum(4, crc32, (value, index) => value >>> (8 * index)),
};

function checksum(
  bytes: number,
  compute: (data: Uint8Array) => number,
  byteAt: (value: number, index: number) => number,
): Checksum {
  return {
    bytes,
    append(data, end) {
      const value = compute(data.subarray(0, end));
      for (let index = 0; index < bytes; index++) {
        data[end + index] = byteAt(value, index);
      }
    },
    verify(data, end) {
      const value = compute(data.subarray(0, end));
      for (let index = 0; index < bytes; index++) {
        if (data[end + index] !== (byteAt(value, index) & 0xff)) {
          return false;
        }
      }
      return true;
    },
  };
}
