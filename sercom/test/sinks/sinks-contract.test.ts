import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { PacketRecord } from '../../src/records/record.js';
import { separateId } from '../../src/records/request-ids.js';
import { rejectConflicts } from '../../src/sinks/file-conflicts.js';
import type { FileSink } from '../../src/sinks/file-sink.js';
import { RecordFlow } from '../../src/sinks/flow.js';
import { openSinks, SINKS, type SinkOptions } from '../../src/sinks/index.js';
import { redirectMessages } from '../../src/terminal/message.js';
import { run } from '../support/sercom-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const packet: PacketRecord = {
  timeUs: 1_700_000_000_000_042,
  name: 'arm',
  dir: 'rx',
  length: 5,
  bytes: Buffer.from('hello'),
};
const rejected: PacketRecord = { ...packet, error: 'malformed' };

const PRECIOUS = 'precious'.repeat(100);

/** The names of several options, as messages list them. */
function alternatives(flags: readonly string[]): string {
  return [flags.slice(0, -1).join(', '), ...flags.slice(-1)].filter((part) => part !== '').join(' or ');
}

describe.each(SINKS.map((definition) => [definition.flag, definition] as const))('%s', (flag, definition) => {
  async function open(file: string, options: SinkOptions = {}): Promise<FileSink> {
    const [sink] = await openSinks(
      { ...options, [definition.name]: file },
      { names: [packet.name], decoder: undefined },
    );
    return sink!;
  }

  async function pathInFolder(): Promise<string> {
    return path.join(await temporaryFolder(), 'a.out');
  }

  test('writes what it is given to the disk soon', async () => {
    const file = await pathInFolder();
    const sink = await open(file);
    sink.begin();
    await sink.write(packet);
    await expect.poll(() => readFile(file)).not.toHaveLength(0);
    const { length } = await readFile(file);
    await sink.write(rejected);
    await sink.close();
    expect((await readFile(file)).length).toBeGreaterThan(length);
  });

  test('gets packets as they are on the wire, so that they can be replayed', async () => {
    const files = [await pathInFolder(), await pathInFolder()];
    for (const [index, record] of [packet, separateId(packet, 1)].entries()) {
      const flow = new RecordFlow([await open(files[index]!)]);
      await flow.write(record);
      await flow.close();
    }
    expect(await readFile(files[1]!)).toEqual(await readFile(files[0]!));
  });

  test('begins with the first record, if not before', async () => {
    const [file, begun] = [await pathInFolder(), await pathInFolder()];
    const sink = await open(file);
    await sink.write(packet);
    await sink.close();
    const begunSink = await open(begun);
    begunSink.begin();
    begunSink.begin();
    await begunSink.write(packet);
    await begunSink.close();
    expect(await readFile(file)).toEqual(await readFile(begun));
  });

  test('does not overwrite a file unless forced, and not before it begins', async () => {
    const file = await pathInFolder();
    await writeFile(file, PRECIOUS);
    await expect(open(file)).rejects.toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: `${flag}: ${file} already exists; use --force to overwrite it`,
      }),
    );
    expect(await readFile(file, 'utf8')).toBe(PRECIOUS);
    await (await open(file, { force: true })).close();
    expect(await readFile(file, 'utf8')).toBe(PRECIOUS);
    const sink = await open(file, { force: true });
    sink.begin();
    await sink.close();
    expect(await readFile(file, 'utf8')).not.toContain('precious');
  });

  test('does not overwrite a file through a link', async () => {
    const file = await pathInFolder();
    await writeFile(file, PRECIOUS);
    await symlink(file, `${file}.link`);
    await expect(open(`${file}.link`)).rejects.toThrow(/--force/);
  });

  test('creates no file if it does not begin', async () => {
    const file = await pathInFolder();
    await (await open(file)).close();
    expect(await readdir(path.dirname(file))).toEqual([]);
  });

  test('fails if the file cannot be opened', async () => {
    await expect(open('/nowhere/a.out')).rejects.toThrow(
      expect.objectContaining({
        exitCode: 1,
        message: expect.stringMatching(`^${flag}: cannot write /nowhere/a\\.out: no such folder; create it first$`),
      }),
    );
  });

  test.skipIf(process.platform !== 'linux')('reports a file that cannot be written (needs Linux)', async () => {
    const sink = await open('/dev/full');
    void sink.write(packet);
    await expect(sink.ended).rejects.toThrow(
      expect.objectContaining({
        exitCode: 1,
        message: expect.stringMatching(`^${flag}: cannot write /dev/full: no space left; `),
      }),
    );
    expect(sink.write(packet)).toBeUndefined();
    await expect(sink.close()).rejects.toThrow(expect.objectContaining({ exitCode: 1 }));
  });

  test('drops and counts rejected frames while it is full', async () => {
    const messages: string[] = [];
    redirectMessages((line) => messages.push(line));
    onTestFinished(() => redirectMessages());
    const sink = await open(await pathInFolder());
    const flow = new RecordFlow([sink]);
    // Within one turn of the event loop, nothing is written.
    while (!sink.isFull) {
      void flow.write(packet);
    }
    void flow.write(rejected);
    void flow.write(rejected);
    await flow.close();
    expect(messages).toEqual([`sercom: ${flag}: 2 rejected frames dropped: the destination is too slow\n`]);
  });

  test(definition.canBeStdout ? 'writes to stdout instead of lines' : 'cannot write to stdout', async () => {
    const { code, stdout, stderr } = await run('monitor', 'sim:', '-n', '1', flag, '-');
    if (definition.canBeStdout) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).not.toBe('');
      expect(stdout).not.toContain('"hello 1"');
    } else {
      const others = SINKS.filter(({ canBeStdout }) => canBeStdout).map((other) => other.flag);
      expect({ code, stdout, stderr }).toEqual({
        code: 2,
        stdout: '',
        stderr: `sercom: ${flag} -: only ${others.join(' and ')} can write to stdout; name a file\n`,
      });
    }
  });
});

describe('all sinks together', () => {
  /** The options that ask for every sink, and the files. */
  async function everySink() {
    const folder = await temporaryFolder();
    const files = SINKS.map(({ name }) => path.join(folder, `a.${name}`));
    return { folder, files, options: SINKS.flatMap(({ flag }, index) => [flag, files[index]!]) };
  }

  test.each([
    ['monitor', '/nowhere/tty'],
    ['replay', '/nowhere.log'],
    ['replay', 'LOG', '/nowhere/tty'],
  ])('%s %s %s fails before its first record: files stay unchanged, and none are created', async (...commandLine) => {
    const { folder, files, options } = await everySink();
    const source = path.join(await temporaryFolder(), 'source.log');
    await writeFile(source, '(1700000000.000001) arm tx#6869\n');
    const command = commandLine.map((word) => word.replace('LOG', source));
    for (const _ of ['once', 'again']) {
      expect(await run(...command, ...options)).toMatchObject({ code: 1 });
    }
    expect(await readdir(folder)).toEqual([]);
    for (const file of files) {
      await writeFile(file, PRECIOUS);
    }
    expect(await run(...command, ...options, '--force')).toMatchObject({ code: 1 });
    for (const file of files) {
      expect(await readFile(file, 'utf8')).toBe(PRECIOUS);
    }
  });

  test('overwrite existing files with --force, even if there are no records', async () => {
    const { files, options } = await everySink();
    const source = path.join(await temporaryFolder(), 'source.log');
    await writeFile(source, '');
    for (const file of files) {
      await writeFile(file, PRECIOUS);
    }
    expect(await run('replay', source, ...options, '--force')).toMatchObject({ code: 0 });
    for (const file of files) {
      expect(await readFile(file, 'utf8')).not.toContain('precious');
    }
  });
});

test('--force requires a sink', async () => {
  const { code, stdout, stderr } = await run('monitor', 'sim:', '--force');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(new RegExp(`--force requires ${alternatives(SINKS.map(({ flag }) => flag))}$`, 'm'));
});

test('two sinks cannot both write to stdout', async () => {
  const both = ['--one', '--two'].map((option) => ({ option, path: '-' }));
  await expect(rejectConflicts(both, [])).rejects.toThrow(
    expect.objectContaining({
      exitCode: 2,
      message: '--two: stdout is already written by --one; choose another file',
    }),
  );
});
