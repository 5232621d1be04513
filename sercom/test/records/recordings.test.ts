import { execFileSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { has } from '../../../test/support/tools.js';
import { readRecordings } from '../../src/records/recordings.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const never = new AbortController().signal;

/** Writes logs with a record at each of these times, in microseconds, and reads them as one. */
async function played(...logs: readonly (readonly number[])[]): Promise<string[]> {
  const folder = await temporaryFolder();
  const files = logs.map((_, index) => path.join(folder, `${index}.log`));
  for (const [index, times] of logs.entries()) {
    const lines = times.map((timeUs) => `(1700000000.${String(timeUs).padStart(6, '0')}) ${index} rx#\n`);
    await writeFile(files[index]!, lines.join(''));
  }
  const records: string[] = [];
  for await (const { timeUs, name } of readRecordings(files, never)) {
    records.push(`${name}:${timeUs % 1_000_000}`);
  }
  return records;
}

describe('several recordings are read as one', () => {
  test.each<[string, number[][], string[]]>([
    [
      'of a rotated log, newest first',
      [
        [5, 6],
        [3, 4],
        [1, 2],
      ],
      ['2:1', '2:2', '1:3', '1:4', '0:5', '0:6'],
    ],
    [
      'that overlap',
      [
        [1, 4, 7],
        [2, 3, 5, 9],
      ],
      ['0:1', '1:2', '1:3', '0:4', '1:5', '0:7', '1:9'],
    ],
    [
      'that meet at the same time',
      [
        [5, 6],
        [4, 5],
      ],
      ['1:4', '1:5', '0:5', '0:6'],
    ],
    ['of which some are empty', [[], [2], [], [1]], ['3:1', '1:2']],
    ['of which all are empty', [[], []], []],
  ])('%s', async (_, logs, records) => {
    expect(await played(...logs)).toEqual(records);
  });

  test('which keep their own order where their clock stepped back', async () => {
    expect(await played([10, 20, 5, 6], [15, 25])).toEqual(['0:10', '1:15', '0:20', '0:5', '0:6', '1:25']);
  });

  test('in which nothing is lost, whatever their times are', async () => {
    const times = fc.array(fc.array(fc.nat(50), { maxLength: 8 }), { minLength: 2, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(times, async (logs) => {
        const read = await played(...logs.map((log) => log.sort((a, b) => a - b)));
        const readTimes = read.map((record) => Number(record.slice(2)));
        expect(readTimes).toEqual(logs.flat().sort((a, b) => a - b));
      }),
      { numRuns: 30 },
    );
  });

  test('with all of their notes, each before the record that follows', async () => {
    const folder = await temporaryFolder();
    const files = ['a.log', 'b.log', 'notes.log'].map((name) => path.join(folder, name));
    await writeFile(files[0]!, `${note(1)}${record(2)}${note(3)}`);
    await writeFile(files[1]!, `${note(4)}${note(5)}${record(6)}${note(7)}${record(8)}`);
    await writeFile(files[2]!, `${note(9)}`);
    expect(await seenIn(files)).toEqual(['note 9', 'note 1', 2, 'note 3', 'note 4', 'note 5', 6, 'note 7', 8]);
  });

  test.skipIf(!has('mkfifo'))('with all notes of one that can be read only once (needs mkfifo)', async () => {
    const folder = await temporaryFolder();
    const [file = '', pipe = ''] = ['a.log', 'pipe'].map((name) => path.join(folder, name));
    await writeFile(file, `${note(1)}${record(2)}`);
    execFileSync('mkfifo', [pipe]);
    const [seen] = await Promise.all([seenIn([file, pipe]), writeFile(pipe, `${note(3)}${record(4)}${note(5)}`)]);
    expect(seen).toEqual(['note 3', 'note 1', 2, 4, 'note 5']);
  });

  test.skipIf(process.platform !== 'linux')(
    'without keeping those open whose time has not come (needs Linux)',
    async () => {
      const folder = await temporaryFolder();
      const files = Array.from({ length: 50 }, (_, index) => path.join(folder, `a.log.${index}.gz`));
      for (const [index, file] of files.entries()) {
        await writeFile(
          file,
          gzipSync(`(${1_800_000_000 - 2 * index}.000001) arm rx#\n(${1_800_000_001 - 2 * index}.000001) arm rx#\n`),
        );
      }
      const isOpen = () => readDescriptors().filter((target) => target.startsWith(folder)).length;
      let most = 0;
      let records = 0;
      for await (const _ of readRecordings(files, never)) {
        records++;
        most = Math.max(most, isOpen());
      }
      expect(records).toBe(100);
      expect(most).toBeLessThan(5);
      expect(isOpen()).toBe(0);
    },
  );

  test.skipIf(process.platform !== 'linux')('and closed when the reader stops (needs Linux)', async () => {
    const folder = await temporaryFolder();
    const files = ['a.log', 'b.log'].map((name) => path.join(folder, name));
    for (const file of files) {
      await writeFile(file, '(1.000001) arm rx#\n(2.000001) arm rx#\n(3.000001) arm rx#\n');
    }
    let records = 0;
    for await (const _ of readRecordings(files, never)) {
      if (++records === 4) {
        break;
      }
    }
    await expect.poll(() => readDescriptors().filter((target) => target.startsWith(folder))).toEqual([]);
  });
});

/** Lines of a log. */
const record = (second: number) => `(${second}.000000) arm rx#\n`;
const note = (second: number) => `# (${second}.000000) arm connected\n`;

/** The seconds of records and notes, in the order in which they are given. */
async function seenIn(files: readonly string[]): Promise<(number | string)[]> {
  const seen: (number | string)[] = [];
  const records = readRecordings(files, never, ({ timeUs }) => seen.push(`note ${timeUs / 1_000_000}`));
  for await (const { timeUs } of records) {
    seen.push(timeUs / 1_000_000);
  }
  return seen;
}

/** What the descriptors of this process lead to. */
function readDescriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      // The descriptor of the folder itself is closed already.
      return [];
    }
  });
}
