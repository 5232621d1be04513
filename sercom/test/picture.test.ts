import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { has } from '../../test/support/tools.js';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** What the pictures show, without times and rates: no two runs have the same. */
function lines(svg: string): string[] {
  const texts = svg.match(/<text .*<\/text>/g) ?? [];
  return texts.map((text) =>
    text
      .replace(/<[^>]*>/g, '')
      .replace(/\d\d:\d\d:\d\d\.\d{6}/g, 'TIME')
      .replace(/[\d.]+\/s/g, 'N/s')
      .replace(/[\d.]+ k?B\/s/g, 'N B/s'),
  );
}

test.skipIf(!has('python3'))(
  'the picture of the README is that of a run: scripts/make-picture.mjs (needs python3)',
  async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'sercom-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const picture = path.join(folder, 'monitor.svg');
    await promisify(execFile)(process.execPath, [path.join(ROOT, 'sercom/scripts/make-picture.mjs'), picture]);
    const made = lines(await readFile(picture, 'utf8'));
    expect(made.join('\n')).toMatch(
      /= \{"led":true\}[^]*marker 1[^]*= \["grip",3\][^]*00000000[^]*queue 0\njson&gt; \{[^]*$/,
    );
    expect(made).toEqual(lines(await readFile(path.join(ROOT, 'docs/monitor.svg'), 'utf8')));
  },
);
