import { describe, expect, test } from 'vitest';
import { parseSizes } from '../../src/commands/ping/sizes.js';
import { byteCount } from '../../src/options/values.js';

describe('a number of bytes', () => {
  test.each([
    ['0', 0],
    ['4096', 4_096],
    ['64k', 65_536],
    ['64K', 65_536],
    ['10M', 10_485_760],
    ['1G', 1_073_741_824],
  ])('%s', (text, bytes) => {
    expect(byteCount(0)(text)).toBe(bytes);
  });

  test.each(['', 'k', '-1', '1.5M', '1 M', '1MB', '1m', '1kk', '0x10', '1e3', '99999999999G'])(
    '%j is rejected',
    (text) => {
      expect(() => byteCount(0)(text)).toThrow(
        /^Expected a number of bytes from 0 up, for example 4096, 64k, 10M or 1G\.$/,
      );
    },
  );

  test('keeps its limits', () => {
    expect(byteCount(1_024, 2_048)('2k')).toBe(2_048);
    expect(() => byteCount(1_024, 2_048)('1023')).toThrow('from 1024 to 2048');
    expect(() => byteCount(1_024, 2_048)('3k')).toThrow('from 1024 to 2048');
  });

  test('has the same units as a size of ping', () => {
    expect(parseSizes('1k,4')).toEqual([1_024, 4]);
    expect(parseSizes('1023-1k')).toEqual([1_023, 1_024]);
    for (const text of ['', '1-', '-1', '2-1', '1-2-3', '1x', '0-1G']) {
      expect(() => parseSizes(text)).toThrow('Expected sizes in bytes');
    }
  });
});
