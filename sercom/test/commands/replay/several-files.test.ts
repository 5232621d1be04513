import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** A log, its older part and, sent, one that overlaps both; and their folder. */
async function threeLogs(): Promise<{ folder: string; files: string[] }> {
  const folder = await temporaryFolder();
  const files = ['f.log', 'f.log.1', 'f.log.2'].map((name) => path.join(folder, name));
  await writeFile(files[0]!, '(5.000001) arm rx#05\n(6.000001) arm rx#06\n');
  await writeFile(files[1]!, '(2.000001) arm rx#02\n(3.000001) arm rx#03\n');
  await writeFile(files[2]!, '(1.000001) arm tx#01\n(5.500001) arm tx#55\n');
  return { folder, files };
}

describe('sercom replay FILE FILE…', () => {
  test('plays several files in the order of time', async () => {
    const { files } = await threeLogs();
    expect(await run('replay', ...files, '--format', '%x')).toMatchObject({
      code: 0,
      stdout: '01\n02\n03\n05\n55\n06\n',
      stderr: '',
    });
  });

  test('plays any number of recordings of the same time without a warning', async () => {
    const folder = await temporaryFolder();
    const files = Array.from({ length: 20 }, (_, index) => path.join(folder, `${index}.log`));
    await Promise.all(files.map((file) => writeFile(file, '(1.000001) arm rx#01\n(2.000001) arm rx#02\n')));
    expect(await run('replay', ...files, '--format', '%x')).toMatchObject({
      code: 0,
      stdout: '01\n'.repeat(20) + '02\n'.repeat(20),
      stderr: '',
    });
  });

  test('repeats all of them', async () => {
    const { files } = await threeLogs();
    expect((await run('replay', ...files.slice(1), '--loop', '2', '--format', '%x')).stdout).toBe(
      '01\n02\n03\n55\n'.repeat(2),
    );
  });

  test('sends them to a port that follows', async () => {
    const { files } = await threeLogs();
    const { code, stdout, stderr } = await run('replay', ...files, 'uno=sim:', '--speed', '0', '--format', '%t %d %x');
    expect(stdout.split('\n').filter((line) => line.includes('tx'))).toEqual(['uno tx 01', 'uno tx 55']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('needs a port for the options of ports', async () => {
    const { files } = await threeLogs();
    const { code, stderr } = await run('replay', ...files, '--settle', '5');
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'sercom: --settle requires PORT\n' });
  });

  test.each<[string, string[], RegExp, number]>([
    [
      'a missing file is not taken for a port',
      ['f.log', 'f.log.3'],
      /^sercom: cannot read \S+f\.log\.3: no such file/,
      1,
    ],
    ['a folder is not taken for a port', ['f.log', 'folder'], /^sercom: cannot read \S+folder: it is a folder/, 1],
    ['a port must be the last', ['sim:', 'f.log'], /^sercom: cannot read sim:: no such file/, 1],
    ['anything else is a port', ['f.log', 'tty'], /^sercom: connection "\S+tty": no such port/, 1],
    ['stdin can be given once', ['-', '-'], /^sercom: stdin \("-"\) is given twice/, 2],
    ['no file is written that is read', ['f.log', 'f.log.1', '--log', 'f.log.1'], /is the recording being replayed/, 2],
  ])('%s', async (_, words, message, code) => {
    const { folder } = await threeLogs();
    await mkdir(path.join(folder, 'folder'));
    const commandLine = words.map((word) => (/^-|sim:/.test(word) ? word : path.join(folder, word)));
    const outcome = await run('replay', ...commandLine);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).toMatch(/^[^\n]*\n$/);
    expect(outcome.code).toBe(code);
  });
});
