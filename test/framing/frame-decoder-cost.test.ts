import { describe, expect, test } from 'vitest';
import { cobsEncode, FrameDecoder } from '../../src/index.js';
import { MiB, usedBytes } from '../support/memory.js';
import { randomBytes, randomNumbers } from '../support/random.js';

function drain(decoder: FrameDecoder): number {
  let results = 0;
  while (decoder.next() !== undefined) {
    results++;
  }
  return results;
}

/** CPU time of this process in microseconds. */
function cpuTimeOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

describe('the time is linear in the number of bytes', () => {
  /** Sixteen times as many bytes must take about sixteen times as long; quadratic time would be 256 times as long. */
  const expectLinear = (work: (bytes: number) => void, bytes: number) => {
    work(bytes);
    // Other work of the machine can slow down a whole run, so each long one is compared with the short one just before it.
    const ratios = Array.from({ length: 5 }, () => {
      const short = cpuTimeOf(() => work(bytes));
      return cpuTimeOf(() => work(16 * bytes)) / short;
    });
    expect(Math.min(...ratios)).toBeLessThan(48);
  };

  const oneFrame = (bytes: number) => Buffer.concat([cobsEncode(new Uint8Array(bytes).fill(1)), Buffer.of(0)]);

  test('for one frame that arrives byte by byte', () => {
    expectLinear((bytes) => {
      const stream = oneFrame(bytes);
      const decoder = new FrameDecoder({ maxPacketBytes: bytes });
      let results = 0;
      for (let at = 0; at < stream.length; at++) {
        decoder.push(stream.subarray(at, at + 1));
        results += drain(decoder);
      }
      expect(results).toBe(1);
    }, 32_768);
  });

  test('for one frame whose bytes are all pushed before the first result is taken', () => {
    expectLinear((bytes) => {
      const stream = oneFrame(bytes);
      const decoder = new FrameDecoder({ maxPacketBytes: bytes });
      for (let at = 0; at < stream.length; at++) {
        decoder.push(stream.subarray(at, at + 1));
      }
      expect(drain(decoder)).toBe(1);
    }, 32_768);
  });

  test('for a frame that is too long', () => {
    expectLinear((bytes) => {
      const stream = oneFrame(bytes);
      const decoder = new FrameDecoder({ maxPacketBytes: 100 });
      for (let at = 0; at < stream.length; at += 16) {
        decoder.push(stream.subarray(at, at + 16));
        drain(decoder);
      }
      expect(decoder.rejectedBytes).toBe(stream.length - 1);
    }, 262_144);
  });

  test('for many frames in one chunk', () => {
    expectLinear((bytes) => {
      const stream = new Uint8Array(bytes).fill(0);
      for (let at = 0; at + 1 < bytes; at += 8) {
        stream.set([3, 1, 1], at);
      }
      const decoder = new FrameDecoder();
      decoder.push(stream);
      expect(drain(decoder)).toBe(bytes / 8);
    }, 65_536);
  });
});

describe('the memory is bounded by maxPacketBytes', () => {
  const random = randomNumbers(1);
  const withZeros = Buffer.from(randomBytes(MiB, random));
  const withoutZeros = Buffer.from(withZeros.map((byte) => byte || 1));
  const valid = Buffer.concat(
    Array.from({ length: 1_000 }, () => Buffer.concat([cobsEncode(randomBytes(1_000, random)), Buffer.of(0)])),
  );

  test.each([
    ['noise', withZeros],
    ['noise without a delimiter', withoutZeros],
    ['valid frames', valid],
    ['delimiters', Buffer.alloc(MiB / 8)],
  ])('%s', (_what, data) => {
    const decoder = new FrameDecoder();
    const feed = (times: number) => {
      for (let time = 0; time < times; time++) {
        for (let at = 0; at < data.length; at += 16_384) {
          decoder.push(data.subarray(at, at + 16_384));
          drain(decoder);
        }
      }
    };
    feed(10);
    const before = usedBytes();
    feed(100);
    expect(usedBytes() - before).toBeLessThan(16 * MiB);
    const { acceptedBytes, rejectedBytes, delimiters, unfinishedBytes } = decoder;
    expect(acceptedBytes + rejectedBytes + delimiters + unfinishedBytes).toBe(110 * data.length);
  });

  test('for a frame that does not end', () => {
    const decoders = Array.from({ length: 64 }, () => new FrameDecoder({ maxPacketBytes: 65_536 }));
    const before = usedBytes();
    for (const decoder of decoders) {
      decoder.push(withoutZeros);
      drain(decoder);
    }
    // Each has received 1 MiB, and may keep one largest frame.
    expect(usedBytes() - before).toBeLessThan(64 * 70_000);
    expect(decoders.every((decoder) => decoder.unfinishedBytes === MiB)).toBe(true);
  });

  test('and a large buffer is not kept after its frame', () => {
    const block = new Uint8Array(255).fill(1).fill(255, 0, 1);
    const blocks = 32_768;
    const decoder = new FrameDecoder({ maxPacketBytes: blocks * 254 });
    const before = usedBytes();
    for (let count = 0; count < blocks; count++) {
      decoder.push(block);
      drain(decoder);
    }
    // Right before and after: meanwhile, the heap may have lost code that is no longer needed.
    const unfinished = usedBytes();
    decoder.push(Uint8Array.of(0));
    expect(drain(decoder)).toBe(1);
    const finished = usedBytes();
    expect(decoder.acceptedBytes).toBe(blocks * 255);
    expect(unfinished - finished).toBeGreaterThan(7 * MiB);
    expect(finished - before).toBeLessThan(MiB);
  });
});
