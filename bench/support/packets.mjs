// The packets that streams consist of: the same as in peers/common.h, made again here so that neither end trusts the other.

/** Streams cycle through so many different packets. It is prime, so that one lost packet shifts all that follow. */
const POOL_PACKETS = 251;
const POOL_ZEROS = 256;
const POOL_SEED = 2_463_534_242;

/** Bytes of which one in `zeros` is a zero on average. */
export function randomBytes(length, zeros, seed = POOL_SEED) {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let index = 0; index < length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    bytes[index] = (state >>> 8) % zeros === 0 ? 0 : 1 + ((state & 0xff) % 255);
  }
  return bytes;
}

/** That many packets of one size, each with memory of its own. */
export function randomPackets(count, packetBytes, zeros) {
  const bytes = randomBytes(count * packetBytes, zeros);
  return Array.from({ length: count }, (_, index) => bytes.slice(index * packetBytes, (index + 1) * packetBytes));
}

/** The packets that all streams of that packet size consist of. */
export function packetPool(packetBytes) {
  return randomPackets(POOL_PACKETS, packetBytes, POOL_ZEROS);
}

/** Whether both hold the same bytes. */
export function sameBytes(left, right) {
  if (left.length !== right.length) {
    return false;
  }
  if (left.length > 128) {
    return Buffer.compare(left, right) === 0;
  }
  for (let index = 0; index < left.length; index++) {
    if (left[index] !== right[index]) {
      return false;
    }
  }
  return true;
}
