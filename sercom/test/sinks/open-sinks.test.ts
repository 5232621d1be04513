import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { PacketRecord } from '../../src/records/record.js';
import { readRecording } from '../../src/records/recording.js';
import { RecordFlow } from '../../src/sinks/flow.js';
import { openSinks } from '../../src/sinks/index.js';
import { redirectMessages } from '../../src/terminal/message.js';
import { run } from '../support/sercom-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const rejected: PacketRecord = {
  timeUs: 1_700_000_000_000_000,
  name: 'arm',
  dir: 'rx',
  length: 1,
  bytes: new Uint8Array([5]),
  error: 'malformed',
};

async function recordsIn(folder: string): Promise<number> {
  let records = 0;
  for (const name of await readdir(folder)) {
    for await (const _ of readRecording(path.join(folder, name))) {
      records++;
    }
  }
  return records;
}

describe('rejected frames that arrive faster than they can be written', () => {
  test.each([
    ['--log', { log: 'a.log' }],
    ['--log', { log: 'a.log', logBytes: 400_000 }],
    ['--pcapng', { pcapng: 'a.pcapng' }],
  ])('%s %j drops and counts those that find it full', async (option, files) => {
    const messages: string[] = [];
    redirectMessages((line) => messages.push(line));
    onTestFinished(() => redirectMessages());
    const folder = await temporaryFolder();
    const inFolder = Object.fromEntries(
      Object.entries(files).map(([key, value]) => [key, typeof value === 'string' ? path.join(folder, value) : value]),
    );
    const flow = new RecordFlow(await openSinks(inFolder, { names: ['arm'], decoder: undefined }));
    const frames = 100_000;
    // Within one turn of the event loop, nothing is written.
    for (let frame = 0; frame < frames; frame++) {
      void flow.write(rejected);
    }
    await flow.close();
    const [, dropped] = /^sercom: (?:--\w+): (\d+) rejected frames dropped: /.exec(messages.join(''))!;
    expect(messages).toEqual([expect.stringMatching(`^sercom: ${option}: `)]);
    expect(Number(dropped)).toBeGreaterThan(frames / 2);
    expect(await recordsIn(folder)).toBe(frames - Number(dropped));
  });

  test('packets are never dropped, nor are rejected frames that find room', async () => {
    const folder = await temporaryFolder();
    const flow = new RecordFlow(
      await openSinks({ log: path.join(folder, 'a.log') }, { names: ['arm'], decoder: undefined }),
    );
    const { error: _, ...packet } = rejected;
    void flow.write(rejected);
    for (let frame = 0; frame < 100_000; frame++) {
      void flow.write(packet);
    }
    await flow.close();
    expect(await recordsIn(folder)).toBe(100_001);
  });
});

test('an existing file is a usage error before a port is opened', async () => {
  const log = path.join(await temporaryFolder(), 'a.log');
  await writeFile(log, 'precious');
  const { code, stderr } = await run('monitor', '/nowhere/tty', '--log', log);
  expect(stderr).toMatch(/^sercom: --log: .*a\.log already exists; use --force to overwrite it\n$/);
  expect(code).toBe(2);
});

test('--force overwrites existing files, even if there are no records', async () => {
  const folder = await temporaryFolder();
  const source = path.join(folder, 'source.log');
  const log = path.join(folder, 'a.log');
  const capture = path.join(folder, 'a.pcapng');
  const line = '(1700000000.000001) arm tx#6869\n';
  for (const text of [line, '']) {
    await writeFile(source, text);
    await writeFile(log, `# ${'precious'.repeat(100)}\n`);
    await writeFile(capture, 'precious'.repeat(100));
    const { code } = await run('replay', source, '--log', log, '--pcapng', capture, '--force');
    expect(code).toBe(0);
    expect(await readFile(log, 'utf8')).toBe(text);
    expect((await run('replay', capture)).stdout).toMatch(text === '' ? /^$/ : /"hi"\n$/);
  }
});
