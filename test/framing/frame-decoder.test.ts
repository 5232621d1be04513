import { describe, expect, test } from 'vitest';
import { cobsEncode, FrameDecoder } from '../../src/index.js';
import { invalidOption } from '../support/invalid-option.js';
import { canonical, decodeOnly, malformed } from '../support/vectors.js';
import { decodeAll, run } from './reference.js';

const bytes = (...values: number[]) => Uint8Array.from(values);
const noZeros = (length: number) => Uint8Array.from({ length }, (_, index) => (index % 255) + 1);
const framed = (packet: Uint8Array) => bytes(...cobsEncode(packet), 0);
const joined = (...parts: Uint8Array[]) => bytes(...parts.flatMap((part) => [...part]));
const byteByByte = (stream: Uint8Array) => Array.from(stream, (byte) => bytes(byte));

describe('frames', () => {
  test.each([...canonical, ...decodeOnly])('decodes $name', ({ packet, frame }) => {
    const stream = joined(frame, bytes(0));
    expect(decodeAll([stream])).toEqual([packet]);
    expect(decodeAll(byteByByte(stream))).toEqual([packet]);
  });

  test.each(malformed)('rejects as malformed: $name', ({ frame }) => {
    const rejected = { reason: 'malformed', wireBytes: frame.length, head: frame.slice(0, 64) };
    const stream = joined(frame, bytes(0, 2, 7, 0));
    expect(decodeAll([stream])).toEqual([rejected, bytes(7)]);
    expect(decodeAll(byteByByte(stream))).toEqual([rejected, bytes(7)]);
  });

  test('can share a chunk, and can span chunks', () => {
    const decoder = new FrameDecoder();
    expect(run(decoder, [bytes(2, 1, 0, 2, 2, 0, 3, 3)])).toEqual([bytes(1), bytes(2)]);
    expect(run(decoder, [bytes(4)])).toEqual([]);
    expect(run(decoder, [bytes()])).toEqual([]);
    expect(run(decoder, [bytes(0, 2, 5)])).toEqual([bytes(3, 4)]);
    expect(run(decoder, [bytes(0)])).toEqual([bytes(5)]);
  });

  test('are returned one at a time, and chunks can be added in between', () => {
    const decoder = new FrameDecoder();
    expect(decoder.next()).toBeUndefined();
    decoder.push(bytes(2, 1, 0, 2, 2, 0, 3));
    expect(decoder.next()).toEqual(bytes(1));
    decoder.push(bytes(3, 4));
    decoder.push(bytes(0, 2));
    expect(decoder.next()).toEqual(bytes(2));
    decoder.push(bytes(5, 0));
    expect(decoder.next()).toEqual(bytes(3, 4));
    expect(decoder.next()).toEqual(bytes(5));
    expect(decoder.next()).toBeUndefined();
    expect(decoder.next()).toBeUndefined();
  });

  test('are not found in repeated delimiters, which are an idle line; 01 is an empty packet', () => {
    const decoder = new FrameDecoder();
    expect(run(decoder, [bytes(0, 0, 0, 1, 0, 0, 2, 7, 0, 0)])).toEqual([bytes(), bytes(7)]);
    expect(run(decoder, [bytes(0), bytes(0), bytes(1), bytes(0)])).toEqual([bytes()]);
    expect(decoder.delimiters).toBe(10);
  });

  test('yield packets in memory of their own: neither the chunk nor later frames change them', () => {
    const decoder = new FrameDecoder();
    const chunk = Buffer.from([3, 1, 2, 0, 3]);
    const [whole] = run(decoder, [chunk]);
    chunk.fill(0xff);
    const [split] = run(decoder, [bytes(3, 4, 0)]);
    run(decoder, [bytes(3), bytes(9, 9, 0)]);
    expect([whole, split]).toEqual([bytes(1, 2), bytes(3, 4)]);
    expect([whole, split].map((packet) => packet!.constructor)).toEqual([Uint8Array, Uint8Array]);
  });

  test('that are rejected have a head in memory of its own', () => {
    const decoder = new FrameDecoder();
    const chunk = Buffer.from([9, 1, 2, 0, 9]);
    const [whole] = run(decoder, [chunk]);
    chunk.fill(0xff);
    const [split] = run(decoder, [bytes(3, 4, 0)]);
    run(decoder, [bytes(9), bytes(8, 8, 0)]);
    expect([whole, split]).toEqual([
      { reason: 'malformed', wireBytes: 3, head: bytes(9, 1, 2) },
      { reason: 'malformed', wireBytes: 3, head: bytes(9, 3, 4) },
    ]);
  });

  test.each([63, 64, 65, 200])('of %i bytes, when rejected, show at most 64 of them', (wireBytes) => {
    const frame = new Uint8Array(wireBytes).fill(255);
    const stream = joined(frame, bytes(0));
    const rejected = { reason: 'malformed', wireBytes, head: frame.slice(0, 64) };
    expect(decodeAll([stream])).toEqual([rejected]);
    expect(decodeAll(byteByByte(stream))).toEqual([rejected]);
  });
});

describe('maxPacketBytes', () => {
  const limits = [0, 1, 2, 253, 254, 255, 256, 508, 509, 1_000];

  test.each(limits)('accepts %i bytes, and rejects one more as too-long', (maxPacketBytes) => {
    for (const make of [noZeros, (length: number) => new Uint8Array(length)]) {
      const [fits, exceeds] = [make(maxPacketBytes), make(maxPacketBytes + 1)];
      const wireBytes = cobsEncode(exceeds).length;
      const rejected = { reason: 'too-long', wireBytes, head: cobsEncode(exceeds).slice(0, 64) };
      const stream = joined(framed(fits), framed(exceeds), framed(fits));
      expect(decodeAll([stream], { maxPacketBytes })).toEqual([fits, rejected, fits]);
      expect(decodeAll(byteByByte(stream), { maxPacketBytes })).toEqual([fits, rejected, fits]);
    }
  });

  test.each([254, 508])('does not count a redundant 01 after %i bytes', (maxPacketBytes) => {
    const packet = new Uint8Array(maxPacketBytes).fill(1);
    const redundant = joined(cobsEncode(packet), bytes(1, 0));
    expect(decodeAll([redundant], { maxPacketBytes })).toEqual([packet]);
    expect(decodeAll(byteByByte(redundant), { maxPacketBytes })).toEqual([packet]);
    expect(decodeAll([redundant], { maxPacketBytes: maxPacketBytes - 1 })).toMatchObject([{ reason: 'too-long' }]);
    // A second 01 is not redundant: the first one now represents a zero.
    const twice = joined(cobsEncode(packet), bytes(1, 1, 0));
    expect(decodeAll([twice], { maxPacketBytes })).toMatchObject([{ reason: 'too-long' }]);
  });

  test.each([
    ['crc16', 2],
    ['crc32', 4],
  ] as const)('does not count the bytes of %s', (checksum, checksumBytes) => {
    const longest = 254 - checksumBytes;
    for (const maxPacketBytes of [longest, longest + 1]) {
      // The checksum is wrong, so the reason of the rejection shows whether the length was accepted.
      const of = (packetBytes: number) => framed(noZeros(packetBytes + checksumBytes));
      expect(decodeAll([of(maxPacketBytes)], { maxPacketBytes, checksum })).toMatchObject([{ reason: 'checksum' }]);
      expect(decodeAll([of(maxPacketBytes + 1)], { maxPacketBytes, checksum })).toMatchObject([{ reason: 'too-long' }]);
    }
  });

  test('drops the whole frame that is too long: its tail is not decoded', () => {
    const maxPacketBytes = 10;
    // From any position on, this could be decoded as blocks of one byte.
    const long = new Uint8Array(500).fill(2);
    const stream = joined(long, bytes(0, 2, 7, 0));
    const rejected = { reason: 'too-long', wireBytes: 500, head: long.slice(0, 64) };
    for (const chunkBytes of [1, 2, 3, 11, 12, 13, 64, 499, 500, 501, 1_000]) {
      const chunks = [];
      for (let at = 0; at < stream.length; at += chunkBytes) {
        chunks.push(stream.slice(at, at + chunkBytes));
      }
      expect(decodeAll(chunks, { maxPacketBytes })).toEqual([rejected, bytes(7)]);
    }
  });

  test('is 65,536 by default', () => {
    expect(decodeAll([framed(new Uint8Array(65_536))])).toEqual([new Uint8Array(65_536)]);
    expect(decodeAll([framed(new Uint8Array(65_537))])).toMatchObject([{ reason: 'too-long', wireBytes: 65_538 }]);
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('%d is rejected', (maxPacketBytes) => {
    expect(() => new FrameDecoder({ maxPacketBytes })).toThrow(
      invalidOption(`FrameDecoder: maxPacketBytes is ${maxPacketBytes}; expected an integer of at least 0`),
    );
  });
});

describe('skipFirst', () => {
  test('skips and counts the bytes before the first delimiter', () => {
    const stream = bytes(3, 4, 2, 9, 0, 2, 7, 0);
    for (const chunks of [[stream], byteByByte(stream)]) {
      const decoder = new FrameDecoder({ skipFirst: true });
      expect(run(decoder, chunks)).toEqual([bytes(7)]);
      expect(decoder).toMatchObject({ skippedBytes: 4, delimiters: 2, acceptedBytes: 2, unfinishedBytes: 0 });
    }
  });

  test('skips nothing if the stream begins with a delimiter', () => {
    const decoder = new FrameDecoder({ skipFirst: true });
    expect(run(decoder, [bytes(0, 2, 7, 0)])).toEqual([bytes(7)]);
    expect(decoder.skippedBytes).toBe(0);
  });

  test('counts before the first delimiter has arrived', () => {
    const decoder = new FrameDecoder({ skipFirst: true, maxPacketBytes: 10 });
    expect(run(decoder, [new Uint8Array(1_000).fill(5), new Uint8Array(1_000).fill(6)])).toEqual([]);
    expect(decoder).toMatchObject({ skippedBytes: 2_000, unfinishedBytes: 0 });
  });

  test('is off by default', () => {
    expect(decodeAll([bytes(2, 9, 0, 2, 7, 0)])).toEqual([bytes(9), bytes(7)]);
  });
});

describe('counters', () => {
  test('count every byte exactly once', () => {
    const decoder = new FrameDecoder({ skipFirst: true, maxPacketBytes: 5 });
    run(decoder, [bytes(7, 7, 0, 2, 1, 0, 0, 9, 0), bytes(8, 1, 1, 1, 1, 1, 1, 1, 0, 4, 4)]);
    expect(decoder).toMatchObject({
      skippedBytes: 2,
      acceptedBytes: 2,
      rejectedBytes: 1 + 8,
      delimiters: 5,
      unfinishedBytes: 2,
    });
  });
});
