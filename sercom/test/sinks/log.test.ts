import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { logLine } from '../../src/records/log-line.js';
import type { PacketRecord } from '../../src/records/record.js';
import { readRecording } from '../../src/records/recording.js';
import type { FileSink } from '../../src/sinks/file-sink.js';
import { openSinks } from '../../src/sinks/index.js';
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

async function openLog(file: string, logBytes?: number): Promise<FileSink> {
  const options = { log: file, ...(logBytes !== undefined && { logBytes }) };
  const [log] = await openSinks(options, { names: [], decoder: undefined });
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

  test('continues in other files without losing or reordering records', async () => {
    const folder = await temporaryFolder();
    const file = path.join(folder, 'a.log');
    await writeFile(`${file}.2`, 'precious');
    const log = await openLog(file, 200);
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
    const log = await openLog(path.join(folder, 'a.log'), 10);
    await log.write(packet);
    await log.write(rejected);
    await log.close();
    expect(await readFile(path.join(folder, 'a.log'), 'utf8')).toBe(`${logLine(packet)}\n`);
    expect(await readFile(path.join(folder, 'a.log.1'), 'utf8')).toBe(`${logLine(rejected)}\n`);
  });
});
