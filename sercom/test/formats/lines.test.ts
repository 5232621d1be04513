import { describe, expect, test } from 'vitest';
import { jsonLine } from '../../src/formats/json-line.js';
import { packetLine } from '../../src/formats/packet-line.js';
import { isoTime } from '../../src/formats/times.js';
import type { PacketRecord } from '../../src/records/record.js';

const BYTES = Buffer.from('hi \x1b');
const packet: PacketRecord = {
  timeUs: new Date(2026, 0, 2, 3, 4, 5, 678).getTime() * 1000 + 9,
  name: 'arm',
  dir: 'rx',
  length: BYTES.length,
  bytes: BYTES,
};
const rejected: PacketRecord = { ...packet, name: 'leg', length: 300, bytes: Uint8Array.of(1, 2), error: 'too-long' };
const plain = packetLine(['arm', 'leg', 'wheel'], (_, text) => text);

describe('the line for people', () => {
  test('shows a packet', () => {
    expect(plain(packet)).toBe('03:04:05.678009  arm    rx      4  68 69 20 1b              "hi \\x1b"');
  });

  test('shows a sent packet', () => {
    expect(plain({ ...packet, dir: 'tx' })).toContain('  arm    tx      4  ');
  });

  test('shows an empty packet', () => {
    expect(plain({ ...packet, length: 0, bytes: new Uint8Array(0) })).toMatch(/ {2}arm {4}rx {6}0 {26,}""$/);
  });

  test('shows why a frame was rejected, and that some of its bytes are missing', () => {
    expect(plain(rejected)).toMatch(/ {2}leg {4}rx {4}300 {2}01 02 … 298 more {2,}rejected: too-long$/);
  });

  test('does not claim that bytes are missing if none are', () => {
    expect(plain({ ...rejected, length: 2 })).toMatch(/ 01 02 {2,}rejected/);
  });

  test('escapes the name', () => {
    const line = packetLine(['a\x1b[2J'], (_, text) => text)({ ...packet, name: 'a\x1b[2J' });
    expect(line).toContain('  a\\x1b[2J  rx');
  });
});

describe('a line of JSON', () => {
  test('has ts, name, dir, length and hex', () => {
    expect(jsonLine({ ...packet, timeUs: Date.UTC(2026, 0, 2, 3, 4, 5, 123) * 1000 + 456 })).toBe(
      '{"ts":"2026-01-02T03:04:05.123456Z","name":"arm","dir":"rx","length":4,"hex":"6869201b"}',
    );
  });

  test('has error for a rejected frame', () => {
    expect(JSON.parse(jsonLine(rejected))).toMatchObject({ name: 'leg', length: 300, hex: '0102', error: 'too-long' });
  });

  test.each([
    [0, '1970-01-01T00:00:00.000000Z'],
    [1_000_001, '1970-01-01T00:00:01.000001Z'],
    [999_999, '1970-01-01T00:00:00.999999Z'],
  ])('time %d', (timeUs, text) => {
    expect(isoTime(timeUs)).toBe(text);
  });
});
