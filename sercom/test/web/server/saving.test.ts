import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { type PageClient, servePage } from '../../support/page-client.js';
import { run } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { openTestPort, write } from '../../support/test-port.js';

const LOG = [
  '(1700000000.000001) arm rx#68656c6c6f',
  '(1700000000.000002) l%20eg tx#',
  '(1700000000.000003) arm rx!malformed/3#050102',
  '(1700000000.000004) arm rx#3d31',
  '(1700000001.000000) l%20eg rx#7b226d6f746f72223a5b312c325d7d',
];

/** Serves a recording of {@link LOG}. */
async function served(...options: string[]) {
  const folder = await temporaryFolder();
  const file = path.join(folder, 'a.log');
  await writeFile(file, LOG.map((line) => `${line}\n`).join(''));
  const page = await servePage('replay', file, '-q', ...options);
  const feed = await page.client.feed();
  await feed.until(() => feed.latest.held?.end === LOG.length);
  return { ...page, folder, feed };
}

/** Saves what a page holds to a file. Returns its path. */
async function saved(client: PageClient, folder: string, request: { format: string; feed?: string }): Promise<string> {
  const answer = await client.post('save', request);
  expect(answer.status).toBe(200);
  expect(answer.headers['content-disposition']).toBe('attachment');
  const file = path.join(folder, `saved.${request.format}`);
  await writeFile(file, answer.body);
  return file;
}

describe('saving what the page holds', () => {
  test.each(['log', 'pcapng'])('as %s makes a file that replay reads', async (format) => {
    const { client, folder } = await served();
    const file = await saved(client, folder, { format });
    const again = path.join(folder, 'again.log');
    expect(await run('replay', file, '--log', again, '-q')).toMatchObject({ code: 0, stderr: '' });
    expect((await readFile(again, 'utf8')).trimEnd().split('\n')).toEqual(LOG);
  });

  test('saves only what matches the filter of a feed', async () => {
    const { client, folder, feed } = await served();
    await feed.show({ filter: 'name=arm,length>2' });
    const file = await saved(client, folder, { format: 'log', feed: feed.id });
    expect(await readFile(file, 'utf8')).toBe(`${LOG[0]}\n${LOG[2]}\n`);
  });

  test('as CSV makes cells that no spreadsheet runs', async () => {
    const { client, folder } = await served('--decode', 'name=l eg:json');
    const file = await saved(client, folder, { format: 'csv' });
    expect(await readFile(file, 'utf8')).toBe(
      [
        'time,name,dir,length,hex,text,problem,decoded',
        '2023-11-14T22:13:20.000001Z,arm,rx,5,68656c6c6f,hello,,',
        '2023-11-14T22:13:20.000002Z,l eg,tx,0,,,cannot decode as json: Unexpected end of JSON input,',
        '2023-11-14T22:13:20.000003Z,arm,rx,3,050102,\\x05\\x01\\x02,rejected: malformed,',
        "2023-11-14T22:13:20.000004Z,arm,rx,2,3d31,'=1,,",
        '2023-11-14T22:13:21.000000Z,l eg,rx,15,7b226d6f746f72223a5b312c325d7d,"{""motor"":[1,2]}",,"{""motor"":[1,2]}"',
        '',
      ].join('\n'),
    );
  });

  test('as CSV has the points of plots', async () => {
    const { client, feed } = await served('--decode', 'length=15:json', '--decode', 'length=2:struct:BB');
    await feed.until(() => feed.latest.newSeries?.length === 4);
    const all = await client.post('save-plot', { series: [0, 3] });
    expect(all.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(all.body.toString()).toBe(
      'time,arm [0],l eg motor[1]\n2023-11-14T22:13:20.000004Z,61,\n2023-11-14T22:13:21.000000Z,,2\n',
    );
    const part = await client.post('save-plot', { series: [0, 3], fromUs: 1_700_000_000_500_000 });
    expect(part.body.toString()).toBe('time,arm [0],l eg motor[1]\n2023-11-14T22:13:21.000000Z,,2\n');
  });

  test('keeps a large recording whole, to the byte', async () => {
    const folder = await temporaryFolder();
    const file = path.join(folder, 'large.log');
    const lines = Array.from(
      { length: 20_000 },
      (_, index) => `(17000${String(index).padStart(5, '0')}.000000) arm rx#${'ab'.repeat(index % 100)}\n`,
    );
    await writeFile(file, lines.join(''));
    const { client } = await servePage('replay', file, '-q');
    const feed = await client.feed();
    await feed.until(() => feed.latest.held?.end === 20_000);
    const copy = await saved(client, folder, { format: 'log' });
    expect((await readFile(copy)).equals(await readFile(file))).toBe(true);
  });
});

describe.skipIf(!has('socat'))('saving what a port has sent (needs socat)', () => {
  test('keeps ids, and marks as comments', async () => {
    const folder = await temporaryFolder();
    const port = await openTestPort();
    const options = ['--request-ids', '1', '--allow-send', '-q'];
    const { client } = await servePage('monitor', `arm=${port.path}`, ...options);
    const feed = await client.feed();
    await port.arrived(1);
    write(port.device, '00 03 05 69 00');
    await feed.until(() => feed.latest.held?.end === 1);
    await client.ask('mark', { text: 'here' });
    const log = await readFile(await saved(client, folder, { format: 'log' }), 'utf8');
    expect(log).toMatch(/^\(\d+\.\d{6}\) arm rx#0569\n# here {2}\d{4}-\S+Z\n$/);
    const csv = await readFile(await saved(client, folder, { format: 'csv' }), 'utf8');
    expect(csv).toMatch(
      /^time,name,dir,length,hex,text,problem,kind,id\n\S+Z,arm,rx,1,69,i,,reply,5\n\S+Z,,marker,,,here,,,\n$/,
    );
  });
});
