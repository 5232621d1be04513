import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { logLine, parseLogLine } from '../../src/records/log-line.js';
import { readLog } from '../../src/records/log-reader.js';
import type { PacketRecord } from '../../src/records/record.js';
import { DANGEROUS } from '../support/dangerous.js';
import { inChunks, plain, records } from '../support/records.js';

const packet: PacketRecord = {
  timeUs: 1_700_000_000_000_042,
  name: 'arm',
  dir: 'rx',
  length: 5,
  bytes: Buffer.from('hello'),
};
const rejected: PacketRecord = { ...packet, name: 'leg', length: 300, bytes: Uint8Array.of(5, 1), error: 'too-long' };

async function read(text: string | Uint8Array, chunkBytes = 1_000): Promise<PacketRecord[]> {
  const all: PacketRecord[] = [];
  for await (const record of readLog(inChunks(Buffer.from(text), chunkBytes))) {
    all.push(record);
  }
  return all;
}

describe('a line of a log', () => {
  test.each<[PacketRecord, string]>([
    [packet, '(1700000000.000042) arm rx#68656c6c6f'],
    [{ ...packet, dir: 'tx', length: 0, bytes: new Uint8Array(0) }, '(1700000000.000042) arm tx#'],
    [rejected, '(1700000000.000042) leg rx!too-long/300#0501'],
    [{ ...rejected, error: 'malformed' }, '(1700000000.000042) leg rx!malformed/300#0501'],
    [{ ...rejected, error: 'checksum' }, '(1700000000.000042) leg rx!checksum/300#0501'],
    [{ ...packet, timeUs: 7 }, '(0.000007) arm rx#68656c6c6f'],
    [{ ...packet, name: '/dev/ttyACM0' }, '(1700000000.000042) /dev/ttyACM0 rx#68656c6c6f'],
    [{ ...packet, name: 'a b%\x1b\u202eä' }, '(1700000000.000042) a%20b%25%1B%E2%80%AEä rx#68656c6c6f'],
  ])('%o', (record, line) => {
    expect(logLine(record)).toBe(line);
    expect(plain(parseLogLine(line))).toEqual(plain(record));
  });

  test('preserves any record and is safe to print on a terminal', () => {
    fc.assert(
      fc.property(records, (record) => {
        const line = logLine(record);
        expect(line).not.toMatch(DANGEROUS);
        expect(plain(parseLogLine(line))).toEqual(plain(record));
      }),
    );
  });
});

describe('reading a log', () => {
  const LINE = logLine(packet);

  test.each([0, 1, 253, 254, 255, 256, 508, 509, 511, 512, 513, 4_096])('handles packets of %i bytes', (length) => {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 7) % 256);
    const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    expect(logLine({ timeUs: 1_000_007, name: 'arm', dir: 'rx', length, bytes })).toBe(`(1.000007) arm rx#${digits}`);
  });

  test('skips comments and accepts both kinds of line ends', async () => {
    const all = await read(`# bench\n${LINE}\r\n#\n${logLine(rejected)}\n`);
    expect(all.map(plain)).toEqual([packet, rejected].map(plain));
  });

  test('accepts an empty file', async () => {
    expect(await read('')).toEqual([]);
  });

  test('does not depend on how the file is split into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(records, { maxLength: 5 }),
        fc.integer({ min: 1, max: 50 }),
        async (all, chunkBytes) => {
          const text = all.map((record) => `${logLine(record)}\n`).join('');
          expect((await read(text, chunkBytes)).map(plain)).toEqual(all.map(plain));
        },
      ),
    );
  });

  test.each([
    ['hello', /^line 2: not a line of a log; expected/],
    ['', /^line 2: not a line of a log/],
    [` ${LINE}`, /^line 2: not a line of a log/],
    [`${LINE} `, /^line 2: not a line of a log/],
    ['(1.5) arm rx#00', /^line 2: not a line of a log/],
    ['(1.000000) arm rx#0', /^line 2: not a line of a log/],
    ['(1.000000) arm rx#0A', /^line 2: not a line of a log/],
    ['(1.000000) arm up#00', /^line 2: not a line of a log/],
    ['(1.000000) arm tx!malformed/3#00', /^line 2: not a line of a log/],
    ['(1.000000) arm rx!bored/3#00', /^line 2: not a line of a log/],
    ['(1.000000) arm rx!malformed/1#0001', /^line 2: a frame of 1 bytes cannot begin with 2 bytes/],
    ['(9999999999.000000) arm rx#00', /^line 2: time out of range; the latest is 9007199254\.740991$/],
    ['(9007199254.740992) arm rx#00', /^line 2: time out of range/],
    [
      '(1.000000) arm rx!malformed/4294967296#00',
      /^line 2: a frame of 4294967296 bytes; the longest is 4294967295 bytes/,
    ],
    ['(1.000000) %zz rx#00', /^line 2: invalid name "%zz"/],
    ['(1.000000) %41 rx#00', /^line 2: invalid name "%41"/],
    ['(1.000000) a\x1b rx#00', /^line 2: /],
  ])('rejects %j with the number of the line', async (line, message) => {
    await expect(read(`${LINE}\n${line}\n${LINE}\n`)).rejects.toThrow(message);
  });

  test('rejects a line without a line end', async () => {
    await expect(read(`${LINE}\n${LINE}`)).rejects.toThrow(/^line 2: truncated line; what is before it has been read$/);
  });
});
