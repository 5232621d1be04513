import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../../src/decoders/json-value.js';
import { MAX_PATH_LENGTH, MAX_SERIES, type Origin, SeriesStore } from '../../../src/web/series/series-store.js';
import { Memory } from '../../../src/web/store/memory.js';
import { checkProperty } from '../../support/check-property.js';
import { pointsAt } from '../../support/points.js';

const MB = 1_000_000;

const ARM: Origin = { name: 0, dir: 'rx' };

/** A store that adds a packet each millisecond. */
class Rig {
  readonly memory: Memory;
  readonly store: SeriesStore;
  #row = 0;

  constructor(memoryBytes = 256 * MB) {
    this.memory = new Memory(memoryBytes);
    this.store = new SeriesStore(this.memory);
  }

  add(value: JsonValue, { name, dir }: Origin = ARM): number {
    const row = this.#row++;
    this.store.add({ row, timeUs: row * 1_000, name, dir }, value);
    return row;
  }

  /** The points of a series as `[row, value]`. */
  points(index: number): [row: number, value: number][] {
    const series = this.store.at(index)!;
    const indices = Array.from({ length: series.end - series.first }, (_, at) => series.first + at);
    return pointsAt(series, indices).map(({ row, value }) => [row, value]);
  }
}

describe('the store of series', () => {
  test('has one for each path of each connection and direction', () => {
    const rig = new Rig();
    rig.add({ temp: 20.5, imu: [1, 2] });
    rig.add({ temp: 21.5 }, { name: 3, dir: 'rx' });
    rig.add({ temp: 22.5 }, { name: 0, dir: 'tx' });
    rig.add({ imu: [3], text: 'x', temp: 23.5 });
    expect(rig.store.infos).toEqual([
      { name: 0, path: 'temp' },
      { name: 0, path: 'imu[0]' },
      { name: 0, path: 'imu[1]' },
      { name: 3, path: 'temp' },
      { name: 0, dir: 'tx', path: 'temp' },
    ]);
    expect([0, 1, 2, 3, 4].map((index) => rig.points(index))).toEqual([
      [
        [0, 20.5],
        [3, 23.5],
      ],
      [
        [0, 1],
        [3, 3],
      ],
      [[0, 2]],
      [[1, 21.5]],
      [[2, 22.5]],
    ]);
    expect(rig.store.at(0)!.timeUs(1)).toBe(3_000);
    expect(rig.store.at(5)).toBeUndefined();
    expect(rig.store.numbersWithoutSeries).toBe(0);
  });

  test('tells which series the numbers of a packet belong to, and adds nothing then', () => {
    const rig = new Rig();
    rig.add({ a: 1, b: { c: 2 } });
    expect(rig.store.numbersOf(ARM, { b: { c: 5, d: 6 }, a: 7 })).toEqual([
      { series: 1, value: 5 },
      { series: 0, value: 7 },
    ]);
    expect(rig.store.numbersOf({ name: 1, dir: 'rx' }, { a: 1 })).toEqual([]);
    expect(rig.store.infos).toHaveLength(2);
    expect(rig.points(0)).toEqual([[0, 1]]);
  });

  test(`has at most ${MAX_SERIES}, and counts the numbers beyond them`, () => {
    const rig = new Rig();
    const bytesOf = (packets: number, first: number) => {
      for (let index = 0; index < packets; index++) {
        rig.add({ [`key${first + index}`]: index, text: 'x' });
      }
      return rig.memory.usedBytes;
    };
    const bytes = bytesOf(MAX_SERIES, 0);
    expect([rig.store.infos.length, rig.store.numbersWithoutSeries]).toEqual([MAX_SERIES, 0]);
    expect(bytesOf(5_000, MAX_SERIES)).toBe(bytes);
    expect([rig.store.infos.length, rig.store.numbersWithoutSeries]).toEqual([MAX_SERIES, 5_000]);
    rig.add({ key0: 5 });
    expect(rig.points(0)).toEqual([
      [0, 0],
      [6_000, 5],
    ]);
    expect(rig.store.numbersWithoutSeries).toBe(5_000);
  });

  test('has fewer with little memory, so that points have room', () => {
    const rig = new Rig(1 * MB);
    for (let packet = 0; packet < 4; packet++) {
      rig.add(Array.from({ length: 256 }, (_, index) => ({ [`key${packet}`]: index })));
    }
    expect(rig.store.infos.length).toBeGreaterThan(50);
    expect(rig.store.infos.length + rig.store.numbersWithoutSeries).toBe(4 * 256);
    expect(rig.memory.usedBytes).toBeLessThan(MB / 2);
  });

  test('counts the numbers that are too many in a packet, or whose path is too long', () => {
    const rig = new Rig();
    rig.add(Array(300).fill(1));
    expect([rig.store.infos.length, rig.store.numbersWithoutSeries]).toEqual([256, 44]);
    rig.add({ ['x'.repeat(MAX_PATH_LENGTH)]: 1, ['x'.repeat(MAX_PATH_LENGTH + 1)]: 2 });
    expect([rig.store.infos.length, rig.store.numbersWithoutSeries]).toEqual([257, 45]);
    let deep: JsonValue = 1;
    for (let depth = 0; depth < 100; depth++) {
      deep = [deep];
    }
    rig.add(deep);
    expect([rig.store.infos.length, rig.store.numbersWithoutSeries]).toEqual([257, 46]);
  });

  test('drops points with their rows, and keeps the series', () => {
    const rig = new Rig();
    for (let packet = 0; packet < 10_000; packet++) {
      rig.add(packet % 2 === 0 ? { even: packet } : { odd: packet, seldom: packet < 100 ? 1 : 'x' });
    }
    const bytes = rig.memory.usedBytes;
    rig.store.dropBefore(9_995);
    expect([rig.points(0), rig.points(1), rig.points(2)]).toEqual([
      [
        [9_996, 9_996],
        [9_998, 9_998],
      ],
      [
        [9_995, 9_995],
        [9_997, 9_997],
        [9_999, 9_999],
      ],
      [],
    ]);
    expect(rig.memory.usedBytes).toBeLessThan(bytes / 2);
    expect(rig.store.infos.map(({ path }) => path)).toEqual(['even', 'odd', 'seldom']);
    rig.add({ odd: 1, seldom: 2 });
    expect([rig.points(1).at(-1), rig.points(2)]).toEqual([[10_000, 1], [[10_000, 2]]]);
  });

  test('adds no points of a row that was dropped at once', () => {
    const rig = new Rig();
    rig.add({ a: 1 });
    rig.store.dropBefore(2);
    rig.add({ a: 2 });
    rig.add({ a: 3 });
    expect(rig.points(0)).toEqual([[2, 3]]);
  });

  test('takes no more memory after ten times the data', () => {
    const rig = new Rig();
    const addMany = (packets: number) => {
      for (let count = 0; count < packets; count++) {
        const row = rig.add({ fast: count, [`rotating${count % 50}`]: 1 });
        if (row % 500 === 0) {
          rig.store.dropBefore(row - 5_000);
        }
      }
      return rig.memory.usedBytes;
    };
    const bytes = addMany(20_000);
    expect(addMany(180_000)).toBeLessThan(1.2 * bytes);
  });

  test('agrees with plain lists', () => {
    const values = fc.oneof(fc.nat(9), fc.boolean(), fc.constant('7'), fc.constant(null));
    const packets = fc.record({
      origin: fc.record({ name: fc.nat(2), dir: fc.constantFrom('rx' as const, 'tx' as const) }),
      value: fc.dictionary(fc.constantFrom('a', 'b', 'c d'), fc.oneof(values, fc.array(values, { maxLength: 3 }))),
      drop: fc.option(fc.nat(5), { freq: 6 }),
    });
    const property = fc.property(fc.array(packets, { maxLength: 60 }), (all) => {
      const rig = new Rig();
      const expected = new Map<string, [number, number][]>();
      for (const { origin, value, drop } of all) {
        const row = rig.add(value, origin);
        for (const [key, member] of Object.entries(value)) {
          const path = key === 'c d' ? '["c d"]' : key;
          const parts: [string, unknown][] = Array.isArray(member)
            ? member.map((element, index) => [`${path}[${index}]`, element])
            : [[path, member]];
          for (const [full, number] of parts) {
            if (typeof number === 'number') {
              const series = `${origin.name} ${origin.dir} ${full}`;
              expected.set(series, [...(expected.get(series) ?? []), [row, number]]);
            }
          }
        }
        if (drop !== null) {
          rig.store.dropBefore(row - drop);
          for (const [series, points] of expected) {
            expected.set(
              series,
              points.filter(([of]) => of >= row - drop),
            );
          }
        }
      }
      const held = rig.store.infos.map(
        ({ name, dir = 'rx', path }, index) => [`${name} ${dir} ${path}`, rig.points(index)] as const,
      );
      expect(new Map(held)).toEqual(expected);
    });
    checkProperty(property, 200);
  });
});
