import { describe, expect, test } from 'vitest';
import { parseHex } from '../../src/text/hex.js';

describe('parseHex', () => {
  test.each([
    ['', ''],
    ['0102ff', '0102ff'],
    ['01 02  FF', '0102ff'],
    ['01:02:fF', '0102ff'],
    [' 0102\t:ff\n', '0102ff'],
    ['0x01', '01'],
    ['0x01, 0X02,0xff', '0102ff'],
    ['0x0102 ff', '0102ff'],
    ['01,02,ff', '0102ff'],
  ])('%j', (text, hex) => {
    expect(Buffer.from(parseHex(text)).toString('hex')).toBe(hex);
  });

  test.each(['1', '01 2', 'zz', '012', 'é0', '0x', '0x1', '010x02', '0x0x01', 'x01', '\\x01'])(
    '%j is a usage error',
    (text) => {
      expect(() => parseHex(text)).toThrow(expect.objectContaining({ exitCode: 2 }));
    },
  );
});
