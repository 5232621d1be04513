// The packets that all streams consist of. peers/common.h generates the same ones, so that neither end trusts the other.

/** Number of different packets in a stream. It is prime, so that a lost packet shifts all that follow. */
const POOL_PACKETS = 251;
const POOL_ZEROS = 256;
const POOL_SEED = 2_463_534_242;

/** Returns pseudo-random bytes, on average one zero in `zeros`. */
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

/** Returns packets of one size, each in its own memory. */
export function randomPackets(count, packetBytes, zeros) {
  const bytes = randomBytes(count * packetBytes, zeros);
  return Array.from({ length: count }, (_, index) => bytes.slice(index * packetBytes, (index + 1) * packetBytes));
}

/** Returns the packets that all streams of this packet size consist of. */
export function packetPool(packetBytes) {
  return randomPackets(POOL_PACKETS, packetBytes, POOL_ZEROS);
}

/** Returns whether both contain the same bytes. */
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
