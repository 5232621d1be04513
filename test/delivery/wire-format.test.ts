import { expect, test } from 'vitest';
import { HANDSHAKE_KEY, handshakeBody, readHandshake, sessionKey } from '../../src/delivery/wire-format.js';
import { appendCrc32, hasCrc32 } from '../../src/framing/crc.js';

/** CRC-32, reflected, bit by bit. */
function crc32From(start: number, data: Uint8Array): number {
  let crc = start;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return ~crc >>> 0;
}

test.each([1, 7, 128, 129, 500])('a body of %i bytes is valid only in its session', (length) => {
  const body = Uint8Array.from({ length: length + 4 }, (_, index) => index * 7);
  for (const key of [0, 1, 0x80000000, 0xfffffffe, HANDSHAKE_KEY]) {
    appendCrc32(body, length, key);
    expect(new DataView(body.buffer).getUint32(length, true)).toBe(crc32From(key, body.subarray(0, length)));
    expect(hasCrc32(body, length, key)).toBe(true);
    expect(hasCrc32(body, length, key ^ 1)).toBe(false);
  }
});

test('the key of a session depends on both numbers and their order', () => {
  expect(sessionKey(1, 2)).not.toBe(sessionKey(2, 1));
});

test('handshake frames are read as they were written', () => {
  const open = { type: 'open', version: 1, h: 0xfedcba98, window: 32, maxPacketBytes: 65_535 } as const;
  const sizes = { receiveWindow: 4, sendWindow: 8, receiveMaxPacketBytes: 64, sendMaxPacketBytes: 1_000 };
  const status = { type: 'status', version: 1, h: 1, d: 0x80000001, ...sizes } as const;
  for (const frame of [open, status, { type: 'noSession', version: 1, d: 7 } as const]) {
    const body = handshakeBody(frame);
    expect(hasCrc32(body, body.length - 4, HANDSHAKE_KEY)).toBe(true);
    expect(readHandshake(body.subarray(0, -4))).toEqual(frame);
  }
  expect(readHandshake(Uint8Array.of(0xc4, 1, 0, 0, 0, 1))).toBeUndefined();
});
