import { expect, test } from 'vitest';
import { type Checksum, type ChecksumName, FrameDecoder, type RejectedFrame } from '../../src/index.js';
import { expectedResults, xmodem } from '../framing/reference.js';
import { MiB, usedBytes } from '../support/memory.js';
import { chunksOf, expectSameResults, FUZZ_TIMEOUT_MS, fuzz, pick, type Random } from './fuzz.js';
import { randomStream } from './streams.js';

/** Pushes the chunks and takes the results, sometimes only after several chunks. Checks the counts each time. */
function decode(decoder: FrameDecoder, chunks: Uint8Array[], random: Random): (Uint8Array | RejectedFrame)[] {
  const results: (Uint8Array | RejectedFrame)[] = [];
  let pushedBytes = 0;
  for (const [index, chunk] of chunks.entries()) {
    decoder.push(chunk);
    pushedBytes += chunk.length;
    if (random(4) > 0 || index === chunks.length - 1) {
      for (let result = decoder.next(); result !== undefined; result = decoder.next()) {
        results.push(result);
      }
      const { acceptedBytes, rejectedBytes, skippedBytes, unfinishedBytes, delimiters } = decoder;
      if (acceptedBytes + rejectedBytes + skippedBytes + unfinishedBytes + delimiters !== pushedBytes) {
        expect.unreachable(`after ${pushedBytes} bytes the counts do not add up`);
      }
    }
  }
  return results;
}

test(
  'the decoder gives the results of the reference, however the stream is cut, and its memory does not grow',
  async () => {
    let before: number | undefined;
    let cases = 0;
    await fuzz('decoder', (random) => {
      const options = {
        maxPacketBytes: pick(random, [
          0,
          1,
          4,
          253,
          254,
          255,
          508,
          random(3_000),
          65_536,
          random(20) === 0 ? 200_000 : 65_536,
        ]),
        minPacketBytes: random(4) === 0 ? random(4) : 0,
        checksum: pick<ChecksumName | Checksum>(random, ['none', 'crc16', 'crc32', xmodem]),
        skipFirst: random(4) === 0,
      };
      const checksum = pick<ChecksumName | Checksum>(random, [options.checksum, 'none', 'crc16']);
      const longestBytes = options.maxPacketBytes > 65_536 ? options.maxPacketBytes : 3_000;
      const stream = randomStream(random, checksum, longestBytes);
      const expected = expectedResults(stream, options);
      expectSameResults(decode(new FrameDecoder(options), [stream], random), expected);
      expectSameResults(decode(new FrameDecoder(options), chunksOf(random, stream), random), expected);
      if (++cases === 20) {
        before = usedBytes();
      }
    });
    if (before !== undefined) {
      expect(usedBytes() - before).toBeLessThan(16 * MiB);
    }
  },
  FUZZ_TIMEOUT_MS,
);
