import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { servePage } from '../../support/page-client.js';
import { jsonLines, run } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';
import { type LivePage, textOf } from './support/live-page.js';
import { type Line, numbered, recording } from './support/recordings.js';

const rig = useBrowser();

const LINES: readonly Line[] = [
  ...numbered(50),
  { atMs: 600, from: 'arm tx', packet: '=1+2,"quoted"\n' },
  { atMs: 610, from: 'leg rx!checksum/9', packet: Uint8Array.of(1, 2) },
];

async function open(...options: string[]): Promise<{ page: LivePage; file: string }> {
  const file = await recording(LINES);
  const page = await rig.open(await servePage('replay', file, '-q', ...options));
  await page.says(`${LINES.length} rows`);
  return { page, file };
}

/** Saves in a format, and returns the path of the file. */
async function save(page: LivePage, format: 'Log' | 'pcapng' | 'CSV', rows?: RegExp): Promise<string> {
  await page.button('Save').first().click();
  const dialog = page.page.getByRole('dialog', { name: 'Save what is held' });
  await dialog.getByRole('radio', { name: format }).check();
  if (rows !== undefined) {
    await dialog.getByRole('radio', { name: rows }).check();
  }
  const download = await page.download(() => dialog.getByRole('button', { name: 'Save', exact: true }).click());
  await dialog.waitFor({ state: 'hidden' });
  await page.message.getByText(`✔ Saved ${download.suggestedFilename()}.`).waitFor();
  // sercom knows a recording by its content, but the name shows that the browser got the right one.
  const file = path.join(await temporaryFolder(), download.suggestedFilename());
  await download.saveAs(file);
  return file;
}

async function replayed(file: string, ...options: string[]): Promise<Record<string, unknown>[]> {
  return jsonLines((await run('replay', file, '--json', ...options)).stdout);
}

describe.skipIf(!hasChromium)('what is held can be saved (needs chromium)', () => {
  test.each([
    ['Log', 'log'],
    ['pcapng', 'pcapng'],
  ] as const)('as %s, which sercom replays', async (format, extension) => {
    const { page, file } = await open();
    const saved = await save(page, format);
    expect(path.basename(saved)).toMatch(new RegExp(`^sercom-packets-\\d{8}-\\d{6}\\.${extension}$`));
    expect(await replayed(saved)).toEqual(await replayed(file));
  });

  test('as CSV, with a line for each packet', async () => {
    const { page } = await open();
    const text = await readFile(await save(page, 'CSV'), 'utf8');
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(LINES.length + 1);
    expect(lines.slice(0, 2)).toEqual([
      'time,name,dir,length,hex,text,problem',
      '2026-01-15T12:00:00.000000Z,arm,rx,8,7061636b65742030,packet 0,',
    ]);
    // No spreadsheet takes it for a formula.
    expect(lines.at(-2)).toBe(
      `2026-01-15T12:00:00.600000Z,arm,tx,14,${Buffer.from('=1+2,"quoted"\n').toString('hex')},"'=1+2,""quoted""\\n",`,
    );
    expect(lines.at(-1)).toMatch(/,rejected: checksum$/);
  });

  test('as far as it matches the filter', async () => {
    const { page, file } = await open();
    await page.field('Filter').fill('name=leg,error=no');
    await page.press('Enter');
    await page.page.getByText(/✖ filter/).waitFor();
    await page.field('Filter').fill('name=leg');
    await page.press('Enter');
    await page.page.getByText('26 of 52 rows').waitFor();
    const saved = await save(page, 'Log', /^only 26 rows that match name=leg$/);
    expect(await replayed(saved)).toEqual(await replayed(file, '--filter', 'name=leg'));
    const all = await save(page, 'Log', /^all: 52 rows$/);
    expect(await replayed(all)).toHaveLength(52);
  });

  test('with a word on what was dropped before', async () => {
    const file = await recording(numbered(100_000));
    const page = await rig.open(await servePage('replay', file, '-q', '--web-memory', '1M'));
    await page.isOver();
    await page.press('s');
    const dialog = page.page.getByRole('dialog', { name: 'Save what is held' });
    const note = await textOf(dialog.getByText(/older rows are no longer held/));
    const dropped = Number(/^([\d,]+) older rows/.exec(note)![1]!.replaceAll(',', ''));
    await page.press('Escape');
    const saved = await save(page, 'Log');
    expect(await replayed(saved)).toHaveLength(100_000 - dropped);
    await until(async () => expect(await page.page.getByRole('dialog').count()).toBe(0));
  });
});
