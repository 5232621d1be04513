import { describe, expect, test } from 'vitest';
import { decoderOfAll } from '../../src/decoders/record-decoder.js';
import { decodeRecord } from '../../src/formats/decoded.js';
import { jsonLine } from '../../src/formats/json-line.js';
import type { PacketRecord } from '../../src/records/record.js';

function recordOf(byte: number): PacketRecord {
  return { timeUs: 0, name: 'arm', dir: 'rx', length: 1, bytes: Uint8Array.of(byte) };
}

/** A decoder that counts what it decodes. */
function countingDecoder() {
  const decoded: number[] = [];
  const decoder = decoderOfAll({
    name: 'counting',
    decode([byte = -1]: Uint8Array) {
      decoded.push(byte);
      if (byte === 0xff) {
        throw new Error('not this one');
      }
      return { value: { byte }, text: String(byte) };
    },
  });
  return { decoder, decoded };
}

describe('a record is decoded once', () => {
  test('although others are decoded before it is needed again, as by sinks that come later', () => {
    const { decoder, decoded } = countingDecoder();
    const records = [1, 2, 0xff, 3].map(recordOf);
    const lines = records.map((record) => jsonLine(record, decoder));
    expect(lines[1]).toContain('"decoded":{"byte":2}');
    expect(records.map((record) => decodeRecord(record, decoder))).toEqual([
      { value: { value: { byte: 1 }, text: '1' } },
      { value: { value: { byte: 2 }, text: '2' } },
      { problem: 'cannot decode as counting: not this one' },
      { value: { value: { byte: 3 }, text: '3' } },
    ]);
    expect(decoded).toEqual([1, 2, 0xff, 3]);
  });

  test('but again by another decoder, and if it is a copy with other bytes', () => {
    const [first, second] = [countingDecoder(), countingDecoder()];
    const record = recordOf(1);
    decodeRecord(record, first.decoder);
    decodeRecord(record, second.decoder);
    decodeRecord({ ...record, bytes: Uint8Array.of(2) }, second.decoder);
    expect([first.decoded, second.decoded]).toEqual([[1], [1, 2]]);
  });
});
