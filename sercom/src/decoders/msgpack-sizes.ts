import { checkDepth, MAX_DEPTH, TruncatedPacketError } from './limits.js';

/** How many bytes follow the type byte of a value that is neither an array nor a map, from c0 to df. */
const FIXED_BYTES: Readonly<Record<number, number>> = {
  202: 4,
  203: 8,
  204: 1,
  205: 2,
  206: 4,
  207: 8,
  208: 1,
  209: 2,
  210: 4,
  211: 8,
  212: 2,
  213: 3,
  214: 5,
  215: 9,
  216: 17,
};

/** The types that state their number of bytes: how long that number is, and how many bytes follow besides. */
const SIZED: Readonly<Record<number, readonly [sizeBytes: 1 | 2 | 4, extraBytes: number]>> = {
  196: [1, 0],
  197: [2, 0],
  198: [4, 0],
  199: [1, 1],
  200: [2, 1],
  201: [4, 1],
  217: [1, 0],
  218: [2, 0],
  219: [4, 0],
};

/**
 * Checks the sizes that a MessagePack packet claims, without allocating anything: the package reserves room for all
 * elements of an array at once, and arrays can be nested. Every element needs at least one byte, so a packet cannot hold
 * more elements than bytes, over all levels together. Other errors are left to the decoder.
 *
 * @throws Error if the packet is too short for what it claims, or its values are nested too deep
 */
export function checkMsgpackSizes(packet: Uint8Array): void {
  const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
  /** How many values each level still lacks. */
  const missing = new Float64Array(MAX_DEPTH + 2);
  missing[0] = 1;
  let depth = 0;
  /** The sum of `missing`. */
  let allMissing = 1;
  for (let at = 0; allMissing > 0; ) {
    if (allMissing > bytes.length - at) {
      throw new TruncatedPacketError(packet);
    }
    const type = bytes[at++]!;
    allMissing--;
    missing[depth]!--;
    const values = valuesIn(type, bytes, at);
    if (values > 0) {
      checkDepth(++depth);
      missing[depth] = values;
      allMissing += values;
    }
    at += bytesAfter(type, bytes, at);
    while (depth > 0 && missing[depth] === 0) {
      depth--;
    }
  }
}

/** How many values an array or map has, keys included; 0 for all else. */
function valuesIn(type: number, bytes: Buffer, at: number): number {
  switch (type >> 4) {
    case 0x8:
      return 2 * (type & 0xf);
    case 0x9:
      return type & 0xf;
  }
  switch (type) {
    case 0xdc:
      return sizeAt(bytes, at, 2);
    case 0xdd:
      return sizeAt(bytes, at, 4);
    case 0xde:
      return 2 * sizeAt(bytes, at, 2);
    case 0xdf:
      return 2 * sizeAt(bytes, at, 4);
    default:
      return 0;
  }
}

/** How many bytes follow the type byte, without the elements of an array or map. */
function bytesAfter(type: number, bytes: Buffer, at: number): number {
  if (type >= 0xa0 && type < 0xc0) {
    return type & 0x1f;
  }
  if (type >= 0xdc && type <= 0xdf) {
    return type % 2 === 0 ? 2 : 4;
  }
  const sized = SIZED[type];
  return sized === undefined ? (FIXED_BYTES[type] ?? 0) : sized[0] + sized[1] + sizeAt(bytes, at, sized[0]);
}

/** A size, big-endian. */
function sizeAt(bytes: Buffer, at: number, sizeBytes: 1 | 2 | 4): number {
  if (at + sizeBytes > bytes.length) {
    throw new TruncatedPacketError(bytes);
  }
  return bytes.readUIntBE(at, sizeBytes);
}
