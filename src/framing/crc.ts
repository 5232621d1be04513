import { crc32 as zlibCrc32 } from 'node:zlib';

/** Up to this length, `crc32` of zlib takes longer to call than the table does to use. */
const TABLE_BYTES = 128;

/** For four bytes at a time: entry `256 * k + byte` is what `byte` adds to a checksum that `k` more bytes follow. */
const CRC16_TABLE = new Uint16Array(4 * 256);
const CRC32_TABLE = new Uint32Array(4 * 256);

for (let byte = 0; byte < 256; byte++) {
  let crc16 = byte << 8;
  let crc32 = byte;
  for (let bit = 0; bit < 8; bit++) {
    crc16 = (crc16 << 1) ^ (crc16 & 0x8000 ? 0x1021 : 0);
    crc32 = (crc32 >>> 1) ^ (crc32 & 1 ? 0xedb88320 : 0);
  }
  CRC16_TABLE[byte] = crc16;
  CRC32_TABLE[byte] = crc32;
}
for (let index = 256; index < 4 * 256; index++) {
  const crc16 = CRC16_TABLE[index - 256]!;
  const crc32 = CRC32_TABLE[index - 256]!;
  CRC16_TABLE[index] = (crc16 << 8) ^ CRC16_TABLE[crc16 >>> 8]!;
  CRC32_TABLE[index] = (crc32 >>> 8) ^ CRC32_TABLE[crc32 & 0xff]!;
}

/** CRC-16/CCITT-FALSE of `data[0, end)`: polynomial 1021, initial value ffff, not reflected. */
export function crc16(data: Uint8Array, end: number): number {
  let crc = 0xffff;
  let at = 0;
  for (; at + 4 <= end; at += 4) {
    crc =
      CRC16_TABLE[768 + ((crc >>> 8) ^ data[at]!)]! ^
      CRC16_TABLE[512 + ((crc & 0xff) ^ data[at + 1]!)]! ^
      CRC16_TABLE[256 + data[at + 2]!]! ^
      CRC16_TABLE[data[at + 3]!]!;
  }
  for (; at < end; at++) {
    crc = ((crc << 8) & 0xff00) ^ CRC16_TABLE[(crc >>> 8) ^ data[at]!]!;
  }
  return crc;
}

/** Writes a CRC-32 of `data[0, end)` to the four bytes at `end`, least significant byte first. */
export function appendCrc32(data: Uint8Array, end: number, start?: number): void {
  const crc = crc32(data, end, start);
  data[end] = crc;
  data[end + 1] = crc >>> 8;
  data[end + 2] = crc >>> 16;
  data[end + 3] = crc >>> 24;
}

/** Whether the four bytes at `end` are the CRC-32 of `data[0, end)`, least significant byte first. */
export function hasCrc32(data: Uint8Array, end: number, start?: number): boolean {
  return (
    (data[end]! | (data[end + 1]! << 8) | (data[end + 2]! << 16) | (data[end + 3]! << 24)) ===
    (crc32(data, end, start) | 0)
  );
}

/**
 * CRC-32/ISO-HDLC of `data[0, end)`: polynomial 04c11db7, final XOR ffffffff, reflected.
 *
 * @param start - initial value, unsigned. That of CRC-32/ISO-HDLC is ffffffff
 */
export function crc32(data: Uint8Array, end: number, start = 0xffffffff): number {
  if (end > TABLE_BYTES) {
    return zlibCrc32(end === data.length ? data : data.subarray(0, end), ~start >>> 0);
  }
  let crc = start;
  let at = 0;
  for (; at + 4 <= end; at += 4) {
    crc ^= data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
    crc =
      CRC32_TABLE[768 + (crc & 0xff)]! ^
      CRC32_TABLE[512 + ((crc >>> 8) & 0xff)]! ^
      CRC32_TABLE[256 + ((crc >>> 16) & 0xff)]! ^
      CRC32_TABLE[crc >>> 24]!;
  }
  for (; at < end; at++) {
    crc = (crc >>> 8) ^ CRC32_TABLE[(crc & 0xff) ^ data[at]!]!;
  }
  return ~crc >>> 0;
}

/** For each high byte of an entry of the table, which entry it is. No two have the same. */
const CRC32_ENTRY = new Uint8Array(256);

for (let entry = 0; entry < 256; entry++) {
  CRC32_ENTRY[CRC32_TABLE[entry]! >>> 24] = entry;
}

/** The initial value with which {@link crc32} of `data[0, end)` is `crc`: there is exactly one. */
export function crc32StartOf(data: Uint8Array, end: number, crc: number): number {
  let state = ~crc;
  for (let at = end - 1; at >= 0; at--) {
    const entry = CRC32_ENTRY[state >>> 24]!;
    state = ((state ^ CRC32_TABLE[entry]!) << 8) | (entry ^ data[at]!);
  }
  return state >>> 0;
}
