import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { logLine } from '../../src/records/log-line.js';
import type { PacketRecord } from '../../src/records/record.js';
import { readRecording } from '../../src/records/recording.js';
import { openLog } from '../../src/sinks/log.js';
import { plain } from '../support/records.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const packet: PacketRecord = {
  timeUs: 1_700_000_000_000_042,
  name: 'arm',
  dir: 'rx',
  length: 5,
  bytes: Buffer.from('hello'),
};
const rejected: PacketRecord = { ...packet, name: 'leg', length: 300, bytes: Uint8Array.of(5, 1), error: 'too-long' };

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

  test('is not overwritten, unless forced, and not before it begins', async () => {
    const file = path.join(await temporaryFolder(), 'a.log');
    await writeFile(file, 'precious');
    await expect(openLog(file)).rejects.toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringMatching(/a\.log already exists; use --force/) }),
    );
    expect(await readFile(file, 'utf8')).toBe('precious');
    await (await openLog(file, { force: true })).close();
    expect(await readFile(file, 'utf8')).toBe('precious');
    const log = await openLog(file, { force: true });
    log.begin();
    await log.close();
    expect(await readFile(file, 'utf8')).toBe('');
  });

  test('is not overwritten through a link', async () => {
    const folder = await temporaryFolder();
    await writeFile(path.join(folder, 'a.log'), 'precious');
    await symlink('a.log', path.join(folder, 'link.log'));
    await expect(openLog(path.join(folder, 'link.log'))).rejects.toThrow(/--force/);
  });

  test('fails if it cannot be opened', async () => {
    await expect(openLog('/nowhere/a.log')).rejects.toThrow(
      expect.objectContaining({ exitCode: 1, message: expect.stringMatching(/cannot open \/nowhere\/a\.log: ENOENT/) }),
    );
  });

  test('continues in other files without losing or reordering records', async () => {
    const folder = await temporaryFolder();
    const file = path.join(folder, 'a.log');
    await writeFile(`${file}.2`, 'precious');
    const log = await openLog(file, { maxBytes: 200 });
    const all = Array.from({ length: 20 }, (_, index) => ({ ...packet, timeUs: packet.timeUs + index }));
    for (const record of all) {
      // Like rejected frames, these do not wait.
      void log.write(record);
    }
    await log.close();
    const names = (await readdir(folder)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    expect(names).toEqual(['a.log', 'a.log.1', 'a.log.2', 'a.log.3', 'a.log.4']);
    expect(await readFile(`${file}.2`, 'utf8')).toBe('precious');
    const texts = await Promise.all(['', '.1', '.3', '.4'].map((suffix) => readFile(`${file}${suffix}`, 'utf8')));
    expect(texts.map((text) => text.length <= 200 && text.endsWith('\n'))).toEqual([true, true, true, true]);
    const joined = path.join(folder, 'joined.log');
    await writeFile(joined, texts.join(''));
    const read: PacketRecord[] = [];
    for await (const record of readRecording(joined)) {
      read.push(record);
    }
    expect(read.map(plain)).toEqual(all.map(plain));
  });

  test('accepts a line longer than the limit of the file', async () => {
    const folder = await temporaryFolder();
    const log = await openLog(path.join(folder, 'a.log'), { maxBytes: 10 });
    await log.write(packet);
    await log.write(rejected);
    await log.close();
    expect(await readFile(path.join(folder, 'a.log'), 'utf8')).toBe(`${logLine(packet)}\n`);
    expect(await readFile(path.join(folder, 'a.log.1'), 'utf8')).toBe(`${logLine(rejected)}\n`);
  });

  test.skipIf(process.platform !== 'linux')('reports that it cannot be written (needs Linux)', async () => {
    const log = await openLog('/dev/full');
    void log.write(packet);
    await expect(log.ended).rejects.toThrow(/cannot write \/dev\/full: ENOSPC/);
    expect(log.write(packet)).toBeUndefined();
    await expect(log.close()).rejects.toThrow(expect.objectContaining({ exitCode: 1 }));
  });
});
