import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIntelHex } from '../../../src/testing/avr/intel-hex.js';

const END = ':00000001FF';

function record(type: number, address: number, data: readonly number[]): string {
  const bytes = [data.length, address >> 8, address & 0xff, type, ...data];
  const checksum = -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
  return `:${Buffer.from([...bytes, checksum])
    .toString('hex')
    .toUpperCase()}`;
}

describe('parseIntelHex', () => {
  it('stores data at the addresses of the records and 0xff everywhere else', () => {
    const memory = parseIntelHex(`:020002000A0BE7\r\n\n:0100000001FE\n${END}\n`, 6);
    expect([...memory]).toEqual([0x01, 0xff, 0x0a, 0x0b, 0xff, 0xff]);
  });

  it('adds extended segment and linear addresses, and skips start addresses', () => {
    const text = [
      record(2, 0, [0x00, 0x01]),
      record(0, 1, [0x11]),
      record(4, 0, [0x00, 0x01]),
      record(0, 2, [0x22]),
      record(3, 0, [0, 0, 0, 0]),
      record(5, 0, [0, 0, 0, 0]),
      END,
    ].join('\n');
    const memory = parseIntelHex(text, 0x10010);
    expect(memory[0x11]).toBe(0x11);
    expect(memory[0x10002]).toBe(0x22);
    expect(memory.filter((byte) => byte !== 0xff)).toHaveLength(2);
  });

  it.each([
    ['a record without a colon', '020002000A0BE7', /line 2: not a record/],
    ['a digit that is not hexadecimal', ':0200020G0A0BE7', /line 2: not a record/],
    ['an odd number of digits', ':020002000A0BE', /line 2: expected 14 digits for 2 data bytes, got 13/],
    ['too few digits', ':020002000AF2', /line 2: expected 14 digits for 2 data bytes, got 12/],
    ['too many digits', ':010002000A0BE8', /line 2: expected 12 digits for 1 data bytes, got 14/],
    ['a wrong checksum', ':020002000A0BE8', /line 2: wrong checksum/],
    ['an unknown type', record(6, 0, []), /line 2: unknown record type 0x06/],
    [
      'an address record of the wrong size',
      record(4, 0, [1]),
      /line 2: expected 2 data bytes in a record of this type, got 1/,
    ],
    ['an end record with data', record(1, 0, [1]), /line 2: expected 0 data bytes in a record of this type, got 1/],
    ['data beyond the end', record(0, 7, [1, 2]), /line 2: data up to address 0x8 does not fit into 8 bytes/],
    ['an address that is set twice', record(0, 0, [9]), /line 2: data at address 0x0 is set twice/],
  ])('rejects %s, naming the line and the reason', (_what, line, message) => {
    expect(() => parseIntelHex(`${record(0, 0, [1])}\n${line}\n${END}\n`, 8)).toThrow(message);
  });

  it('rejects an image without an end record, or with text after it', () => {
    expect(() => parseIntelHex(record(0, 0, [1]), 8)).toThrow(/the end record is missing/);
    expect(() => parseIntelHex(`${END}\n${record(0, 0, [1])}`, 8)).toThrow(
      /line 2: unexpected text after the end record/,
    );
  });

  it('reads back any memory, split into records of any length, and detects any changed digit', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 600 }),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(),
        fc.integer({ min: 1, max: 15 }),
        (memory, recordBytes, position, change) => {
          const lines: string[] = [];
          for (let at = 0; at < memory.length; at += recordBytes) {
            lines.push(record(0, at, [...memory.subarray(at, at + recordBytes)]));
          }
          const text = [...lines, END].join('\n');
          expect(parseIntelHex(text, memory.length)).toEqual(memory);

          const digits = [...text.matchAll(/[0-9A-F]/g)].map((match) => match.index);
          const changed = digits[position % digits.length] ?? 0;
          const digit = (Number.parseInt(text[changed] ?? '0', 16) ^ change).toString(16);
          const broken = text.slice(0, changed) + digit + text.slice(changed + 1);
          expect(() => parseIntelHex(broken, memory.length)).toThrow(SyntaxError);
        },
      ),
    );
  });
});
