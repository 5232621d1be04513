import type { Checksum, ChecksumName } from '../../src/index.js';
import { encodeForWire } from '../../src/testing/mock/device-framing.js';
import { randomBytes } from '../support/random.js';
import { pick, type Random } from './fuzz.js';

/** A packet: often short, often about as long as a COBS block, sometimes up to `maxBytes` long. */
export function randomPacket(random: Random, maxBytes = 3_000): Uint8Array {
  const length = Math.min(
    maxBytes,
    pick(random, [random(10), random(10), 250 + random(10), 505 + random(10), random(maxBytes)]),
  );
  switch (random(3)) {
    case 0:
      return randomBytes(length, random);
    case 1:
      return new Uint8Array(length).fill(pick(random, [0, 1, 255]));
    default:
      return randomBytes(length, random).map((byte) => byte || 1);
  }
}

/** Frames, noise, or both, with some bytes changed. */
export function randomStream(random: Random, checksum: ChecksumName | Checksum, maxBytes = 3_000): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let count = random(12); count >= 0; count--) {
    const part = random(3) === 0 ? noise(random) : encodeForWire(randomPacket(random, maxBytes), checksum);
    parts.push(random(2) === 0 ? part : mutate(random, part));
  }
  return mutate(random, Buffer.concat(parts), random(4));
}

/** Bytes that are not frames. */
function noise(random: Random): Uint8Array {
  const length = pick(random, [random(5), random(300), random(3_000)]);
  const values = pick(random, [[0, 1], [0, 1, 2, 255], [1, 255], [255], [0], []]);
  return values.length === 0 ? randomBytes(length, random) : Uint8Array.from({ length }, () => pick(random, values));
}

/** The same bytes with a number of changes, most of them small. */
function mutate(random: Random, bytes: Uint8Array, changes = 1 + random(3)): Uint8Array {
  let result = Buffer.from(bytes);
  for (let count = 0; count < changes && result.length > 0; count++) {
    const at = random(result.length);
    const end = Math.min(result.length, at + 1 + pick(random, [0, 0, random(5), random(300)]));
    const before = result.subarray(0, at);
    const part = result.subarray(at, end);
    const after = result.subarray(end);
    switch (random(8)) {
      case 0:
        result[at]! ^= 1 << random(8);
        break;
      case 1:
        result[at] = pick(random, [0, 1, 254, 255, random(256)]);
        break;
      case 2:
        result = Buffer.concat([before, after]);
        break;
      case 3:
        result = Buffer.concat([before, part, part, after]);
        break;
      case 4:
        result = Buffer.concat([before, randomBytes(end - at, random), part, after]);
        break;
      case 5:
        result = Buffer.concat([after, part, before]);
        break;
      case 6:
        result = Buffer.concat([before, Buffer.alloc(end - at), after]);
        break;
      default:
        result = before;
    }
  }
  return new Uint8Array(result);
}
