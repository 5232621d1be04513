import { access, chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { servedBy } from '../../support/page-client.js';
import { RunningProcess, SERCOM } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** A browser may take its time on a busy machine. */
const PATIENTLY = { timeout: 15_000 };

/** Runs `sercom monitor sim: --web --open` with a program in place of that which opens browsers. */
async function opened(
  script: string | undefined,
  ...options: string[]
): Promise<{ running: RunningProcess; folder: string; temp: string }> {
  const folder = await temporaryFolder();
  const temp = await temporaryFolder();
  if (script !== undefined) {
    const opener = path.join(folder, 'xdg-open');
    await writeFile(opener, `#!/bin/sh\n${script}\n`);
    await chmod(opener, 0o755);
  }
  const running = new RunningProcess(
    process.execPath,
    [SERCOM, 'monitor', 'arm=sim:', '-q', '--web', '--open', ...options],
    {
      PATH: script === undefined ? folder : `${folder}:/bin`,
      TMPDIR: temp,
      OPENED: path.join(folder, 'opened'),
    },
  );
  return { running, folder, temp };
}

describe.skipIf(process.platform !== 'linux')('--open (needs Linux)', () => {
  test('opens the page through a file that only the user can read, and removes it at the end', async () => {
    const { running, folder, temp } = await opened('echo "$*" > "$OPENED.part" && mv "$OPENED.part" "$OPENED"');
    const { url, token } = await servedBy(running);
    await expect.poll(() => readFile(path.join(folder, 'opened'), 'utf8').catch(() => ''), PATIENTLY).not.toBe('');
    const argument = (await readFile(path.join(folder, 'opened'), 'utf8')).trim();
    // Others can see it.
    expect(argument).not.toContain(token);
    const file = fileURLToPath(argument);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
    expect(await readFile(file, 'utf8')).toContain(`<meta http-equiv="refresh" content="0; url=${url}">`);
    running.child.kill('SIGINT');
    expect(await running.outcome()).toMatchObject({ code: 0 });
    await expect(access(file)).rejects.toThrow();
    expect(await readdir(temp)).toEqual([]);
    expect(running.stderr).not.toContain('--open');
  });

  test('opens the page with a token of a file, which is not printed', async () => {
    const script = 'echo "$*" > "$OPENED.part" && mv "$OPENED.part" "$OPENED"';
    const { running, folder } = await opened(script, '--web-token-file', path.join(await temporaryFolder(), 'token'));
    const { url, token } = await servedBy(running);
    await expect.poll(() => readFile(path.join(folder, 'opened'), 'utf8').catch(() => ''), PATIENTLY).not.toBe('');
    const file = fileURLToPath((await readFile(path.join(folder, 'opened'), 'utf8')).trim());
    expect(await readFile(file, 'utf8')).toContain(`url=${url}">`);
    expect(running.stderr).not.toContain(token);
  });

  test('says so if no browser can be opened', async () => {
    const { running } = await opened(undefined);
    await running.complained(
      /^sercom: --open: cannot run xdg-open; open the address of the page in a browser yourself$/m,
    );
  });

  test('says so if the browser cannot be opened', async () => {
    const { running } = await opened('exit 3');
    await running.complained(
      /^sercom: --open: xdg-open has failed; open the address of the page in a browser yourself$/m,
    );
  });

  test('says so if the file for the browser cannot be written, and goes on', async () => {
    const words = [SERCOM, 'monitor', 'arm=sim:', '-q', '--web', '--open'];
    const running = new RunningProcess(process.execPath, words, { TMPDIR: '/nowhere' });
    await running.complained(
      /^sercom: --open: ENOENT: .*'\/nowhere\/.*'; open the address of the page in a browser yourself$/m,
    );
    running.child.kill('SIGINT');
    expect(await running.outcome()).toMatchObject({ code: 0 });
  });

  test('does not wait for a browser that stays open', async () => {
    const { running, folder } = await opened('echo $$ > "$OPENED"; exec sleep 600');
    await expect.poll(() => readFile(path.join(folder, 'opened'), 'utf8').catch(() => ''), PATIENTLY).toMatch(/\d\n/);
    const browser = Number(await readFile(path.join(folder, 'opened'), 'utf8'));
    try {
      running.child.kill('SIGINT');
      expect(await running.outcome()).toMatchObject({ code: 0 });
      // It is the user's now.
      expect(process.kill(browser, 0)).toBe(true);
    } finally {
      process.kill(browser, 'SIGKILL');
    }
  });
});
