import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../../src/decoders/json-value.js';
import type { SavePlotRequest } from '../../../src/web/protocol.js';
import { PlotCsv } from '../../../src/web/series/plot-csv.js';
import { PlotRequestError } from '../../../src/web/series/plot-request.js';
import { SeriesStore } from '../../../src/web/series/series-store.js';
import { Memory } from '../../../src/web/store/memory.js';
import { checkAsyncProperty } from '../../support/check-property.js';

const GB = 1_000_000_000;

/** A second of a day on which the time zone makes no difference: times are in UTC. */
const START_US = 1_700_000_000_000_000;

interface Packet {
  readonly timeUs: number;
  readonly value: JsonValue;
  readonly name?: number;
  readonly dir?: 'rx' | 'tx';
}

function storeOf(packets: readonly Packet[]): SeriesStore {
  const store = new SeriesStore(new Memory(GB));
  packets.forEach(({ timeUs, value, name = 0, dir = 'rx' }, row) => {
    store.add({ row, timeUs: START_US + timeUs, name, dir }, value);
  });
  return store;
}

function csvOf(series: SeriesStore, request: SavePlotRequest, names: readonly string[] = ['arm', 'leg']): PlotCsv {
  const held = { firstTimeUs: START_US, lastTimeUs: START_US + 1e9 };
  return new PlotCsv(request, { series, held, nameOf: (index) => names[index]! });
}

async function linesOf(csv: AsyncIterable<string>): Promise<string[]> {
  const chunks: string[] = [];
  for await (const chunk of csv) {
    chunks.push(chunk);
  }
  const text = chunks.join('');
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}

describe('a plot as CSV', () => {
  test('has a column for each series and a line for each packet', async () => {
    const store = storeOf([
      { timeUs: 0, value: { imu: { x: 1, y: -2.5 } } },
      { timeUs: 0, value: { temp: 1e-7 }, name: 1 },
      { timeUs: 1_500_000, value: { imu: { x: 3 }, other: 9 } },
      { timeUs: 2_000_001, value: { imu: { y: 4 } }, dir: 'tx' },
      { timeUs: 2_000_001, value: { unrelated: 5 } },
      { timeUs: 3_000_000, value: { imu: { y: 1e300 } } },
    ]);
    expect(store.infos.map(({ path }) => path)).toEqual(['imu.x', 'imu.y', 'temp', 'other', 'imu.y', 'unrelated']);
    expect(await linesOf(csvOf(store, { series: [0, 1, 2, 4] }))).toEqual([
      'time,arm imu.x,arm imu.y,leg temp,arm tx imu.y',
      '2023-11-14T22:13:20.000000Z,1,-2.5,,',
      '2023-11-14T22:13:20.000000Z,,,1e-7,',
      '2023-11-14T22:13:21.500000Z,3,,,',
      '2023-11-14T22:13:22.000001Z,,,,4',
      '2023-11-14T22:13:23.000000Z,,1e+300,,',
    ]);
  });

  test('has only the range, with both its ends', async () => {
    const store = storeOf([10, 20, 30, 40].map((timeUs) => ({ timeUs, value: timeUs })));
    const lines = await linesOf(csvOf(store, { series: [0], fromUs: START_US + 20, toUs: START_US + 30 }));
    expect(lines.map((line) => line.split(',')[1])).toEqual(['arm', '20', '30']);
    expect(await linesOf(csvOf(store, { series: [0], fromUs: START_US + 31, toUs: START_US + 39 }))).toEqual([
      'time,arm',
    ]);
    expect(await linesOf(csvOf(store, { series: [] }))).toEqual(['time']);
  });

  test('quotes titles, and makes those harmless that a spreadsheet would run', async () => {
    const store = storeOf([{ timeUs: 0, value: { 'a, "b"': 1, '=cmd': 2 } }]);
    const [titles] = await linesOf(csvOf(store, { series: [0, 1] }, ['=HYPERLINK("x")\n\u001b']));
    expect(titles).toBe(
      String.raw`time,"'=HYPERLINK(""x"")\n\x1b [""a, \""b\""""]","'=HYPERLINK(""x"")\n\x1b [""=cmd""]"`,
    );
  });

  test('agrees with plain lists, in the order of packets, in chunks of bounded length', async () => {
    const packets = fc.record({
      timeUs: fc.oneof(
        { weight: 9, arbitrary: fc.constant(100) },
        { weight: 1, arbitrary: fc.integer({ min: -500, max: 500 }) },
      ),
      keys: fc.subarray(['a', 'b', 'c']),
      name: fc.nat(1),
    });
    const repeats = fc.oneof(fc.constant(1), fc.constant(900));
    const property = fc.asyncProperty(fc.array(packets, { maxLength: 12 }), repeats, async (all, repeat) => {
      let nowUs = 1_000_000;
      const list = Array.from({ length: repeat }, () => all)
        .flat()
        .map(({ timeUs, keys, name }, index) => {
          nowUs += timeUs;
          return { timeUs: nowUs, name, value: Object.fromEntries(keys.map((key) => [key, index])) };
        });
      const store = storeOf(list);
      const series = store.infos.map((_, index) => index).reverse();
      const expected = list
        .map(({ timeUs, name, value }) => {
          const cells = series.map((index) => {
            const info = store.infos[index]!;
            return info.name === name ? String(value[info.path] ?? '') : '';
          });
          const second = new Date((START_US + timeUs) / 1_000).toISOString().slice(0, 19);
          return { time: `${second}.${String(timeUs % 1_000_000).padStart(6, '0')}Z`, cells };
        })
        .filter(({ cells }) => cells.some((cell) => cell !== ''))
        .map(({ time, cells }) => [time, ...cells].join(','));
      const chunks: string[] = [];
      for await (const chunk of csvOf(store, { series })) {
        chunks.push(chunk);
      }
      expect(chunks.every((chunk) => chunk.split('\n').length <= 1_001)).toBe(true);
      expect(chunks.join('').split('\n').slice(1, -1)).toEqual(expected);
    });
    await checkAsyncProperty(property, 60);
  });

  test('leaves out points that come later', async () => {
    const store = storeOf([{ timeUs: 0, value: 1 }]);
    const csv = csvOf(store, { series: [0] });
    store.add({ row: 1, timeUs: START_US + 1, name: 0, dir: 'rx' }, 2);
    expect(await linesOf(csv)).toHaveLength(2);
  });

  test('counts points that are dropped while it is read', async () => {
    const store = storeOf(Array.from({ length: 5_000 }, (_, index) => ({ timeUs: index, value: index })));
    const csv = csvOf(store, { series: [0] });
    const values: number[] = [];
    for await (const chunk of csv) {
      values.push(
        ...chunk
          .split('\n')
          .flatMap((line) => line.split(',')[1] ?? [])
          .map(Number)
          .filter(Number.isFinite),
      );
      if (values.length === 2_000) {
        store.dropBefore(3_500);
      }
    }
    expect(values).toEqual([...Array(2_000).keys(), ...Array.from({ length: 1_500 }, (_, index) => 3_500 + index)]);
    expect(csv.missedPoints).toBe(1_500);
  });

  test('ends when all points are dropped while it is read, and more have come', async () => {
    const store = storeOf(Array.from({ length: 3_000 }, (_, index) => ({ timeUs: index, value: index })));
    const csv = csvOf(store, { series: [0] });
    let lines = 0;
    for await (const chunk of csv) {
      lines += chunk.split('\n').length - 1;
      if (lines === 1_001) {
        store.dropBefore(3_000);
        store.add({ row: 3_000, timeUs: START_US + 5_000, name: 0, dir: 'rx' }, 2);
      }
    }
    expect([lines, csv.missedPoints]).toEqual([1_001, 2_000]);
  });

  test('can be left unread', async () => {
    const store = storeOf(Array.from({ length: 3_000 }, (_, index) => ({ timeUs: index, value: index })));
    for await (const chunk of csvOf(store, { series: [0] })) {
      expect(chunk).toBe('time,arm\n');
      break;
    }
  });

  test('is refused for unknown series and invalid ranges', () => {
    const store = storeOf([{ timeUs: 0, value: 1 }]);
    expect(() => csvOf(store, { series: [1] })).toThrow(PlotRequestError);
    expect(() => csvOf(store, { series: [0], fromUs: 2, toUs: 1 })).toThrow(PlotRequestError);
  });
});
