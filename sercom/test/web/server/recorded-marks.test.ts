import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { escapeText } from '../../../src/text/escape.js';
import type { MarkRow, PlotAnswer, Row, RowsAnswer } from '../../../src/web/protocol.js';
import { DIALOG_LOG } from '../../support/heard-dialog.js';
import { servePage } from '../../support/page-client.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** What a log must not do to a page. */
const HOSTILE = '<script>\x1b[2J\u202e';

const LOG = [
  '# the beginning  2023-11-14T22:13:19.000000Z',
  '(1700000000.001000) leg rx#0300',
  '# (1700000000.002000) leg disconnected: unplugged',
  '# "leg": session ended  2023-11-14T22:13:20.002100Z',
  '# A comment.',
  `# ${HOSTILE}  2023-11-14T22:13:20.002200Z`,
  '# (1700000000.002900) leg connected (/dev/ttyUSB0)',
  '(1700000000.003000) leg rx#0400',
];

/** Serves recordings of these lines. Returns all rows. */
async function served(logs: readonly (readonly string[])[], ...options: string[]) {
  const folder = await temporaryFolder();
  const files = logs.map((_, index) => path.join(folder, `${index}.log`));
  for (const [index, lines] of logs.entries()) {
    await writeFile(files[index]!, lines.map((line) => `${line}\n`).join(''));
  }
  const page = await servePage('replay', ...files, '-q', ...options);
  const feed = await page.client.feed();
  await feed.until(() => feed.latest.end !== undefined && feed.latest.matching?.isComplete === true);
  const { rows } = await page.client.ask<RowsAnswer>('rows', { feed: feed.id, position: 0, count: 500 });
  return { ...page, feed, rows };
}

function marksIn(rows: readonly Row[]): MarkRow[] {
  return rows.filter((row): row is MarkRow => 'mark' in row);
}

describe('what a log says between its records', () => {
  test('becomes marks in its place, and gaps in plots', async () => {
    const { client, rows } = await served([LOG], '--decode', 'struct:<H');
    expect(rows.map((row) => ('mark' in row ? `${row.mark}: ${row.text}` : row.hex))).toEqual([
      'marker: the beginning',
      '0300',
      'disconnected: unplugged',
      'session: "leg": session ended',
      `marker: ${escapeText(HOSTILE)}`,
      'connected: connected (/dev/ttyUSB0)',
      '0400',
    ]);
    expect(rows[2]).toMatchObject({ name: 0, timeUs: 1_700_000_000_002_000 });
    const { series } = await client.ask<PlotAnswer>('plot', { series: [0], columns: 10 });
    expect(series[0]!.values).toEqual([3, null, 4]);
  });

  test('is there once, if several logs are read as one', async () => {
    // The last one is opened again when its turn comes.
    const other = ['(1700000000.000000) arm rx#01', '(1700000000.005000) arm rx#02'];
    const { rows } = await served([other, LOG]);
    expect(marksIn(rows)).toHaveLength(5);
    expect(rows.filter((row) => 'hex' in row).map(({ timeUs }) => timeUs % 1_000_000)).toEqual([
      0, 1_000, 3_000, 5_000,
    ]);
  });

  test('is there although --filter keeps no packet', async () => {
    const { rows } = await served([LOG], '--filter', 'name=other');
    expect(rows).toHaveLength(5);
  });

  test('is not held up, and does not fill the memory, where a log has nothing else', async () => {
    const comments = Array.from({ length: 5_000 }, (_, index) => `# marker ${index}  2033-11-14T22:13:20.000000Z`);
    const { feed } = await served([[LOG[1]!, ...comments, LOG[7]!]], '--speed', '1');
    expect(feed.latest.held!.end).toBe(5_002);
  });
});

describe('what is heard with --delivery listen', () => {
  const heard = DIALOG_LOG.trimEnd().split('\n');

  test('is marked anew, not as the log has it', async () => {
    const note = '# "arm": session started: 1  2023-11-14T22:13:20.000000Z';
    const marker = '# here  2023-11-14T22:13:20.000000Z';
    const { rows } = await served([[note, marker, ...heard]], '--delivery', 'listen');
    const texts = marksIn(rows).map(({ text }) => text);
    expect(texts).toContain('here');
    expect(texts).not.toContain('"arm": session started: 1');
    expect(marksIn(rows).filter(({ mark }) => mark === 'session').length).toBeGreaterThan(0);
  });

  test('is saved without frames that brought no new packet, unlike a log of the command', async () => {
    const { client, rows } = await served([heard], '--delivery', 'listen');
    const packets = rows.length - marksIn(rows).length;
    const saved = (await client.post('save', { format: 'log' })).body.toString().split('\n');
    const frames = saved.filter((line) => /^\(/.test(line));
    expect(frames).toHaveLength(packets);
    expect(packets).toBeLessThan(heard.length);
    // Those that are there are as they were on the wire.
    expect(frames.filter((line) => !heard.includes(line))).toEqual([]);
  });
});
