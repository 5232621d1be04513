import { describe, expect, test } from 'vitest';
import type { PacketRecord } from '../../src/records/record.js';
import { errorReplyText, separateId, withId } from '../../src/records/request-ids.js';

function packet(dir: PacketRecord['dir'], hex: string): PacketRecord {
  const bytes = Buffer.from(hex, 'hex');
  return { timeUs: 0, name: 'arm', dir, length: bytes.length, bytes };
}

describe('separates the id of a packet from its payload', () => {
  test.each([
    [1, 'tx', '0068', { kind: 'plain', id: 0 }, '68'],
    [1, 'rx', '00', { kind: 'plain', id: 0 }, ''],
    [1, 'tx', '0168', { kind: 'request', id: 1 }, '68'],
    [1, 'rx', '0168', { kind: 'reply', id: 1 }, '68'],
    [1, 'tx', '7f', { kind: 'request', id: 127 }, ''],
    [1, 'rx', '7f', { kind: 'reply', id: 127 }, ''],
    [1, 'rx', '8168', { kind: 'request', id: 129 }, '68'],
    [1, 'tx', '8168', { kind: 'reply', id: 129 }, '68'],
    [1, 'rx', 'ff', { kind: 'request', id: 255 }, ''],
    [1, 'rx', '800502', { kind: 'error', id: 5, code: 2 }, '0502'],
    [1, 'tx', '808101', { kind: 'error', id: 129, code: 1 }, '8101'],
    [1, 'rx', '80', { kind: 'error', id: 128 }, ''],
    [1, 'rx', '8005', { kind: 'error', id: 128 }, '05'],
    [1, 'rx', '80050201', { kind: 'error', id: 128 }, '050201'],
    [2, 'tx', '000068', { kind: 'plain', id: 0 }, '68'],
    [2, 'tx', '000168', { kind: 'request', id: 1 }, '68'],
    [2, 'rx', '010068', { kind: 'reply', id: 256 }, '68'],
    [2, 'rx', '7fff', { kind: 'reply', id: 32_767 }, ''],
    [2, 'rx', '800168', { kind: 'request', id: 32_769 }, '68'],
    [2, 'tx', 'ffff', { kind: 'reply', id: 65_535 }, ''],
    [2, 'rx', '8000012c02', { kind: 'error', id: 300, code: 2 }, '012c02'],
    [2, 'rx', '80000102', { kind: 'error', id: 32_768 }, '0102'],
  ] as const)('%d bytes, %s, %s', (idBytes, dir, hex, request, payload) => {
    const whole = packet(dir, hex);
    const { bytes, length, onWire, ...record } = separateId(whole, idBytes);
    expect(record).toEqual({ timeUs: 0, name: 'arm', dir, request });
    expect(Buffer.from(bytes).toString('hex')).toBe(payload);
    expect(length).toBe(payload.length / 2);
    expect(onWire).toBe(whole);
  });

  test.each([
    [1, ''],
    [2, ''],
    [2, '01'],
  ] as const)('rejects a packet that is too short for its id of %d bytes: "%s"', (idBytes, hex) => {
    const whole = packet('rx', hex);
    expect(separateId(whole, idBytes)).toEqual({ ...whole, error: 'too-short', onWire: whole });
  });

  test.each([
    ['a rejected frame', { ...packet('rx', '050102'), error: 'malformed' as const }, 1],
    ['bytes as they arrived', { ...packet('rx', '050102'), isRaw: true as const }, 1],
    ['a packet of a connection without ids', packet('rx', '0501'), undefined],
  ] as const)('but not that of %s', (_, record, idBytes) => {
    expect(separateId(record, idBytes)).toBe(record);
  });
});

test.each([
  ['800501', 'error 1: the handler failed'],
  ['800502', 'error 2: there is no handler'],
  ['800507', 'error 7: unknown code'],
  ['8005', 'malformed error reply'],
  ['0502', undefined],
])('says what an error reply means: %s', (hex, text) => {
  expect(errorReplyText(separateId(packet('rx', hex), 1))).toBe(text);
});

test('puts the id in front of a packet', () => {
  expect(withId(Uint8Array.of(1, 2), 1, 0)).toEqual(Uint8Array.of(0, 1, 2));
  expect(withId(Uint8Array.of(1, 2), 2, 0)).toEqual(Uint8Array.of(0, 0, 1, 2));
  expect(withId(Uint8Array.of(1, 2), 1, 0x7f)).toEqual(Uint8Array.of(0x7f, 1, 2));
  expect(withId(new Uint8Array(0), 2, 0x1234)).toEqual(Uint8Array.of(0x12, 0x34));
});
