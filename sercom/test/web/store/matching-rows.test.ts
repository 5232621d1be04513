import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFilter } from '../../../src/records/filter.js';
import { MatchingRows } from '../../../src/web/store/matching-rows.js';
import { PacketStore } from '../../../src/web/store/packet-store.js';
import { type Added, addedRows, addTo, packet } from './stored-rows.js';

const filters = fc.constantFrom(
  undefined,
  ...['dir=tx', 'name=arm', 'length<5', 'length>1000', 'length>=0', 'kind=reply', 'bytes=00'].map((spec) =>
    parseFilter(spec, undefined, true),
  ),
);

/** Numbers from one to the one before another. */
function range(from: number, end: number): number[] {
  return Array.from({ length: end - from }, (_, index) => from + index);
}

/** The position of the first row at or after a row that is held. */
function positionIn(known: readonly number[], store: PacketStore, row: number): number {
  const position = known.findIndex((each) => each >= Math.max(row, store.first));
  return position < 0 ? known.length : position;
}

function advanceAll(rows: MatchingRows): void {
  while (!rows.advance(1_000)) {}
}

describe('matching rows', () => {
  test('have positions that stay when rows are added and dropped', () => {
    const actions = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.array(addedRows, { maxLength: 20 }).map((added) => ({ added })) },
        { weight: 1, arbitrary: fc.constant({ isAdvanced: true }) },
      ),
      { maxLength: 60, size: 'max' },
    );
    const property = fc.property(actions, filters, fc.nat(300), (all, filter, before) => {
      const store = new PacketStore({ memoryBytes: 12_000 });
      for (let index = 0; index < before; index++) {
        store.add(packet([1]));
      }
      const rows = new MatchingRows(store, filter);
      const added = new Map<number, Added>();
      for (let row = store.first; row < store.end; row++) {
        added.set(row, { record: packet([1]) });
      }
      const isMatch = (row: number) => {
        const each = added.get(row)!;
        return 'mark' in each || filter?.(each.record) === true;
      };
      // The row of each position, for those that were looked at before they were dropped.
      const known: number[] = [];
      let next = filter === undefined ? 0 : store.first;
      const skipDropped = () => {
        next = filter === undefined ? next : Math.max(next, store.first);
      };
      for (const action of all) {
        for (const each of 'added' in action ? action.added : []) {
          added.set(addTo(store, each), each);
        }
        skipDropped();
        if ('isAdvanced' in action || filter === undefined) {
          for (; next < store.end; next++) {
            if (filter === undefined || isMatch(next)) {
              known.push(next);
            }
          }
        }
        if ('isAdvanced' in action) {
          // May drop rows, because the rows that match need memory.
          advanceAll(rows);
          skipDropped();
        }
        const held = known.filter((row) => row >= store.first);
        const first = known.length - held.length;
        expect([rows.first, rows.end]).toEqual([filter === undefined ? store.first : first, known.length]);
        expect(rows.next).toBe(filter === undefined ? store.end : next);
        expect(rows.isComplete).toBe(next >= store.end);
        const positions = range(first - 2, known.length + 2);
        expect(positions.map((position) => rows.rowAt(position))).toEqual(
          positions.map((position) => (position < first ? undefined : known[position])),
        );
        const around = range(store.first - 2, store.end + 2);
        expect(around.map((row) => rows.positionOf(row))).toEqual(around.map((row) => positionIn(known, store, row)));
        expect(around.filter((row) => rows.has(row))).toEqual(held);
      }
    });
    fc.assert(property);
  });

  test('keep their positions over many thousand rows', () => {
    const store = new PacketStore({ memoryBytes: 300_000 });
    const rows = new MatchingRows(store, parseFilter('length=1'));
    const known: number[] = [];
    for (let row = 0; row < 40_000; row++) {
      // None match for a long time, and all for a long time.
      const isMatch = row % 16_384 < 5_000 ? false : row % 16_384 < 10_000 || row % 7 === 0;
      store.add(packet(isMatch ? [1] : [1, 2]));
      if (isMatch) {
        known.push(row);
      }
      if (row % 500 === 0) {
        advanceAll(rows);
      }
    }
    advanceAll(rows);
    const held = known.filter((row) => row >= store.first);
    const first = known.length - held.length;
    expect(held.length).toBeGreaterThan(2_000);
    expect([rows.first, rows.end]).toEqual([first, known.length]);
    expect(held.map((_, index) => rows.rowAt(first + index))).toEqual(held);
    expect(held.map((row) => rows.positionOf(row))).toEqual(range(first, known.length));
    expect(range(store.first, store.end).filter((row) => rows.has(row))).toEqual(held);
  });

  test('include marks, whatever the filter', () => {
    const store = new PacketStore({ memoryBytes: 1_000_000 });
    store.add(packet([1], { name: 'arm' }));
    store.mark({ timeUs: 0, kind: 'disconnected', name: 'arm', text: 'unplugged' });
    store.add(packet([1], { name: 'leg' }));
    const rows = new MatchingRows(store, parseFilter('name=leg'));
    expect(rows.advance(1_000)).toBe(true);
    expect([0, 1].map((position) => rows.rowAt(position))).toEqual([1, 2]);
  });

  test('are looked at in slices, of which each gets on', () => {
    const store = new PacketStore({ memoryBytes: 16_000_000 });
    for (let index = 0; index < 20_000; index++) {
      store.add(packet([index & 0xff]));
    }
    const rows = new MatchingRows(store, parseFilter('bytes=07'));
    let slices = 1;
    while (!rows.advance(0)) {
      const { next } = rows;
      expect(rows.isComplete).toBe(false);
      expect(rows.end).toBeLessThanOrEqual(next / 256 + 1);
      slices++;
    }
    // Without time left, only as much is done as between two looks at the clock.
    expect(slices).toBeGreaterThan(20);
    expect([rows.first, rows.end, rows.rowAt(1), rows.positionOf(8)]).toEqual([0, 79, 263, 1]);
  });

  test('are looked at one by one if they are long', () => {
    const store = new PacketStore({ memoryBytes: 16_000_000 });
    for (let index = 0; index < 5; index++) {
      store.add(packet(new Uint8Array(100_000)));
    }
    const rows = new MatchingRows(store, parseFilter('text=nothing'));
    const nexts: number[] = [];
    while (!rows.advance(0)) {
      nexts.push(rows.next);
    }
    expect(nexts).toEqual([1, 2, 3, 4]);
  });

  test('that are neither whole nor known have no position, and no row', () => {
    const store = new PacketStore({ memoryBytes: 1_000_000 });
    store.add(packet([1]));
    store.add(packet([1]));
    for (const rows of [new MatchingRows(store, undefined), new MatchingRows(store, () => true)]) {
      advanceAll(rows);
      expect([-1, 0.5, 2, Number.NaN].map((position) => rows.rowAt(position))).toEqual(Array(4).fill(undefined));
      expect([-1, 0.5, 2, Number.NaN].map((row) => rows.has(row))).toEqual(Array(4).fill(false));
      expect([-1, 2, Number.NaN].map((row) => rows.positionOf(row))).toEqual([0, 2, 2]);
    }
  });

  test('account for their memory, stay within the limit, and give it back', () => {
    const memoryBytes = 200_000;
    const store = new PacketStore({ memoryBytes });
    const all = Array.from({ length: 30 }, () => new MatchingRows(store, parseFilter('length=2')));
    for (let index = 0; index < 50_000; index++) {
      store.add(packet([1, index & 1].slice(index & 1)));
      if (index % 1_000 === 0) {
        all.forEach(advanceAll);
        expect(store.usedBytes).toBeLessThanOrEqual(memoryBytes);
      }
    }
    expect(store.first).toBeGreaterThan(40_000);
    const before = store.usedBytes;
    for (const rows of all) {
      const { first, end } = rows;
      rows.close();
      rows.close();
      expect(rows.advance(1_000)).toBe(true);
      expect([rows.first, rows.end]).toEqual([first, end]);
    }
    expect(before - store.usedBytes).toBeGreaterThan(30 * 512);
    // What is forgotten later is not given back again.
    const closed = store.usedBytes;
    for (let index = 0; index < 20_000; index++) {
      store.add(packet([1]));
    }
    expect(all.map(({ first, end }) => end - first)).toEqual(Array(30).fill(0));
    store.memory.add(2 * memoryBytes);
    store.trim();
    store.memory.remove(2 * memoryBytes);
    expect([store.usedBytes, closed > 0]).toEqual([0, true]);
  });
});
