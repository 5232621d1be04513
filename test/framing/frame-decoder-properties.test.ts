import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Checksum, type ChecksumName, FrameDecoder, type FrameDecoderOptions } from '../../src/index.js';
import { encodeForWire } from '../../src/testing/mock/device-framing.js';
import { cut, packets, streams } from '../support/packets.js';
import { decodeAll, expectedResults, run, xmodem } from './reference.js';

const checksums = fc.constantFrom<ChecksumName | Checksum>('none', 'crc16', 'crc32', xmodem);

const options: fc.Arbitrary<Required<FrameDecoderOptions>> = fc.record({
  maxPacketBytes: fc.oneof(fc.constantFrom(0, 1, 5, 253, 254, 255, 256, 508), fc.nat(700)),
  minPacketBytes: fc.constantFrom(0, 0, 1, 2, 10),
  checksum: checksums,
  skipFirst: fc.boolean(),
});

/** Options of a decoder, and a stream with its checksum. */
const cases = options.chain((settings) =>
  fc.record({
    settings: fc.constant(settings),
    stream: streams((packet) => encodeForWire(packet, settings.checksum).subarray(0, -1)),
    places: fc.array(fc.nat(), { maxLength: 30 }),
  }),
);

describe('properties', () => {
  test('packets encoded by npm cobs are decoded unchanged', () => {
    fc.assert(
      fc.property(
        fc.array(packets, { maxLength: 5 }),
        checksums,
        fc.array(fc.nat(), { maxLength: 20 }),
        (sent, checksum, places) => {
          const stream = Buffer.concat(sent.map((packet) => encodeForWire(packet, checksum)));
          expect(decodeAll(cut(new Uint8Array(stream), places), { checksum })).toEqual(sent);
        },
      ),
    );
  });

  test('the results equal the reference, however the stream is cut into chunks', () => {
    fc.assert(
      fc.property(cases, ({ settings, stream, places }) => {
        const expected = expectedResults(stream, settings);
        expect(decodeAll([stream], settings)).toEqual(expected);
        expect(decodeAll(cut(stream, places), settings)).toEqual(expected);
        expect(decodeAll(cut(stream, [...stream.keys()]), settings)).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  });

  test('the results are the same if several chunks are pushed before results are taken', () => {
    fc.assert(
      fc.property(cases, fc.array(fc.nat(3), { maxLength: 30 }), ({ settings, stream, places }, takes) => {
        const decoder = new FrameDecoder(settings);
        const results = [];
        for (const [index, chunk] of cut(stream, places).entries()) {
          decoder.push(chunk);
          for (let take = takes[index] ?? 0; take > 0; take--) {
            const result = decoder.next();
            if (result !== undefined) {
              results.push(result);
            }
          }
        }
        results.push(...run(decoder, [new Uint8Array(0)]));
        expect(results).toEqual(expectedResults(stream, settings));
      }),
    );
  });

  test('the memory of chunks can be reused after keepRest', () => {
    fc.assert(
      fc.property(cases, fc.array(fc.nat(3), { maxLength: 30 }), ({ settings, stream, places }, takes) => {
        const decoder = new FrameDecoder(settings);
        const results = [];
        for (const [index, chunk] of cut(stream, places).entries()) {
          const memory = new Uint8Array(chunk);
          decoder.push(memory);
          for (let take = takes[index] ?? 0; take > 0; take--) {
            const result = decoder.next();
            if (result !== undefined) {
              results.push(result);
            }
          }
          decoder.keepRest();
          memory.fill(index % 2);
        }
        results.push(...run(decoder, [new Uint8Array(0)]));
        expect(results).toEqual(expectedResults(stream, settings));
      }),
    );
  });

  test('arbitrary bytes never make the decoder throw', () => {
    fc.assert(
      fc.property(options, fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 }), (settings, chunks) => {
        expect(decodeAll(chunks, settings)).toEqual(expectedResults(new Uint8Array(Buffer.concat(chunks)), settings));
      }),
      { numRuns: 400 },
    );
  });

  test('every byte is in one of the counts at any time', () => {
    fc.assert(
      fc.property(cases, ({ settings, stream, places }) => {
        const decoder = new FrameDecoder(settings);
        let pushedBytes = 0;
        let packetCount = 0;
        let rejectedBytes = 0;
        for (const chunk of cut(stream, places)) {
          pushedBytes += chunk.length;
          for (const result of run(decoder, [chunk])) {
            if (result instanceof Uint8Array) {
              packetCount++;
            } else {
              rejectedBytes += result.wireBytes;
            }
          }
          const { acceptedBytes, skippedBytes, delimiters, unfinishedBytes } = decoder;
          expect(acceptedBytes + rejectedBytes + skippedBytes + delimiters + unfinishedBytes).toBe(pushedBytes);
          expect(decoder.rejectedBytes).toBe(rejectedBytes);
          expect(acceptedBytes).toBeGreaterThanOrEqual(packetCount);
        }
      }),
      { numRuns: 300 },
    );
  });
});
