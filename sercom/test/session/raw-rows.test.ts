import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PacketRecord } from '../../src/records/record.js';
import { RawRows } from '../../src/session/raw-rows.js';

let records: PacketRecord[];
let rows: RawRows;

beforeEach(() => {
  vi.useFakeTimers();
  records = [];
  rows = new RawRows((record) => void records.push(record));
});

afterEach(() => {
  vi.useRealTimers();
});

/** The rows so far, as text. */
function texts(): string[] {
  return records.map(({ bytes }) => Buffer.from(bytes).toString('latin1'));
}

test('a row ends after a line feed, however the bytes are cut into chunks', () => {
  for (const chunk of ['temp', ' 21', '.5\r\nte', 'mp 21.6\r\n']) {
    rows.add('arm', Buffer.from(chunk));
  }
  expect(texts()).toEqual(['temp 21.5\r\n', 'temp 21.6\r\n']);
  expect(records).toMatchObject([
    { name: 'arm', dir: 'rx', length: 11, isRaw: true },
    { name: 'arm', dir: 'rx', length: 11, isRaw: true },
  ]);
});

test('a row ends after the last of several zeros', () => {
  rows.add('arm', Uint8Array.of(2, 7, 0, 0));
  rows.add('arm', Uint8Array.of(0, 2, 8));
  rows.flush();
  expect(texts()).toEqual(['\x02\x07\0\0\0', '\x02\x08']);
});

test('a row ends when the device pauses, not before', () => {
  rows.add('arm', Buffer.from('> '));
  vi.advanceTimersByTime(45);
  rows.add('arm', Buffer.from('ok'));
  vi.advanceTimersByTime(45);
  expect(texts()).toEqual([]);
  vi.advanceTimersByTime(5);
  expect(texts()).toEqual(['> ok']);
});

test('rows are bounded, and those of several ports are separate', () => {
  rows.add('arm', Buffer.alloc(600, 'x'));
  rows.add('leg', Buffer.from('y\n'));
  rows.flush();
  expect(records.map(({ name, length }) => [name, length])).toEqual([
    ['arm', 256],
    ['arm', 256],
    ['leg', 2],
    ['arm', 88],
  ]);
});
