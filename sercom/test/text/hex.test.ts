import { describe, expect, test } from 'vitest';
import { parseHex } from '../../src/text/hex.js';

describe('parseHex', () => {
  test.each([
    ['', ''],
    ['0102ff', '0102ff'],
    ['01 02  FF', '0102ff'],
    ['01:02:fF', '0102ff'],
    [' 0102\t:ff\n', '0102ff'],
  ])('%j', (text, hex) => {
    expect(Buffer.from(parseHex(text)).toString('hex')).toBe(hex);
  });

  test.each(['1', '01 2', '0x01', 'zz', '01,02', '012', 'é0'])('%j is a usage error', (text) => {
    expect(() => parseHex(text)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
