import { chmod, mkdir, open, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { cannotRead, cannotWrite } from '../../src/text/file-problem.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** The error of work that must fail. */
const errorOf = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => Promise.reject(),
    (error) => error,
  );

/** An error as the operating system reports it through Node.js. */
const systemError = (code: string) =>
  Object.assign(new Error(`${code}: some raw text, open '/a/file'`), { code, syscall: 'open', path: '/a/file' });

/** Root may do anything, so the rest of the test is somebody else's. */
function withoutRoot(): void {
  if (process.getuid?.() === 0) {
    process.seteuid?.(NOBODY);
    onTestFinished(() => process.seteuid?.(0));
  }
}
const NOBODY = 65_534;

describe('errors of real files', () => {
  test('when reading', async () => {
    const folder = await temporaryFolder();
    await writeFile(path.join(folder, 'file'), '');
    await symlink('loop', path.join(folder, 'loop'));
    const reading = async (name: string) => cannotRead('F', await errorOf(readFile(path.join(folder, name))));
    expect(await reading('missing')).toBe('cannot read F: no such file; check its name');
    expect(await reading('')).toBe('cannot read F: it is a folder; name a file');
    expect(await reading('file/x')).toBe(
      'cannot read F: no such file: a part of its path is not a folder; check the path',
    );
    expect(await reading('x'.repeat(300))).toBe('cannot read F: the name is too long; shorten it');
    expect(await reading('loop')).toBe('cannot read F: the symbolic links lead in a circle; correct them');
  });

  test('when writing', async () => {
    const folder = await temporaryFolder();
    await writeFile(path.join(folder, 'file'), '');
    const writing = async (name: string) => cannotWrite('F', await errorOf(open(path.join(folder, name), 'w')));
    expect(await writing('no/x')).toBe('cannot write F: no such folder; create it first');
    expect(await writing('')).toBe('cannot write F: it is a folder; name a file');
    expect(await writing('file/x')).toBe(
      'cannot write F: no such folder: a part of the path is a file; check the path',
    );
  });

  test('without permission', async () => {
    const folder = await temporaryFolder();
    await chmod(folder, 0o755);
    await writeFile(path.join(folder, 'file'), '', { mode: 0o000 });
    await mkdir(path.join(folder, 'locked'));
    await chmod(path.join(folder, 'locked'), 0o555);
    withoutRoot();
    expect(cannotRead('F', await errorOf(readFile(path.join(folder, 'file'))))).toMatch(/: permission denied; /);
    expect(cannotWrite('F', await errorOf(open(path.join(folder, 'locked/x'), 'w')))).toMatch(/: permission denied; /);
  });
});

describe.each([
  ['reading', cannotRead, ['ENOENT', 'EACCES', 'EPERM', 'EISDIR', 'ENOTDIR', 'EMFILE', 'ENFILE', 'EIO', 'ENXIO']],
  ['writing', cannotWrite, ['ENOENT', 'EACCES', 'EPERM', 'EISDIR', 'ENOTDIR', 'EMFILE', 'EROFS', 'ENOSPC', 'EDQUOT']],
])('%s', (_, wording, codes) => {
  test.each(codes)('says in words what %s means, and what to do', (code) => {
    expect(wording('a.log', systemError(code))).toMatch(
      /^cannot (read|write) a\.log: (?!some raw text)[a-z][^;]+; [a-z]/,
    );
  });

  test('shows only the text of a code that it does not know', () => {
    expect(wording('a.log', systemError('EWHAT'))).toMatch(/^cannot (read|write) a\.log: some raw text$/);
    expect(wording('a.log', new Error('EWHAT: bad, write'))).toMatch(/: bad$/);
  });

  test('keeps the message of any other error', () => {
    expect(wording('a.log', new Error('line 3, too long'))).toMatch(/: line 3, too long$/);
  });
});

test('the advice for a missing file can be chosen', () => {
  expect(cannotRead('a.hex', systemError('ENOENT'), 'build it first')).toBe(
    'cannot read a.hex: no such file; build it first',
  );
});
