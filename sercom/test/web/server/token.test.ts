import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { redirectMessages } from '../../../src/terminal/message.js';
import { Token } from '../../../src/web/server/token.js';
import { expectMessageForm } from '../../support/message-form.js';
import { RunningProcess, SERCOM } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** Collects messages until the test ends. */
function messages(): string[] {
  const lines: string[] = [];
  redirectMessages((line) => lines.push(line));
  onTestFinished(() => redirectMessages());
  return lines;
}

describe('a token', () => {
  test('is random, and long enough', async () => {
    const tokens = await Promise.all(Array.from({ length: 100 }, () => Token.create()));
    expect(new Set(tokens.map(({ text }) => text)).size).toBe(100);
    for (const { text } of tokens) {
      expect(text).toMatch(/^[\w-]{32}$/);
    }
  });

  test('is found only in a header that has nothing else', async () => {
    const token = await Token.create();
    expect(token.isIn(`Bearer ${token.text}`)).toBe(true);
    expect(token.isIn(`bearer  ${token.text}`)).toBe(true);
    for (const header of [
      undefined,
      '',
      token.text,
      `Bearer${token.text}`,
      `Bearer ${token.text} x`,
      `Bearer x${token.text}`,
      'Bearer ',
    ]) {
      expect(token.isIn(header)).toBe(false);
    }
  });
});

describe('a file with a token', () => {
  test('is created for its owner only, and used again', async () => {
    const file = path.join(await temporaryFolder(), 'token');
    const lines = messages();
    const token = await Token.create(file);
    expect(await readFile(file, 'utf8')).toBe(`${token.text}\n`);
    expect((await Token.create(file)).text).toBe(token.text);
    expect(lines).toEqual([]);
  });

  test('may be written by the user', async () => {
    const file = path.join(await temporaryFolder(), 'token');
    await writeFile(file, '  abcdefghijklmnopqrstuv\r\n', { mode: 0o600 });
    expect((await Token.create(file)).text).toBe('abcdefghijklmnopqrstuv');
  });

  test.skipIf(process.platform === 'win32')('that others can read leads to a warning (needs Unix)', async () => {
    const file = path.join(await temporaryFolder(), 'token');
    const lines = messages();
    await Token.create(file);
    await chmod(file, 0o640);
    await Token.create(file);
    expect(lines).toEqual([`sercom: warning: --web-token-file: other users can read ${file}; use chmod 600\n`]);
  });

  test.each([
    '',
    'short',
    `${'x'.repeat(21)}\n`,
    'abcdefghijklmnopqrstuv wxyz',
    'abcdefghijklmnopqrstuvwxyz!',
    'x'.repeat(5_000),
  ])('is refused if it has no token: %j', async (content) => {
    const file = path.join(await temporaryFolder(), 'token');
    await writeFile(file, content);
    const error: Error = await Token.create(file).catch((reason) => reason);
    expectMessageForm(`sercom: ${error.message}\n`, [file]);
    expect(error).toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^--web-token-file: \S+ has no token; name another file, .* write 22 to 200 of /),
    });
    // It stays as it was.
    expect(await readFile(file, 'utf8')).toBe(content);
  });

  test.skipIf(process.getuid?.() !== 0)('of another user leads to a warning (needs root)', async () => {
    const file = path.join(await temporaryFolder(), 'token');
    const lines = messages();
    const { text } = await Token.create(file);
    await chown(file, 12_345, 12_345);
    expect((await Token.create(file)).text).toBe(text);
    expect(lines).toEqual([
      `sercom: warning: --web-token-file: ${file} belongs to another user, who can read the token; use a file of your own\n`,
    ]);
  });

  test("is not created through a link that leads nowhere, which may be anyone's", async () => {
    const folder = await temporaryFolder();
    const target = path.join(folder, 'target');
    await symlink(target, path.join(folder, 'token'));
    await expect(Token.create(path.join(folder, 'token'))).rejects.toMatchObject({ exitCode: 1 });
    await expect(readFile(target)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('may be a link to a file that exists, as where secrets are mounted', async () => {
    const folder = await temporaryFolder();
    const { text } = await Token.create(path.join(folder, 'target'));
    await symlink('target', path.join(folder, 'token'));
    expect((await Token.create(path.join(folder, 'token'))).text).toBe(text);
  });

  test.skipIf(process.platform !== 'linux')('is removed if the token could not be written (needs Linux)', async () => {
    const file = path.join(await temporaryFolder(), 'token');
    const words = `"${process.execPath}" "${SERCOM}" monitor sim: --web --web-token-file "${file}"`;
    // No file may get a byte.
    const { code, stderr } = await new RunningProcess('sh', ['-c', `ulimit -f 0; exec ${words}`]).outcome();
    expectMessageForm(stderr, [file]);
    expect(stderr).toMatch(/^sercom: --web-token-file: cannot write \S+: /);
    expect(code).toBe(1);
    await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is refused if it is something else', async () => {
    const folder = await temporaryFolder();
    await mkdir(path.join(folder, 'dir'));
    await promisify(execFile)('mkfifo', [path.join(folder, 'pipe')]);
    for (const [name, problem] of [
      ['dir', /not a regular file|it is a folder/],
      ['pipe', /pipe is not a regular file; name another file$/],
      ['no/token', /no such folder; create it first$/],
    ] as const) {
      await expect(Token.create(path.join(folder, name))).rejects.toMatchObject({
        exitCode: 1,
        message: expect.stringMatching(problem),
      });
    }
  });
});
