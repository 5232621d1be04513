import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFilter } from '../../../src/records/filter.js';
import { type FindOptions, find } from '../../../src/web/store/find.js';
import { MatchingRows } from '../../../src/web/store/matching-rows.js';
import { PacketStore } from '../../../src/web/store/packet-store.js';
import { parseWanted } from '../../../src/web/store/wanted.js';
import { type Added, addedRows, addTo, packet } from './stored-rows.js';

const NEVER = new AbortController().signal;

/** A store with packets that are all different. */
function numbered(count: number, memoryBytes = 64_000_000): PacketStore {
  const store = new PacketStore({ memoryBytes });
  for (let index = 0; index < count; index++) {
    store.add(packet([index >> 16, (index >> 8) & 0xff, index & 0xff]));
  }
  return store;
}

function options(store: PacketStore, what: string, about: Partial<FindOptions> = {}): FindOptions {
  const rows = new MatchingRows(store, undefined);
  return { store, rows, wanted: parseWanted(what), position: 0, signal: NEVER, ...about };
}

describe('a search', () => {
  test('finds what looking at each row finds, in both directions', async () => {
    const property = fc.asyncProperty(
      fc.array(addedRows, { maxLength: 150, size: 'max' }),
      fc.constantFrom(undefined, 'dir=rx', 'name=leg', 'length>500'),
      fc.constantFrom('0x00', 'length<3', 'a', 'dir=tx,length>1', '0x123456'),
      fc.integer({ min: -1, max: 160 }),
      fc.boolean(),
      async (added, spec, what, position, isBackward) => {
        const store = new PacketStore({ memoryBytes: 10_000 });
        const filter = spec === undefined ? undefined : parseFilter(spec);
        const rows = new MatchingRows(store, filter);
        const all: Added[] = [];
        for (const each of added) {
          addTo(store, each);
          all.push(each);
          // Some are known, some are not.
          if (all.length % 40 === 0) {
            rows.advance(1_000);
          }
        }
        const wanted = parseWanted(what);
        const found = await find(options(store, what, { rows, position, isBackward }));
        rows.advance(1_000);
        const expected = Array.from({ length: rows.end - rows.first }, (_, index) => rows.first + index)
          .filter((each) => (isBackward ? each <= position : each >= position))
          .map((each) => ({ position: each, row: rows.rowAt(each)! }))
          .filter(({ row }) => {
            const each = all[row]!;
            return 'mark' in each ? wanted.matchesMark(each.mark) : wanted.matches(each.record);
          });
        expect(found).toEqual(isBackward ? expected.at(-1) : expected[0]);
      },
    );
    await fc.assert(property);
  });

  test.each([false, true])('lets the event loop do other work (backward: %s)', async (isBackward) => {
    const store = numbered(200_000);
    let isSearching = true;
    let turns = 0;
    const count = async () => {
      for (; isSearching; turns++) {
        await nextTurn();
      }
    };
    const counting = count();
    const position = isBackward ? store.end - 1 : 0;
    expect(await find(options(store, '0xffffff', { position, isBackward }))).toBeUndefined();
    const rows = new MatchingRows(store, parseFilter('length=3'));
    expect(await find(options(store, '0x020202', { rows }))).toEqual({ position: 0x020202, row: 0x020202 });
    isSearching = false;
    await counting;
    expect(turns).toBeGreaterThan(3);
  });

  test('ends with the reason of its signal', async () => {
    const store = numbered(200_000);
    const controller = new AbortController();
    const reason = new Error('another search');
    const searches = [
      options(store, '0xffffff', { signal: controller.signal }),
      options(store, '0xffffff', { signal: controller.signal, position: store.end - 1, isBackward: true }),
      options(store, '0xffffff', { signal: controller.signal, rows: new MatchingRows(store, parseFilter('dir=tx')) }),
    ].map((each) => expect(find(each)).rejects.toBe(reason));
    controller.abort(reason);
    await Promise.all(searches);
    await expect(find(options(store, '0x00', { signal: controller.signal }))).rejects.toBe(reason);
  });

  test('does not look at rows that are added after its call', async () => {
    const store = numbered(100_000);
    const searches = [
      find(options(store, 'late')),
      find(options(store, 'late', { rows: new MatchingRows(store, parseFilter('length>=0')) })),
      find(options(store, 'late', { rows: new MatchingRows(store, parseFilter('dir=tx')) })),
      find(options(store, 'late', { position: store.end + 10, isBackward: true })),
    ];
    store.add(packet(Buffer.from('late'), { dir: 'tx' }));
    expect(await Promise.all(searches)).toEqual(Array(4).fill(undefined));
  });

  test.each([false, true])('goes on while rows are dropped (backward: %s)', async (isBackward) => {
    const memoryBytes = 3_000_000;
    const store = numbered(100_000, memoryBytes);
    const { first } = store;
    const rows = new MatchingRows(store, parseFilter('length=3'));
    const search = find(
      options(store, 'late', { rows, position: isBackward ? Number.MAX_SAFE_INTEGER : 0, isBackward }),
    );
    while (store.first < 100_000) {
      for (let index = 0; index < 1_000; index++) {
        store.add(packet(new Uint8Array(200)));
      }
      await nextTurn();
    }
    expect(store.first).toBeGreaterThan(first);
    expect(await search).toBeUndefined();
    expect(await find(options(store, '0x00', { position: 5 }))).toEqual({ position: store.first, row: store.first });
    expect(await find(options(store, '0x00', { position: 5, isBackward: true }))).toBeUndefined();
  });

  test('ends if its rows are closed', async () => {
    const store = numbered(100_000);
    const rows = new MatchingRows(store, parseFilter('length=3'));
    const search = find(options(store, '0xffffff', { rows }));
    rows.close();
    expect(await search).toBeUndefined();
  });

  test('finds nothing where nothing is', async () => {
    const store = new PacketStore({ memoryBytes: 1_000_000 });
    for (const isBackward of [false, true]) {
      expect(await find(options(store, '0x00', { isBackward }))).toBeUndefined();
      expect(await find(options(store, '0x00', { isBackward, position: Number.NaN }))).toBeUndefined();
    }
  });
});
