import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { randomNumbers, runSeed } from '../../../../test/support/random.js';
import { has } from '../../../../test/support/tools.js';
import type { PacketAnswer, PlotAnswer, PlotSeries, SeriesInfo } from '../../../src/web/protocol.js';
import { DECODE, epoch, iso, type Line, numberRecording, numbersIn, stepsOf } from '../../support/number-recording.js';
import { servePage } from '../../support/page-client.js';
import { run } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { hexOf } from '../../support/web-model.js';

/** `TRUTH_LINES=100000` is for a night. */
const LINES = Number(process.env.TRUTH_LINES ?? 6_000);

const SEED = runSeed();
const REPEAT = `repeat it with TEST_SEED=${SEED}`;

interface Point {
  readonly timeUs: number;
  readonly value: number;
  readonly row: number;
}

/** Where the numbers of a recording are, by looking at each packet. */
class Numbers {
  /** By connection, direction and steps, in the order in which they came first. */
  readonly series = new Map<string, Point[]>();
  withoutSeries = 0;

  constructor(lines: readonly Line[], maxSeries: number) {
    for (const [row, { name, dir, timeUs, value }] of lines.entries()) {
      for (const [index, [steps, number]] of [...numbersIn(value)].entries()) {
        const key = JSON.stringify([name, dir, ...steps]);
        const isLong = steps.join('.').length > 150;
        if (index >= 256 || isLong || (!this.series.has(key) && this.series.size >= maxSeries)) {
          this.withoutSeries++;
          continue;
        }
        const points = this.series.get(key) ?? [];
        points.push({ timeUs, value: number, row });
        this.series.set(key, points);
      }
    }
  }
}

/** Serves a recording, and waits until it is over. */
async function served(lines: readonly Line[], ...options: string[]) {
  const folder = await temporaryFolder();
  const file = path.join(folder, 'a.log');
  await writeFile(file, lines.map(({ text }) => `${text}\n`).join(''));
  const page = await servePage('replay', file, '-q', ...options);
  const feed = await page.client.feed();
  await feed.until(() => feed.latest.end !== undefined && feed.latest.held?.end === lines.length);
  const held = feed.latest.held!;
  const keyOf = ({ name, dir, path: text }: SeriesInfo, names: readonly string[]) =>
    JSON.stringify([names[name], dir ?? 'rx', ...stepsOf(text)]);
  const keys = (feed.latest.newSeries ?? []).map((info) => keyOf(info, feed.names));
  return { ...page, folder, feed, held, keys, save: saver(page.client, folder) };
}

function saver(client: Awaited<ReturnType<typeof servePage>>['client'], folder: string) {
  return async (format: string, feed?: string) => {
    const file = path.join(folder, `saved.${format}`);
    const answer = await client.post('save', { format, feed });
    expect(answer.status).toBe(200);
    await writeFile(file, answer.body);
    return file;
  };
}

/** When a connection was away. */
function awayTimes(lines: readonly Line[], of: string): [fromUs: number, toUs: number][] {
  const away: [number, number][] = [];
  let since: number | undefined;
  for (const { mark, name, timeUs } of lines) {
    if (name !== of || mark === undefined) {
      continue;
    }
    if (mark === 'disconnected') {
      since ??= timeUs;
    } else if (since !== undefined) {
      away.push([since, Math.max(since, timeUs)]);
      since = undefined;
    }
  }
  return since === undefined ? away : [...away, [since, Number.POSITIVE_INFINITY]];
}

/** Checks what a plot shows of a series, whose columns are of a whole number of microseconds. */
function checkPlot(
  answer: PlotSeries,
  all: readonly Point[],
  [fromUs, toUs]: readonly [number, number],
  columns: number,
) {
  const { timesUs, values, rows, summary } = answer;
  const byTime = all.toSorted((a, b) => a.timeUs - b.timeUs || a.row - b.row);
  const inRange = byTime.filter(({ timeUs }) => timeUs >= fromUs && timeUs <= toUs);
  const shown = rows.flatMap((row, at) => (row < 0 ? [] : [{ timeUs: timesUs[at]!, value: values[at]!, row }]));
  const real = new Map(all.map((point) => [point.row, point]));
  expect(shown).toEqual(shown.map(({ row }) => plain(real.get(row)!)));
  expect(shown).toEqual(shown.toSorted((a, b) => a.timeUs - b.timeUs || a.row - b.row));
  expect(new Set(shown.map(({ row }) => row)).size).toBe(shown.length);
  const beside = [byTime.findLast(({ timeUs }) => timeUs < fromUs), byTime.find(({ timeUs }) => timeUs > toUs)];
  const isBeside = ({ timeUs }: Point) => timeUs < fromUs || timeUs > toUs;
  expect(shown.filter(isBeside)).toEqual(beside.filter((point) => point !== undefined).map(plain));
  const inside = shown.filter((point) => !isBeside(point));
  if (inRange.length <= 4 * columns) {
    expect(inside).toEqual(inRange.map(plain));
  }
  const columnOf = ({ timeUs }: Point) =>
    Math.min(columns - 1, Math.floor(((timeUs - fromUs) * columns) / (toUs - fromUs)));
  const shownBy = grouped(inside, columnOf);
  for (const [column, points] of grouped(inRange, columnOf)) {
    const there = shownBy.get(column)!;
    const numbers = points.map(({ value }) => value + 0);
    expect([there[0], there.at(-1)]).toEqual([plain(points[0]!), plain(points.at(-1)!)]);
    expect(there.map(({ value }) => value)).toEqual(
      expect.arrayContaining([Math.min(...numbers), Math.max(...numbers)]),
    );
  }
  const numbers = inRange.map(({ value }) => value + 0);
  if (numbers.length === 0) {
    expect(summary).toBeUndefined();
    return;
  }
  const [min, max] = [Math.min(...numbers), Math.max(...numbers)];
  expect(summary).toMatchObject({ min, max, count: numbers.length });
  const mean = numbers.reduce((sum, value) => sum + value / numbers.length, 0);
  expect(Math.abs(summary!.mean - mean)).toBeLessThanOrEqual(1e-9 * Math.max(Math.abs(min), Math.abs(max)));
}

function grouped(points: readonly Point[], columnOf: (point: Point) => number): Map<number, Point[]> {
  const groups = new Map<number, Point[]>();
  for (const point of points) {
    const column = columnOf(point);
    groups.set(column, [...(groups.get(column) ?? []), point]);
  }
  return groups;
}

/** As JSON has it, which has no negative zero. */
function plain({ timeUs, value, row }: Point): Point {
  return { timeUs, value: value + 0, row };
}

/** A gap is where the device was away between two points, and nowhere else. */
function checkGaps({ timesUs, rows }: PlotSeries, away: readonly (readonly [number, number])[]): number {
  const gaps = rows.filter((row) => row < 0).length;
  for (let index = 1; index < rows.length; index++) {
    const [isGap, before] = [rows[index]! < 0, rows[index - 1]! < 0];
    const next = isGap ? index + 1 : index;
    const [startUs, endUs] = [timesUs[index - 1]!, timesUs[next]!];
    const isAway = startUs < endUs && away.some(([fromUs, toUs]) => fromUs < endUs && toUs > startUs);
    expect([before || isGap === isAway, before && isGap]).toEqual([true, false]);
  }
  return gaps;
}

/** The cells of CSV. */
function cellsOf(csv: string): string[][] {
  const records: string[][] = [[]];
  for (const [, quoted, bare, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
    records.at(-1)!.push(quoted?.replaceAll('""', '"') ?? bare ?? '');
    if (end === '\n') records.push([]);
  }
  return records.filter((cells) => cells.length > 1);
}

describe(`a page of a recording (${REPEAT})`, () => {
  const lines = numberRecording(SEED, LINES);
  const packets = lines.filter(({ bytes }) => bytes !== undefined);

  test.each<[string, string[]]>([
    ['whole', []],
    ['within a small memory', ['--web-memory', '1M']],
  ])('plots exactly the numbers of its packets: %s', async (_, options) => {
    const below = randomNumbers(SEED + 1);
    const { client, feed, held, keys } = await served(lines, ...DECODE, ...options);
    const all = new Numbers(lines, keys.length);
    // Rows are counted before the series make the memory too small for them.
    const counted = [
      ...(await client.get('/metrics')).body
        .toString()
        .matchAll(/^sercom_(?:packets|rejected_frames)_total.* (\d+)$/gm),
    ];
    expect(counted.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(packets.length);
    // With little memory, there are fewer series.
    expect(keys.length).toBe(
      options.length === 0 ? Math.min(1_000, new Numbers(lines, 1_000).series.size) : keys.length,
    );
    expect([keys, feed.latest.numbersWithoutSeries]).toEqual([[...all.series.keys()], all.withoutSeries]);
    const pointsOf = (index: number) => all.series.get(keys[index]!)!.filter(({ row }) => row >= held.first);
    const heldLines = lines.slice(held.first);
    for (let first = 0; first < keys.length; first += 64) {
      const series = keys.slice(first, first + 64).map((__, index) => first + index);
      const csv = (await client.post('save-plot', { series })).body.toString();
      const cells = new Map<number, string[]>();
      for (const [column, index] of series.entries()) {
        for (const { row, timeUs, value } of pointsOf(index)) {
          const line = cells.get(row) ?? [iso(timeUs), ...series.map(() => '')];
          line[column + 1] = String(value);
          cells.set(row, line);
        }
      }
      const expected = [...cells].toSorted(([a], [b]) => a - b).map(([, line]) => `${line.join(',')}\n`);
      expect(csv.slice(csv.indexOf('\n') + 1)).toBe(expected.join(''));
    }
    const times = heldLines.map(({ timeUs }) => timeUs);
    const [startUs, spanUs] = [Math.min(...times), Math.max(...times) - Math.min(...times)];
    const longest = keys.map((__, index) => index).sort((a, b) => pointsOf(b).length - pointsOf(a).length);
    const chosen = [...longest.slice(0, 20), ...Array.from({ length: 10 }, () => below(keys.length))];
    let gaps = 0;
    for (let round = 0; round < 12; round++) {
      const columns = [1, 2, 7, 50, 64, 1_000][below(6)]!;
      const fromUs = startUs - 5_000 + below(spanUs);
      const range = [
        fromUs,
        fromUs + columns * 2 ** below(Math.max(1, Math.floor(Math.log2(spanUs / columns)) + 2)),
      ] as const;
      const request = { series: chosen, fromUs, toUs: range[1], columns };
      const answer = await client.ask<PlotAnswer>('plot', request);
      for (const [at, index] of chosen.entries()) {
        checkPlot(answer.series[at]!, pointsOf(index), range, columns);
        gaps += checkGaps(answer.series[at]!, awayTimes(heldLines, JSON.parse(keys[index]!)[0]));
      }
      const marks = heldLines.flatMap((line, at) =>
        line.mark !== undefined && line.timeUs >= fromUs && line.timeUs <= range[1] ? [held.first + at] : [],
      );
      expect([answer.marks.map(({ row }) => row), answer.moreMarks]).toEqual([
        marks.slice(-200),
        Math.max(0, marks.length - 200),
      ]);
    }
    expect(gaps).toBeGreaterThan(0);
    for (let round = 0; round < 40; round++) {
      const row = held.first + below(lines.length - held.first);
      const { series } = await client.ask<PacketAnswer>('packet', { row });
      const numbers = [...all.series].flatMap(([key, points]) =>
        points.filter((point) => point.row === row).map(({ value }) => [key, value + 0]),
      );
      expect(series.map(({ series: index, value }) => [keys[index], value]).sort()).toEqual(numbers.sort());
    }
  });

  test('saves what it holds, so that it is read back to the byte and the microsecond', async () => {
    const { client, feed, folder, held, save } = await served(lines, ...DECODE);
    expect([held.first, held.droppedRows]).toEqual([0, 0]);
    expect(await readFile(await save('log'), 'utf8')).toBe(lines.map(({ text }) => `${text}\n`).join(''));
    const again = path.join(folder, 'again.log');
    expect(await run('replay', await save('pcapng'), '--log', again, '-q')).toMatchObject({ code: 0, stderr: '' });
    expect((await readFile(again, 'utf8')).trimEnd().split('\n')).toEqual(packets.map(({ text }) => text));
    await feed.show({ filter: 'name=x y,length<200' });
    const cells = cellsOf(await readFile(await save('csv', feed.id), 'utf8')).map((each) => each.slice(0, 5));
    const matching = lines.filter(({ name, length, mark }) => mark !== undefined || (name === 'x y' && length! < 200));
    expect(cells.slice(1)).toEqual(
      matching.map(({ timeUs, name = '', dir, mark, bytes, length = '' }) => [
        iso(timeUs),
        name,
        dir ?? mark,
        String(length),
        hexOf(bytes ?? new Uint8Array()),
      ]),
    );
    expect((await client.post('save', { format: 'csv', feed: 'gone' })).status).toBe(404);
  });

  test.skipIf(!has('tshark'))(
    'with ids saves a capture whose frames are those of the wire (needs tshark)',
    async () => {
      const { save } = await served(lines, '--request-ids', '2', '--web-memory', '1M');
      const log = (await readFile(await save('log'), 'utf8')).trimEnd().split('\n');
      expect(log).toEqual(lines.slice(-log.length).map(({ text }) => text));
      const fields = ['frame.time_epoch', 'frame.interface_name', 'frame.len', 'frame.cap_len'].flatMap((each) => [
        '-e',
        each,
      ]);
      const options = { maxBuffer: 2 ** 30 };
      const capture = await save('pcapng');
      const tshark = (...more: string[]) => promisify(execFile)('tshark', ['-r', capture, ...more], options);
      const [listed, dumped] = await Promise.all([
        tshark('-T', 'fields', ...fields),
        tshark('-T', 'jsonraw', '-j', 'frame'),
      ]);
      const frames = listed.stdout.trimEnd().split('\n');
      const hex = JSON.parse(dumped.stdout).map(
        (each: { _source: { layers: { frame_raw: [string] } } }) => each._source.layers.frame_raw[0],
      );
      const expected = packets.slice(-frames.length);
      expect(frames.map((frame, index) => `${frame}\t${hex[index]}`)).toEqual(
        expected.map(({ timeUs, name, length, bytes }) =>
          [`${epoch(timeUs)}000`, name, length, bytes!.length, hexOf(bytes!)].join('\t'),
        ),
      );
      expect(frames.length).toBe(log.filter((line) => line.startsWith('(')).length);
    },
  );
});
