import { describe, expect, test } from 'vitest';
import { type Checksum, type ChecksumName, FrameDecoder, FrameEncoder, type RejectedFrame } from '../../src/index.js';
import { expectSameResults } from '../fuzz/fuzz.js';
import { randomBytes, randomNumbers } from '../support/random.js';
import { decodeAll, run, xmodem } from './reference.js';

/*
 * A frame that spans chunks and is longer than 64 KiB is decoded in the buffer that collected it, and that buffer is
 * handed over with its packet. Nothing may write to it afterwards, and a rejected frame must still show its beginning.
 */

const LARGE = 65_537;

const random = randomNumbers(64);
const filled = (length: number, value: number) => new Uint8Array(length).fill(value);
const sparseZeros = (length: number) => randomBytes(length, random);

const PACKETS: [string, Uint8Array][] = [
  ['no zeros', filled(LARGE, 1)],
  ['only zeros', filled(LARGE, 0)],
  ['sparse zeros', sparseZeros(100_000)],
  ['full blocks only', filled(254 * 300, 255)],
  ['several doublings', sparseZeros(300_000)],
];

function chunks(stream: Uint8Array, chunkBytes: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(stream.length / chunkBytes) }, (_, index) =>
    stream.slice(index * chunkBytes, (index + 1) * chunkBytes),
  );
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

describe.each<[string, ChecksumName | Checksum]>([
  ['none', 'none'],
  ['crc16', 'crc16'],
  ['crc32', 'crc32'],
  ['an object', xmodem],
])('with checksum %s', (_, checksum) => {
  const encoder = new FrameEncoder({ checksum });

  test.each(PACKETS)('decodes a packet of %s', (_name, packet) => {
    const stream = joined(encoder.encode(packet), encoder.encode(Uint8Array.of(7)));
    for (const chunkBytes of [333, 4_096, 65_536, stream.length - 5]) {
      const results = decodeAll(chunks(stream, chunkBytes), { maxPacketBytes: 1_000_000, checksum });
      expectSameResults(results, [packet, Uint8Array.of(7)]);
    }
  });

  test.each([LARGE, 100_000, 131_072, 300_001])('keeps at most twice the memory of a packet of %i bytes', (length) => {
    for (const chunkBytes of [1_000, 16_384, length - 1]) {
      const stream = encoder.encode(sparseZeros(length));
      const [packet] = decodeAll(chunks(stream, chunkBytes), { maxPacketBytes: 1_000_000, checksum }) as Uint8Array[];
      expect(packet).toHaveLength(length);
      expect(packet!.constructor).toBe(Uint8Array);
      expect(packet!.buffer.byteLength).toBeLessThanOrEqual(2.02 * length);
    }
  });
});

test('a packet is never written to again, and may be changed', () => {
  const encoder = new FrameEncoder();
  const decoder = new FrameDecoder({ maxPacketBytes: 200_000 });
  const sent = Array.from({ length: 6 }, (_, index) => filled(70_000 + 20_000 * index, index + 1));
  const received: Uint8Array[] = [];
  for (const packet of sent) {
    const results = run(decoder, chunks(encoder.encode(packet), 10_000)) as Uint8Array[];
    expectSameResults(results, [packet]);
    // Every second one is overwritten by its owner.
    received.push(received.length % 2 === 0 ? results[0]! : results[0]!.fill(0xee));
  }
  run(decoder, chunks(filled(300_000, 2), 10_000));
  expect(received.map((packet) => packet[0])).toEqual([1, 0xee, 3, 0xee, 5, 0xee]);
  expect(received.every((packet) => packet.every((byte) => byte === packet[0]))).toBe(true);
  expect(new Set(received.map((packet) => packet.buffer)).size).toBe(received.length);
});

test('a packet keeps at most twice its memory alive, also after a much longer one', () => {
  const encoder = new FrameEncoder();
  const decoder = new FrameDecoder({ maxPacketBytes: 2_000_000 });
  for (const length of [1_500_000, 66_000, 66_000, 140_000, 1_000_000, 90_000, 600_000, 70]) {
    const sent = filled(length, 1 + (length % 250));
    const [packet] = run(decoder, chunks(encoder.encode(sent), 10_000)) as Uint8Array[];
    expectSameResults([packet!], [sent]);
    expect(packet!.buffer.byteLength).toBeLessThanOrEqual(Math.max(2.02 * length, 8_192));
  }
});

describe('a rejected frame shows its first bytes as received', () => {
  const maxPacketBytes = 100_000;
  const decode = (frame: Uint8Array, checksum: ChecksumName = 'none') =>
    decodeAll(chunks(joined(frame, Uint8Array.of(0, 2, 7, 0)), 10_000), { maxPacketBytes, checksum });
  const rejected = (reason: RejectedFrame['reason'], frame: Uint8Array) => [
    { reason, wireBytes: frame.length, head: frame.slice(0, 64) },
  ];
  const frameOf = (packet: Uint8Array) => new FrameEncoder().encode(packet).slice(0, -1);

  test('malformed', () => {
    // Its zeros are restored before the end turns out to be missing.
    const frame = filled(80_000, 3);
    expect(decode(frame)).toEqual([...rejected('malformed', frame), Uint8Array.of(7)]);
  });

  test('too-long, which only decoding shows', () => {
    const frame = frameOf(filled(maxPacketBytes + 1, 0));
    expect(decode(frame)).toEqual([...rejected('too-long', frame), Uint8Array.of(7)]);
  });

  test('too-long by its length', () => {
    const frame = filled(150_000, 2);
    expect(decode(frame)).toEqual([...rejected('too-long', frame), Uint8Array.of(7)]);
  });

  test('checksum', () => {
    const frame = frameOf(filled(90_000, 0));
    const [first] = decode(frame, 'crc32');
    expect([first]).toEqual(rejected('checksum', frame));
  });
});
