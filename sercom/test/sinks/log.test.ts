import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { logLine } from '../../src/records/log-line.js';
import type { PacketRecord } from '../../src/records/record.js';
import type { FileSink } from '../../src/sinks/file-sink.js';
import { openSinks, type SinkOptions } from '../../src/sinks/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const packet: PacketRecord = {
  timeUs: 1_700_000_000_000_042,
  name: 'arm',
  dir: 'rx',
  length: 5,
  bytes: Buffer.from('hello'),
};
const rejected: PacketRecord = { ...packet, name: 'leg', length: 300, bytes: Uint8Array.of(5, 1), error: 'too-long' };

async function openLog(file: string, options: Partial<SinkOptions> = {}): Promise<FileSink> {
  const [log] = await openSinks({ log: file, ...options }, { names: [], decoder: undefined });
  return log!;
}

describe('a log file', () => {
  test('writes its lines to the disk soon', async () => {
    const file = path.join(await temporaryFolder(), 'a.log');
    const log = await openLog(file);
    await log.write(packet);
    await expect.poll(() => readFile(file, 'utf8')).toBe(`${logLine(packet)}\n`);
    await log.write(rejected);
    await log.close();
    expect(await readFile(file, 'utf8')).toBe(`${logLine(packet)}\n${logLine(rejected)}\n`);
  });

  /** The files of a log, newest first, and what is in them. */
  async function filesOf(file: string): Promise<[string, string][]> {
    const names = (await readdir(path.dirname(file))).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    return Promise.all(
      names.map(
        async (name) => [name, await readFile(path.join(path.dirname(file), name), 'utf8')] as [string, string],
      ),
    );
  }

  const all = Array.from({ length: 20 }, (_, index) => ({ ...packet, timeUs: packet.timeUs + index }));
  const lines = all.map((record) => `${logLine(record)}\n`);

  async function write(file: string, options: Partial<SinkOptions>): Promise<void> {
    const log = await openLog(file, options);
    for (const record of all) {
      // Like rejected frames, these do not wait.
      void log.write(record);
    }
    await log.close();
  }

  test('is rotated without losing or reordering records; the newest are in the file without a number', async () => {
    const file = path.join(await temporaryFolder(), 'a.log');
    await writeFile(`${file}.1`, 'older');
    await writeFile(`${file}.3`, 'not next to it');
    await write(file, { logBytes: 5 * lines[0]!.length });
    const [newest, ...older] = await filesOf(file);
    expect(newest).toEqual(['a.log', lines.slice(15).join('')]);
    expect(older).toEqual([
      ['a.log.1', lines.slice(10, 15).join('')],
      ['a.log.2', lines.slice(5, 10).join('')],
      ['a.log.3', lines.slice(0, 5).join('')],
      ['a.log.4', 'older'],
      ['a.log.5', 'not next to it'],
    ]);
  });

  test.each([
    [1, ['a.log']],
    [3, ['a.log', 'a.log.1', 'a.log.2']],
    [100, ['a.log', 'a.log.1', 'a.log.2', 'a.log.3', 'a.log.4', 'a.log.5']],
  ])('keeps at most %i files', async (logFiles, names) => {
    const file = path.join(await temporaryFolder(), 'a.log');
    await writeFile(`${file}.1`, 'older');
    await writeFile(`${file}.2`, 'oldest');
    await write(file, { logBytes: 5 * lines[0]!.length, logFiles });
    const files = await filesOf(file);
    expect(files.map(([name]) => name)).toEqual(names);
    expect(files[0]![1]).toBe(lines.slice(15).join(''));
  });

  test('goes on if another program has moved it away', async () => {
    const file = path.join(await temporaryFolder(), 'a.log');
    const log = await openLog(file, { logBytes: 1_024 });
    await log.write(packet);
    await rename(file, `${file}.moved`);
    for (const record of [...all, ...all]) {
      await log.write(record);
    }
    await log.close();
    const texts = (await filesOf(file)).map(([, text]) => text);
    expect(texts.join('').split('\n')).toHaveLength(42);
  });

  test('that cannot be rotated ends with an error', async () => {
    const folder = path.join(await temporaryFolder(), 'folder');
    await mkdir(folder);
    const log = await openLog(path.join(folder, 'a.log'), { logBytes: 1_024 });
    await log.write(packet);
    await rm(folder, { recursive: true });
    for (const record of [...all, ...all]) {
      await log.write(record);
    }
    await expect(log.ended).rejects.toThrow(/^--log: cannot (?:open|write) .*a\.log/);
    await expect(log.close()).rejects.toThrow();
  });

  test('accepts a line longer than the limit of the file', async () => {
    const folder = await temporaryFolder();
    const log = await openLog(path.join(folder, 'a.log'), { logBytes: 10 });
    await log.write(packet);
    await log.write(rejected);
    await log.close();
    expect(await readFile(path.join(folder, 'a.log'), 'utf8')).toBe(`${logLine(rejected)}\n`);
    expect(await readFile(path.join(folder, 'a.log.1'), 'utf8')).toBe(`${logLine(packet)}\n`);
  });
});

describe('--append', () => {
  async function append(content: string, options: Partial<SinkOptions> = {}): Promise<string> {
    const file = path.join(await temporaryFolder(), 'a.log');
    await writeFile(file, content);
    const log = await openLog(file, { append: true, ...options });
    expect(await readFile(file, 'utf8')).toBe(content);
    await log.write(packet);
    await log.close();
    return file;
  }

  const line = `${logLine(rejected)}\n`;

  test.each(['', line, `# only a comment\n${line}`])('continues a log: %j', async (content) => {
    expect(await readFile(await append(content), 'utf8')).toBe(`${content}${logLine(packet)}\n`);
  });

  test('creates a log that does not exist', async () => {
    const file = path.join(await temporaryFolder(), 'a.log');
    const log = await openLog(file, { append: true });
    await log.write(packet);
    await log.close();
    expect(await readFile(file, 'utf8')).toBe(`${logLine(packet)}\n`);
  });

  test('turns a line that was cut off into a comment, so that the log can be read', async () => {
    const file = await append(`${line}(1700000000.0000\x1b`);
    expect(await readFile(file, 'utf8')).toBe(`${line}# cut off: (1700000000.0000\\x1b\n${logLine(packet)}\n`);
  });

  test('counts what is there for --log-size', async () => {
    const cut = '(17000';
    const file = await append(`${line.repeat(20)}${cut}`, { logBytes: 20 * line.length });
    expect(await readFile(`${file}.1`, 'utf8')).toBe(`${line.repeat(20)}# cut off: ${cut}\n`);
    expect(await readFile(file, 'utf8')).toBe(`${logLine(packet)}\n`);
  });

  test.each([
    ['another file', 'precious', /^--log: .*a\.log is not a log, so it cannot be continued; name another file$/],
    ['a log with an endless line', `(${'1'.repeat(1_100_000)}`, /ends in the middle of a long line/],
  ])('refuses %s', async (_, content, message) => {
    await expect(append(content)).rejects.toThrow(message);
  });
});

test.each([
  [
    'a recording that is read',
    { log: 'a.log' },
    ['a.log.1'],
    /^--log: .*a\.log\.1 would be renamed as an older part of this log; /,
  ],
  ['a capture that is written', { log: 'a.log', pcapng: './a.log.2' }, [], /^--log: .*a\.log\.2 would be renamed /],
])('a log is not rotated over %s', async (_, files, read, message) => {
  const folder = await temporaryFolder();
  const inFolder = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, `${folder}/${file}`]));
  const settings = { names: [], decoder: undefined, readFiles: read.map((file) => `${folder}/${file}`) };
  await expect(openSinks({ ...inFolder, logBytes: 2_000 }, settings)).rejects.toThrow(message);
  expect(await readdir(folder)).toEqual([]);
  await expect(openSinks({ log: '/dev/null', logBytes: 2_000 }, settings)).rejects.toThrow(/not a regular file/);
});
