import { expect, test } from 'vitest';
import { ENCODERS } from '../../src/input/encoders.js';

test.each([
  ['cbor', { a: 1, b: [true, null] }, 'a26161016162 82f5f6'],
  ['cbor', 1.5, 'f93e00'],
  ['msgpack', { a: 1, b: [true, null] }, '82a16101a162 92c3c0'],
  ['msgpack', 'hi', 'a26869'],
] as const)('%s encodes %j', async (encoding, value, hex) => {
  const encode = await ENCODERS[encoding]();
  expect(Buffer.from(encode(value)).toString('hex')).toBe(hex.replaceAll(' ', ''));
});
