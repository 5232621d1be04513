import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Connections } from '../../../src/web/server/connections.js';
import { RowCounts } from '../../../src/web/server/row-counts.js';
import { Kinds } from '../../../src/web/store/kinds.js';
import { PacketStore } from '../../../src/web/store/packet-store.js';
import { addedRows, addTo, packet } from '../store/stored-rows.js';

function countedStore(memoryBytes: number, leadingBytes = 1) {
  const store = new PacketStore({ memoryBytes, names: ['arm'] });
  const kinds = new Kinds({ names: store.names, leadingBytes });
  const connections = new Connections(store.names);
  return { store, kinds, connections, counts: new RowCounts(store, kinds, connections) };
}

/** What is known of all connections and kinds. */
function state({ kinds, connections }: ReturnType<typeof countedStore>) {
  const { version, kinds: all, forgottenKinds } = kinds.changesSince(0);
  // In which order kinds of one batch were seen first does not matter, and neither do their keys.
  const known = all.map(({ key, ...kind }) => JSON.stringify(kind)).sort();
  return { version, known, forgottenKinds, connections: connections.statuses() };
}

describe('what is in the rows', () => {
  test('is counted the same for many rows at once as for each, also if memory is short', () => {
    const steps = fc.array(fc.tuple(addedRows, fc.boolean()), { maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.constantFrom(0, 1, 7), fc.constantFrom(4_000, 1_000_000), (added, lead, memoryBytes) => {
        const together = countedStore(memoryBytes, lead);
        const each = countedStore(memoryBytes, lead);
        for (const [row, isLookedAt] of added) {
          addTo(together.store, row);
          addTo(each.store, row);
          each.counts.countRows();
          if (isLookedAt && added.length % 2 === 0) {
            together.counts.countRows();
          }
        }
        together.counts.countRows();
        expect(state(together)).toEqual(state(each));
      }),
    );
  });

  test('is counted before it is dropped', () => {
    const { store, kinds, connections } = countedStore(100_000);
    for (let index = 0; index < 10_000; index++) {
      store.add(packet([index % 2, index & 0xff, ...Array(62).fill(0)]));
    }
    expect(store.droppedRows).toBeGreaterThan(5_000);
    store.add(packet(new Uint8Array(200_000)));
    expect(store.droppedRows).toBe(10_001);
    expect(connections.statuses()).toMatchObject([{ receivedPackets: 10_001, receivedBytes: 840_000 }]);
    expect(kinds.changesSince(0).kinds.map(({ count }) => count)).toEqual([5_001, 5_000]);
  });

  test('forgets kinds that were seen least recently, also among packets that are counted at once', () => {
    const counted = countedStore(10_000_000, 2);
    for (let index = 0; index < 3_000; index++) {
      counted.store.add(packet([index >> 8, index & 0xff]));
      counted.store.add(packet([0, 0]));
    }
    counted.counts.countRows();
    const { kinds, forgottenKinds, version } = counted.kinds.changesSince(0);
    expect([kinds.length, forgottenKinds, version]).toEqual([1_000, 2_000, 6_000]);
    expect(kinds.find(({ hex }) => hex === '0000')).toMatchObject({ key: 0, count: 3_001 });
  });
});
