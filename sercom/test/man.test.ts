import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { has } from '../../test/support/tools.js';

const ROOT = path.resolve(import.meta.dirname, '..');

test('man/sercom.1 is what the definitions of the commands make: node scripts/make-man.mjs', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(ROOT, 'scripts/make-man.mjs'), '-']);
  expect(await readFile(path.join(ROOT, 'man/sercom.1'), 'utf8')).toBe(stdout);
  for (const word of ['monitor', 'ping', 'replay', 'completion', '\\-\\-parity', '\\-\\-pcapng', 'EXIT STATUS']) {
    expect(stdout).toContain(word);
  }
});

test.skipIf(!has('groff'))('the man page is proper roff (needs groff)', async () => {
  const page = path.join(ROOT, 'man/sercom.1');
  const { stderr } = await promisify(execFile)('groff', ['-man', '-Tutf8', '-ww', '-z', page]);
  expect(stderr).toBe('');
});
