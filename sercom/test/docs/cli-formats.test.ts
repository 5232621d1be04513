import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { has } from '../../../test/support/tools.js';
import { DECODER_FORMS } from '../../src/decoders/index.js';
import { SERCOM } from '../support/sercom-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const execute = promisify(execFile);

const text = await readFile(path.resolve(import.meta.dirname, '../../../docs/cli-formats.md'), 'utf8');

/** The log shown on the page, and the examples that use it. */
const log = /`bench\.log`:\n\n```\n([\s\S]*?)```/.exec(text)![1]!;
const blocks = [...text.matchAll(/```console\n([\s\S]*?)```/g)].map((match) => match[1]!);

const examples = blocks
  .filter((block) => has('tshark') || !block.includes('$ tshark'))
  .map((block) => ({ block, command: block.slice(2, block.indexOf('\n')) }));

test.each(examples)('docs/cli-formats.md: $command', async ({ block }) => {
  const folder = await temporaryFolder();
  await writeFile(path.join(folder, 'bench.log'), log);
  let shown = '';
  for (const [, command] of block.matchAll(/^\$ (.*)$/gm)) {
    const script = `sercom() { "${process.execPath}" "${SERCOM}" "$@"; }; exec 2>&1; ${command}`;
    const { stdout } = await execute('sh', ['-c', script], { cwd: folder, env: { ...process.env, TZ: 'UTC' } });
    shown += `$ ${command}\n${stdout}`;
  }
  expect(shown).toBe(block);
});

test('docs/cli-formats.md lists every decoder', () => {
  const section = text.slice(text.indexOf('\n## Decoders'));
  const rows = [...section.slice(0, section.indexOf('###')).matchAll(/^\| `([^-`][^`]*)` \|/gm)].map(
    (match) => match[1],
  );
  expect(rows).toEqual(DECODER_FORMS);
});

test('docs/cli-formats.md has examples', () => {
  expect(blocks.length).toBeGreaterThan(8);
});
