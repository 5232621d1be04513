import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PacketRow, RowsAnswer } from '../../../src/web/protocol.js';
import { type PageClient, servedBy, servePage } from '../../support/page-client.js';
import { start } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** How many records are written at a time: as many rows as a feed sends at once. */
const BURST = 500;

/** As much as this, about 20 MB for each tab, is more than the operating system keeps for one that reads nothing. */
const BURSTS = 60;

/** A burst of lines of a log. They are as long as what a row shows. */
function burst(from: number): string {
  const lines = Array.from({ length: BURST }, (_, index) => {
    const number = from + index;
    return `(${1_700_000_000 + number}.000000) arm rx#${'ff'.repeat(60)}${number.toString(16).padStart(8, '0')}\n`;
  });
  return lines.join('');
}

async function metric(client: PageClient, name: string): Promise<number> {
  const { body } = await client.get('/metrics');
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(body.toString())![1]);
}

describe('a tab that reads nothing', () => {
  test('loses rows, which are counted, while another tab and the log lose none', async () => {
    const log = path.join(await temporaryFolder(), 'a.log');
    const process = start('replay', '-', '--web', '-q', '--log', log);
    const stdin = process.child.stdin!;
    stdin.write(burst(0));
    const { client } = await servedBy(process);
    const slow = await client.feed();
    const quick = await client.feed();
    for (const feed of [slow, quick]) {
      await feed.show({ follow: BURST });
      await feed.until(() => feed.rows.length === BURST);
    }
    slow.response.pause();
    const records = BURSTS * BURST;
    for (let written = BURST; written < records; written += BURST) {
      stdin.write(burst(written));
      await quick.until(() => quick.rows.length === written + BURST);
    }
    slow.response.resume();
    await slow.until(() => slow.rows.at(-1)?.row === records - 1 && slow.latest.skippedRows !== undefined);
    // The rows that it did get come once, and with those that it lost they are all.
    expect(slow.latest.skippedRows).toBeGreaterThan(0);
    expect(slow.rows.length + slow.latest.skippedRows!).toBe(records);
    expect(slow.latest.skippedRows).toBe(await metric(client, 'sercom_web_skipped_rows_total'));
    expect(quick.rows.map(({ row }) => row)).toEqual(Array.from({ length: records }, (_, row) => row));
    expect(quick.latest.skippedRows).toBeUndefined();
    // They are still held, so that the slow tab can look at them.
    const { rows } = await client.ask<RowsAnswer>('rows', { feed: slow.id, position: 0, count: BURST });
    expect(rows).toHaveLength(BURST);
    stdin.end();
    process.child.kill('SIGINT');
    await process.outcome();
    expect((await readFile(log, 'utf8')).split('\n')).toHaveLength(records + 1);
  });
});

describe('--web-memory', () => {
  test('bounds what is held: the oldest rows are dropped and counted, and the others keep their numbers', async () => {
    const file = path.join(await temporaryFolder(), 'a.log');
    const records = BURSTS * BURST;
    await writeFile(file, Array.from({ length: BURSTS }, (_, index) => burst(index * BURST)).join(''));
    const page = await servePage('replay', file, '--web-memory', '1M', '-q', '--decode', 'struct:>60xI');
    const { client } = page;
    const feed = await client.feed();
    await feed.show({ follow: 1 });
    await feed.until(() => feed.latest.end !== undefined && feed.latest.held?.end === records);
    const { first, usedBytes, droppedRows } = feed.latest.held!;
    expect(usedBytes).toBeLessThanOrEqual(1_048_576);
    expect(first).toBeGreaterThan(0);
    expect(droppedRows).toBe(first);
    expect(feed.latest.matching).toEqual({ first, end: records, isComplete: true });
    expect(feed.latest.held!.firstTimeUs).toBe((1_700_000_000 + first) * 1_000_000);
    const old = await client.post('packet', { row: 0 });
    expect({ status: old.status, ...old.json() }).toEqual({
      status: 404,
      problem: 'this row has been dropped, to stay within --web-memory',
    });
    const answer = await client.ask<RowsAnswer>('rows', { feed: feed.id, position: 0, count: 2 });
    expect(answer.position).toBe(first);
    expect((answer.rows as PacketRow[])[1]!.hex.slice(-8)).toBe((first + 1).toString(16).padStart(8, '0'));
    // Points of dropped rows are gone, too.
    const plot = await client.ask<{ series: { rows: number[] }[] }>('plot', { series: [0], columns: 4_000 });
    expect(plot.series[0]!.rows[0]).toBeGreaterThanOrEqual(first);
    const saved = (await client.post('save', { format: 'log' })).body.toString().trimEnd().split('\n');
    expect(saved).toHaveLength(records - first);
    expect(await metric(client, 'sercom_web_dropped_rows_total')).toBe(first);
  });
});

describe('the end', () => {
  test('comes with Ctrl-C after the recording is over, which interrupts nothing', async () => {
    const file = path.join(await temporaryFolder(), 'a.log');
    await writeFile(file, burst(0));
    const { client, process } = await servePage('replay', file, '-n', '7');
    const feed = await client.feed();
    await feed.until(() => feed.latest.end !== undefined);
    expect(feed.latest.end).toEqual({ isOver: true, text: 'the recording is over' });
    // The screen has shown everything.
    await process.printedLines(7);
    process.child.kill('SIGINT');
    await feed.ended();
    expect(feed.latest.end).toEqual({ isOver: false, text: 'sercom has ended' });
    expect((await process.outcome()).code).toBe(0);
  });

  test('comes with Ctrl-C in the middle of a recording, which is interrupted', async () => {
    const process = start('replay', '-', '--web', '-q');
    process.child.stdin!.write(burst(0));
    const { client } = await servedBy(process);
    const feed = await client.feed();
    await feed.until(() => feed.latest.held?.end === BURST);
    process.child.kill('SIGINT');
    expect((await process.outcome()).code).toBe(130);
  });

  test('comes with SIGTERM, which has its own exit code', async () => {
    const file = path.join(await temporaryFolder(), 'a.log');
    await writeFile(file, burst(0));
    const { process } = await servePage('replay', file, '-q');
    await process.complained(/the recording is over/);
    process.child.kill('SIGTERM');
    const [code] = await once(process.child, 'exit');
    expect(code).toBe(143);
  });

  test('comes at once if a recording is broken', async () => {
    const file = path.join(await temporaryFolder(), 'a.log');
    await writeFile(file, `${burst(0)}broken\n`);
    const process = start('replay', file, '--web', '-q');
    const { code, stderr } = await process.outcome();
    expect(stderr).toMatch(/^sercom: \S+: line 501: not a line of a log; /m);
    expect(code).toBe(1);
  });
});
