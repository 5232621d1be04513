import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { has } from '../../test/support/tools.js';

const ROOT = path.resolve(import.meta.dirname, '..');

test('man/sercom.1 matches the definitions of the commands (update it with npm run man)', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(ROOT, 'scripts/make-man.mjs'), '-']);
  expect(await readFile(path.join(ROOT, 'man/sercom.1'), 'utf8')).toBe(stdout);
  for (const word of ['monitor', 'ping', 'replay', 'completion', '\\-\\-parity', '\\-\\-pcapng', 'EXIT STATUS']) {
    expect(stdout).toContain(word);
  }
});

test.skipIf(!has('groff'))('the man page is valid roff (needs groff)', async () => {
  const page = path.join(ROOT, 'man/sercom.1');
  const { stderr } = await promisify(execFile)('groff', ['-man', '-Tutf8', '-ww', '-z', page]);
  expect(stderr).toBe('');
});
