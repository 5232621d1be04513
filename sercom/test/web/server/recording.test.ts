import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type {
  FindAnswer,
  LocateAnswer,
  PacketAnswer,
  PacketRow,
  PlotAnswer,
  RowsAnswer,
} from '../../../src/web/protocol.js';
import { DANGEROUS } from '../../support/dangerous.js';
import { servePage } from '../../support/page-client.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** When the recording begins, in microseconds since 1970. */
const START_US = 1_700_000_000_000_000;

/** Writes a log. Each line is the time in milliseconds since the start, and the rest of the line. */
async function recording(...lines: (readonly [atMs: number, rest: string])[]): Promise<string> {
  const file = path.join(await temporaryFolder(), 'bench.log');
  const text = lines.map(([atMs, rest]) => `(${((START_US + atMs * 1_000) / 1e6).toFixed(6)}) ${rest}\n`);
  await writeFile(file, text.join(''));
  return file;
}

/** A log with numbered packets of two connections: each is a byte with its number modulo 256, and one more. */
function numbered(packets: number): Promise<string> {
  const hex = (value: number) => (value & 0xff).toString(16).padStart(2, '0');
  return recording(
    ...Array.from({ length: packets }, (_, index) => {
      const name = index % 2 === 0 ? 'arm' : 'leg';
      return [index, `${name} rx#${hex(index)}${hex(index >> 8)}`] as const;
    }),
  );
}

/** Serves a recording, and opens a feed that has everything. */
async function opened(file: string, ...options: string[]) {
  const page = await servePage('replay', file, '-q', ...options);
  const feed = await page.client.feed();
  await feed.until(() => feed.latest.end !== undefined);
  return { ...page, feed };
}

describe('a feed of a recording', () => {
  test('says what it shows, and when it is over', async () => {
    const file = await numbered(10);
    const { feed, process } = await opened(file, '--decode', 'struct:<H', '--web-memory', '2M', '--lead', '2');
    expect(feed.hello).toEqual({
      version: 1,
      feed: expect.stringMatching(/^[\da-f-]{36}$/),
      run: expect.stringMatching(/^[\da-f-]{36}$/),
      title: 'replay bench.log',
      isLive: false,
      canSend: false,
      idBytes: 0,
      names: expect.any(Array),
      hasDecoder: true,
      shownBytes: 64,
      leadingBytes: 2,
      memoryBytes: 2_097_152,
    });
    expect(feed.names).toEqual(['arm', 'leg']);
    await feed.until(() => feed.latest.held?.end === 10);
    expect(feed.latest).toMatchObject({
      held: { first: 0, end: 10, droppedRows: 0, firstTimeUs: START_US, lastTimeUs: START_US + 9_000 },
      matching: { first: 0, end: 10, isComplete: true },
      end: { isOver: true, text: 'the recording is over' },
    });
    expect(feed.latest.held!.usedBytes).toBeGreaterThan(0);
    expect(feed.latest.skippedRows).toBeUndefined();
    expect(process.stdout).toBe('');
    expect(process.stderr).toMatch(/^sercom: the recording is over; the page stays open until Ctrl-C$/m);
  });

  test('has decoded packets and series beside --changes', async () => {
    const { feed, process } = await opened(await numbered(10), '--changes', '--decode', 'struct:<H:number');
    expect(feed.latest.newSeries).toEqual([
      { name: 0, path: 'number' },
      { name: 1, path: 'number' },
    ]);
    process.child.kill('SIGINT');
    expect(await process.outcome()).toMatchObject({ code: 0 });
  });

  test('counts packets and rejected frames of each connection', async () => {
    const file = await recording(
      [0, 'arm rx#0102'],
      [1, 'arm tx#03'],
      [2, 'leg rx!checksum/9#0102'],
      [3, 'leg rx!malformed/3#01'],
      [4, 'leg rx!checksum/5#01'],
    );
    const { feed } = await opened(file);
    await feed.until(() => feed.latest.connections?.length === 2);
    expect(feed.latest.connections).toEqual([
      {
        state: 'recorded',
        receivedPackets: 1,
        receivedBytes: 2,
        sentPackets: 1,
        sentBytes: 1,
        receivedPerSecond: 0,
        receivedBytesPerSecond: 0,
        sentPerSecond: 0,
        rejected: {},
        reconnects: 0,
        queuedPackets: 0,
        queuedBytes: 0,
        skippedBytes: 0,
      },
      expect.objectContaining({ receivedPackets: 0, rejected: { checksum: 2, malformed: 1 } }),
    ]);
  });

  test('sends the last rows when its view follows', async () => {
    const { feed } = await opened(await numbered(1_000));
    await feed.show({ follow: 3 });
    await feed.until(() => feed.rows.length > 0);
    expect(feed.rows).toEqual([
      packetRow(997, 'leg', 'e503', '"\\xe5\\x03"', feed.names),
      packetRow(998, 'arm', 'e603', '"\\xe6\\x03"', feed.names),
      packetRow(999, 'leg', 'e703', '"\\xe7\\x03"', feed.names),
    ]);
    await feed.show({ follow: 2, filter: 'name=arm' });
    await feed.until(() => feed.rows.length > 3);
    expect(feed.rows.slice(3).map(({ row }) => row)).toEqual([996, 998]);
    expect(feed.latest.matching).toEqual({ first: 0, end: 500, isComplete: true });
  });

  test('says why a filter is invalid, and keeps its view', async () => {
    const { feed } = await opened(await numbered(10));
    await feed.show({ filter: 'name=leg' });
    await feed.until(() => feed.latest.matching?.end === 5);
    expect(await feed.show({ filter: 'size>3' })).toEqual({
      problem: expect.stringMatching(/^filter: unknown condition "size>3"; expected name=NAME/),
    });
    expect((await feed.show({ filter: 'id=1' })).problem).toMatch(/"id" requires --request-ids/);
    await feed.show({ filter: '  ' });
    await feed.until(() => feed.latest.matching?.end === 10);
  });

  test('sends kinds with what has changed', async () => {
    const file = await recording(
      [0, 'arm rx#810000'],
      [100, 'arm rx#810001'],
      [200, 'arm rx#820000'],
      [300, 'arm tx#81'],
    );
    const { feed } = await opened(file);
    await feed.show({ kinds: true });
    await feed.until(() => feed.latest.kinds !== undefined);
    expect(feed.latest.kinds).toEqual([
      {
        key: expect.any(Number),
        name: 0,
        dir: 'rx',
        count: 2,
        intervalUs: 100_000,
        lastTimeUs: START_US + 100_000,
        length: 3,
        hex: '810001',
        changed: [2],
        text: '"\\x81\\x00\\x01"',
        filter: 'name=arm,dir=rx,bytes=81',
      },
      expect.objectContaining({ hex: '820000', count: 1, changed: [] }),
      expect.objectContaining({ hex: '81', dir: 'tx' }),
    ]);
  });

  test('adds the names that a recording brings while it is played', async () => {
    const file = await recording([0, 'arm rx#00'], [300, 'leg rx#01']);
    const { client, process } = await servePage('replay', file, '--speed', '1', '-q');
    const feed = await client.feed();
    await feed.until(() => feed.names.length === 2);
    expect(feed.names).toEqual(['arm', 'leg']);
    await process.complained(/the recording is over/);
  });
});

describe('requests about a recording', () => {
  test('rows are answered by their position among those that match', async () => {
    const { client, feed } = await opened(await numbered(1_000));
    const { position, rows } = await client.ask<RowsAnswer>('rows', { feed: feed.id, position: 500, count: 2 });
    expect({ position, rows: rows.map(({ row }) => row) }).toEqual({ position: 500, rows: [500, 501] });
    await feed.show({ filter: 'name=leg' });
    await feed.until(() => feed.latest.matching?.end === 500);
    const answer = await client.ask<RowsAnswer>('rows', { feed: feed.id, position: 498, count: 500 });
    expect({ ...answer, rows: answer.rows.map(({ row }) => row) }).toEqual({ position: 498, rows: [997, 999] });
    const beyond = await client.ask<RowsAnswer>('rows', { feed: feed.id, position: 10_000, count: 5 });
    expect(beyond).toEqual({ position: 10_000, rows: [] });
    expect((await client.post('rows', { feed: feed.id, position: 0, count: 501 })).status).toBe(400);
  });

  test('a time or a row is located among those that match', async () => {
    const { client, feed } = await opened(await numbered(100));
    const locate = (where: object) => client.ask<LocateAnswer>('locate', { feed: feed.id, ...where });
    expect(await locate({ timeUs: START_US + 41_500 })).toEqual({ position: 42, row: 42 });
    expect(await locate({ timeUs: 0 })).toEqual({ position: 0, row: 0 });
    expect(await locate({ timeUs: START_US + 1e9 })).toEqual({ position: 100 });
    await feed.show({ filter: 'name=leg' });
    await feed.until(() => feed.latest.matching?.end === 50);
    expect(await locate({ row: 42 })).toEqual({ position: 21, row: 43 });
    expect(await locate({ timeUs: START_US + 41_500 })).toEqual({ position: 21, row: 43 });
    expect((await client.post('locate', { feed: feed.id })).status).toBe(400);
    expect((await client.post('locate', { feed: feed.id, row: 1, timeUs: 1 })).status).toBe(400);
  });

  test('text, bytes and conditions are found, forward and backward', async () => {
    const file = await recording(
      [0, 'arm rx#68656c6c6f'],
      [1, 'leg rx#00ff0102'],
      [2, 'arm rx#776f726c64'],
      [3, 'leg rx#68656c6c6f'],
    );
    const { client, feed } = await opened(file);
    const find = (what: string, position: number, backward = false) =>
      client.ask<FindAnswer>('find', { feed: feed.id, what, position, backward });
    expect(await find('hello', 0)).toEqual({ position: 0, row: 0 });
    expect(await find('hello', 1)).toEqual({ position: 3, row: 3 });
    expect(await find('hello', 2, true)).toEqual({ position: 0, row: 0 });
    expect(await find('0xff 01', 0)).toEqual({ position: 1, row: 1 });
    expect(await find('name=arm,length=5', 1)).toEqual({ position: 2, row: 2 });
    expect(await find('nothing', 0)).toEqual({});
    expect(await find('0xf', 0)).toEqual({ problem: expect.stringMatching(/invalid hex/) });
    expect(await find('', 0)).toEqual({ problem: expect.stringMatching(/nothing to find/) });
    await feed.show({ filter: 'name=leg' });
    await feed.until(() => feed.latest.matching?.end === 2);
    expect(await find('hello', 0)).toEqual({ position: 1, row: 3 });
  });

  test('the details of a packet are its bytes, its decoded value and its numbers', async () => {
    const file = await recording([0, 'arm rx#7b2261223a5b312c327d5d7d'], [1, 'arm rx#7b2261223a5b312c325d7d']);
    const { client, feed } = await opened(file, '--decode', 'json');
    await feed.until(() => feed.latest.newSeries !== undefined);
    expect(feed.latest.newSeries).toEqual([
      { name: 0, path: 'a[0]' },
      { name: 0, path: 'a[1]' },
    ]);
    expect(await client.ask<PacketAnswer>('packet', { row: 1 })).toEqual({
      row: expect.objectContaining({ row: 1, length: 11, decoded: '{"a":[1,2]}' }),
      hex: '7b2261223a5b312c325d7d',
      dump: '00000000  7b 22 61 22 3a 5b 31 2c  32 5d 7d                 |{"a":[1,2]}|\n0000000b',
      text: '"{\\"a\\":[1,2]}"',
      value: { a: [1, 2] },
      series: [
        { series: 0, value: 1 },
        { series: 1, value: 2 },
      ],
    });
    const undecodable = await client.ask<PacketAnswer>('packet', { row: 0 });
    expect((undecodable.row as PacketRow).problem).toMatch(/^cannot decode as json: /);
    expect(undecodable).toMatchObject({ series: [] });
    expect(undecodable).not.toHaveProperty('value');
    const missing = await client.post('packet', { row: 2 });
    expect({ status: missing.status, ...missing.json() }).toEqual({ status: 404, problem: 'there is no such row' });
  });

  test('the details of a large packet are cut, and say so', async () => {
    const file = await recording([0, `arm rx#${'41'.repeat(300_000)}`]);
    const { client } = await opened(file, '--decode', 'text');
    const { row, hex, dump, value } = await client.ask<PacketAnswer>('packet', { row: 0 });
    expect((row as PacketRow).hex).toHaveLength(128);
    expect((row as PacketRow).length).toBe(300_000);
    expect(hex).toHaveLength(2 * 262_144);
    expect(dump).toMatch(/\n… 37856 more\n000493e0$/);
    expect(value).toBe(`${'A'.repeat(10_000)}… 290000 more`);
  });

  test('plots have the numbers that packets yield, and lead to their packets', async () => {
    const file = await recording([0, 'arm rx#0100'], [10, 'leg rx#0500'], [20, 'arm rx#0300'], [30, 'arm tx#0700']);
    const { client, feed } = await opened(file, '--decode', 'struct:<H');
    await feed.until(() => feed.latest.newSeries?.length === 3);
    expect(feed.latest.newSeries).toEqual([
      { name: 0, path: '[0]' },
      { name: 1, path: '[0]' },
      { name: 0, path: '[0]', dir: 'tx' },
    ]);
    const answer = await client.ask<PlotAnswer>('plot', { series: [0, 2], columns: 100 });
    expect(answer).toEqual({
      fromUs: START_US,
      toUs: START_US + 30_000,
      series: [
        {
          timesUs: [START_US, START_US + 20_000],
          values: [1, 3],
          rows: [0, 2],
          summary: { min: 1, max: 3, mean: 2, count: 2 },
        },
        { timesUs: [START_US + 30_000], values: [7], rows: [3], summary: { min: 7, max: 7, mean: 7, count: 1 } },
      ],
      marks: [],
      moreMarks: 0,
    });
    const part = await client.ask<PlotAnswer>('plot', {
      series: [0],
      columns: 100,
      fromUs: START_US + 15_000,
      toUs: START_US + 25_000,
    });
    expect(part.series[0]!.summary).toEqual({ min: 3, max: 3, mean: 3, count: 1 });
  });
});

test('nothing that a device sends reaches the page unescaped', async () => {
  const evil = Buffer.from('<script>\x1b[31m\u202e\u0000"\\\u{e0041}').toString('hex');
  const cbor = `a1${'6a'}${Buffer.from('\u202e<b>\x1b\x07x').toString('hex')}${'67'}${Buffer.from('\u2066\x1b[0m').toString('hex')}`;
  const file = await recording(
    [0, `a%1B[31m%E2%80%AEb rx#${evil}`],
    [1, `a%1B[31m%E2%80%AEb rx#${cbor}`],
    [2, 'a%1B[31m%E2%80%AEb rx!malformed/20#1b5b33316d'],
  );
  const { client, feed } = await opened(file, '--decode', 'cbor');
  await feed.show({ follow: 10, kinds: true });
  await feed.until(() => feed.rows.length === 3 && feed.latest.kinds !== undefined);
  const details = await Promise.all([0, 1, 2].map((row) => client.ask('packet', { row })));
  const found = await client.ask('find', { feed: feed.id, what: '0x\x1b[31m', position: 0 });
  const refused = await feed.show({ filter: 'x\x1b[31m\u202e=1' });
  const everything = JSON.stringify([feed.hello, feed.latest, feed.names, feed.rows, details, found, refused]);
  // JSON escapes controls itself, so look at each text.
  const texts: string[] = [];
  JSON.parse(everything, (key, value) => {
    texts.push(key, ...(typeof value === 'string' ? [value] : []));
    return value;
  });
  // A dump has several lines.
  expect(texts.filter((text) => DANGEROUS.test(text.replaceAll('\n', '')))).toEqual([]);
  expect(feed.names).toEqual(['a\\x1b[31m\\u{202e}b']);
  expect(feed.rows[0]).toMatchObject({ text: '"<script>\\x1b[31m\\u{202e}\\x00\\"\\\\\\u{e0041}"' });
});

function packetRow(row: number, name: string, hex: string, text: string, names: readonly string[]): PacketRow {
  const timeUs = START_US + row * 1_000;
  return { row, timeUs, dir: 'rx', name: names.indexOf(name), length: hex.length / 2, hex, text };
}
