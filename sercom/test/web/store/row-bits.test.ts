import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RowBits } from '../../../src/web/store/row-bits.js';

test('bits of rows are counted and found', () => {
  const property = fc.property(fc.uniqueArray(fc.nat(255), { maxLength: 256 }), (indices) => {
    const bits = new RowBits(256);
    for (const index of indices) {
      bits.set(index);
    }
    const sorted = indices.toSorted((a, b) => a - b);
    for (let index = 0; index < 256; index++) {
      expect(bits.has(index)).toBe(indices.includes(index));
      expect(bits.onesBefore(index)).toBe(sorted.filter((each) => each < index).length);
    }
    expect(sorted.map((_, position) => bits.indexOf(position))).toEqual(sorted);
  });
  fc.assert(property);
});
