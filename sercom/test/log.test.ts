import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { logLine, parseLogLine } from '../src/records/log-line.js';
import type { PacketRecord } from '../src/records/packet-record.js';
import { openLogFile, readLog } from '../src/sinks/log-file.js';
import { DANGEROUS } from './support/dangerous.js';
import { inChunks, plain, records } from './support/records.js';
import { temporaryFolder } from './support/temporary-folder.js';

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

  test('any record comes back, and its line harms no terminal', () => {
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

  test.each([0, 1, 253, 254, 255, 256, 508, 509, 511, 512, 513, 4_096])('holds packets of %i bytes', (length) => {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 7) % 256);
    const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    expect(logLine({ timeUs: 1_000_007, name: 'arm', dir: 'rx', length, bytes })).toBe(`(1.000007) arm rx#${digits}`);
  });

  test('takes comments, and line ends of both kinds', async () => {
    const all = await read(`# bench\n${LINE}\r\n#\n${logLine(rejected)}\n`);
    expect(all.map(plain)).toEqual([packet, rejected].map(plain));
  });

  test('takes an empty file', async () => {
    expect(await read('')).toEqual([]);
  });

  test('does not care about chunks', async () => {
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
    ['hello', /^line 2: it is no line of a log/],
    ['', /^line 2: it is no line/],
    [` ${LINE}`, /^line 2: it is no line/],
    [`${LINE} `, /^line 2: it is no line/],
    ['(1.5) arm rx#00', /^line 2: it is no line/],
    ['(1.000000) arm rx#0', /^line 2: it is no line/],
    ['(1.000000) arm rx#0A', /^line 2: it is no line/],
    ['(1.000000) arm up#00', /^line 2: it is no line/],
    ['(1.000000) arm tx!malformed/3#00', /^line 2: it is no line/],
    ['(1.000000) arm rx!bored/3#00', /^line 2: it is no line/],
    ['(1.000000) arm rx!malformed/1#0001', /^line 2: a frame of 1 bytes cannot begin with 2/],
    ['(9999999999.000000) arm rx#00', /^line 2: its time is out of range/],
    ['(1.000000) %zz rx#00', /^line 2: "%zz" is no name/],
    ['(1.000000) %41 rx#00', /^line 2: "%41" is no name/],
    ['(1.000000) a\x1b rx#00', /^line 2: /],
  ])('%j tells the number of its line', async (line, message) => {
    await expect(read(`${LINE}\n${line}\n${LINE}\n`)).rejects.toThrow(message);
  });

  test('tells a line that is cut off', async () => {
    await expect(read(`${LINE}\n${LINE}`)).rejects.toThrow(/^line 2: it is cut off$/);
  });
});

describe('a log file', () => {
  test('has its lines on disk soon after they were written', async () => {
    const file = path.join(await temporaryFolder(), 'a.log');
    const log = await openLogFile(file);
    await log.write(packet);
    await expect.poll(() => readFile(file, 'utf8')).toBe(`${logLine(packet)}\n`);
    await log.write(rejected);
    await log.close();
    expect(await readFile(file, 'utf8')).toBe(`${logLine(packet)}\n${logLine(rejected)}\n`);
  });

  test('is not overwritten, unless forced', async () => {
    const file = path.join(await temporaryFolder(), 'a.log');
    await writeFile(file, 'precious');
    await expect(openLogFile(file)).rejects.toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringMatching(/a\.log is there already; --force/) }),
    );
    expect(await readFile(file, 'utf8')).toBe('precious');
    await (await openLogFile(file, { force: true })).close();
    expect(await readFile(file, 'utf8')).toBe('');
  });

  test('is not overwritten through a link', async () => {
    const folder = await temporaryFolder();
    await writeFile(path.join(folder, 'a.log'), 'precious');
    await symlink('a.log', path.join(folder, 'link.log'));
    await expect(openLogFile(path.join(folder, 'link.log'))).rejects.toThrow(/--force/);
  });

  test('that cannot be opened is a failure', async () => {
    await expect(openLogFile('/nowhere/a.log')).rejects.toThrow(
      expect.objectContaining({ exitCode: 1, message: expect.stringMatching(/cannot open \/nowhere\/a\.log: ENOENT/) }),
    );
  });

  test('goes on in other files, and loses and reorders nothing', async () => {
    const folder = await temporaryFolder();
    const file = path.join(folder, 'a.log');
    await writeFile(`${file}.2`, 'precious');
    const log = await openLogFile(file, { maxBytes: 200 });
    const all = Array.from({ length: 20 }, (_, index) => ({ ...packet, timeUs: packet.timeUs + index }));
    for (const record of all) {
      // As rejected frames do, these do not wait.
      void log.write(record);
    }
    await log.close();
    const names = (await readdir(folder)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    expect(names).toEqual(['a.log', 'a.log.1', 'a.log.2', 'a.log.3', 'a.log.4']);
    expect(await readFile(`${file}.2`, 'utf8')).toBe('precious');
    const texts = await Promise.all(['', '.1', '.3', '.4'].map((suffix) => readFile(`${file}${suffix}`, 'utf8')));
    expect(texts.map((text) => text.length <= 200 && text.endsWith('\n'))).toEqual([true, true, true, true]);
    expect((await read(texts.join(''))).map(plain)).toEqual(all.map(plain));
  });

  test('takes a line that is longer than the file is to be', async () => {
    const folder = await temporaryFolder();
    const log = await openLogFile(path.join(folder, 'a.log'), { maxBytes: 10 });
    await log.write(packet);
    await log.write(rejected);
    await log.close();
    expect(await readFile(path.join(folder, 'a.log'), 'utf8')).toBe(`${logLine(packet)}\n`);
    expect(await readFile(path.join(folder, 'a.log.1'), 'utf8')).toBe(`${logLine(rejected)}\n`);
  });

  test.skipIf(process.platform !== 'linux')('that cannot be written says so (needs Linux)', async () => {
    const log = await openLogFile('/dev/full');
    void log.write(packet);
    await expect(log.ended).rejects.toThrow(/cannot write \/dev\/full: ENOSPC/);
    expect(log.write(packet)).toBeUndefined();
    await expect(log.close()).rejects.toThrow(expect.objectContaining({ exitCode: 1 }));
  });
});
