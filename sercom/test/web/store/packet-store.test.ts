import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MiB, usedBytes } from '../../../../test/support/memory.js';
import type { PacketRecord } from '../../../src/records/record.js';
import { separateId } from '../../../src/records/request-ids.js';
import { PacketStore } from '../../../src/web/store/packet-store.js';
import { type Added, addedRows, addTo, comparable, marks, packet, storedRecords } from './stored-rows.js';

/** What the store must hold of rows that were added, by looking at each of them. */
class Model {
  readonly #added: readonly Added[];
  readonly #first: number;

  constructor(added: readonly Added[], first: number) {
    this.#added = added;
    this.#first = first;
  }

  get #held(): { row: number; timeUs: number }[] {
    return this.#added
      .map((each, row) => ({ row, timeUs: 'mark' in each ? each.mark.timeUs : each.record.timeUs }))
      .slice(this.#first);
  }

  get droppedRows(): number {
    return this.#added.slice(0, this.#first).filter((each) => 'record' in each).length;
  }

  get droppedMarks(): number {
    return this.#first - this.droppedRows;
  }

  get times(): number[] {
    return this.#held.map(({ timeUs }) => timeUs).sort((a, b) => a - b);
  }

  rowAtTime(timeUs: number): number {
    const [nearest] = this.#held
      .filter((each) => each.timeUs >= timeUs)
      .sort((a, b) => a.timeUs - b.timeUs || a.row - b.row);
    return nearest?.row ?? this.#added.length;
  }
}

function expectRow(store: PacketStore, row: number, added: Added): void {
  const record = store.record(row);
  const payload = store.payload(row);
  const mark = store.markAt(row);
  if ('mark' in added) {
    expect([record, payload]).toEqual([undefined, undefined]);
    expect(mark).toEqual(added.mark);
  } else {
    expect(mark).toBeUndefined();
    expect(comparable(record!)).toEqual(comparable(added.record));
    const { onWire, ...withoutWire } = added.record;
    expect(comparable(payload!)).toEqual(comparable(withoutWire));
  }
}

function expectNoRow(store: PacketStore, row: number): void {
  expect([store.record(row), store.payload(row), store.markAt(row)]).toEqual([undefined, undefined, undefined]);
}

describe('a store', () => {
  test('returns every row as it was added, and drops only the oldest', () => {
    const actions = fc.array(
      fc.oneof(
        { weight: 8, arbitrary: addedRows.map((added) => ({ added })) },
        { weight: 1, arbitrary: fc.nat(3_000).map((othersBytes) => ({ othersBytes })) },
        { weight: 1, arbitrary: fc.constant({ isTrimmed: true }) },
      ),
      { maxLength: 120, size: 'max' },
    );
    const property = fc.property(actions, fc.integer({ min: 1_500, max: 30_000 }), (all, memoryBytes) => {
      const store = new PacketStore({ memoryBytes });
      const added: Added[] = [];
      let first = 0;
      let others = 0;
      store.onDrop((now) => {
        expect(now).toBeGreaterThan(first);
        first = now;
        // What belongs to dropped rows is dropped as well.
        store.memory.remove(others);
        others = 0;
      });
      for (const action of all) {
        if ('added' in action) {
          expect(addTo(store, action.added)).toBe(added.length);
          added.push(action.added);
          expect(store.usedBytes).toBeLessThanOrEqual(memoryBytes);
        } else if ('othersBytes' in action) {
          store.memory.add(action.othersBytes);
          others += action.othersBytes;
        } else {
          store.trim();
          expect(store.first === store.end || store.usedBytes <= memoryBytes).toBe(true);
        }
        expect([store.first, store.end]).toEqual([first, added.length]);
      }
      const model = new Model(added, first);
      const { times } = model;
      expect([store.droppedRows, store.droppedMarks]).toEqual([model.droppedRows, model.droppedMarks]);
      expect([store.firstTimeUs, store.lastTimeUs]).toEqual([times[0], times.at(-1)]);
      added.forEach((each, row) => {
        if (row < first) {
          expectNoRow(store, row);
        } else {
          expectRow(store, row, each);
        }
      });
      for (let timeUs = 1_700_000_000_000_000 - 1; timeUs <= 1_700_000_000_000_201; timeUs += 10) {
        expect(store.rowAtTime(timeUs)).toBe(model.rowAtTime(timeUs));
      }
    });
    fc.assert(property);
  });

  test('has no rows at first, beyond its end, or between two', () => {
    const store = new PacketStore({ memoryBytes: MiB });
    expect([store.first, store.end, store.usedBytes, store.droppedRows]).toEqual([0, 0, 0, 0]);
    expect([store.firstTimeUs, store.lastTimeUs, store.rowAtTime(0)]).toEqual([undefined, undefined, 0]);
    store.add(packet([1]));
    for (const row of [-1, 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expectNoRow(store, row);
    }
  });

  test.each([0, 1, 253, 254, 255, 256, 508, 509, MiB])('keeps packets of %d bytes, and those around them', (length) => {
    const store = new PacketStore({ memoryBytes: 8 * MiB });
    const long = packet(Uint8Array.from({ length }, (_, index) => index * 7));
    const records = [packet([1, 2]), long, separateId(long, 2), packet([3]), separateId(packet([0, 5, 4]), 2)];
    const before = records.map(comparable);
    const rows = records.map((record) => store.add(record));
    // The bytes were copied.
    long.bytes.fill(0);
    expect(rows.map((row) => comparable(store.record(row)!))).toEqual(before);
  });

  test('copies the bytes of a packet with an id, or in a frame, only once', () => {
    const id = Uint8Array.from([0, 5]);
    const wire = packet([...id, ...new Uint8Array(100_000)]);
    const { timeUs, name, dir } = wire;
    const bytes = wire.bytes.subarray(6, 90_000);
    const heard: PacketRecord = { timeUs, name, dir, length: bytes.length, bytes, onWire: wire };
    for (const record of [separateId(wire, 2), heard]) {
      const store = new PacketStore({ memoryBytes: MiB });
      store.add(record);
      expect(store.usedBytes).toBeLessThan(110_000);
      const { bytes: payload, onWire } = store.record(0)!;
      expect(payload.buffer).toBe(onWire!.bytes.buffer);
    }
  });

  test('drops a packet that is larger than the memory at once, with all that is older, and counts them', () => {
    const store = new PacketStore({ memoryBytes: MiB });
    const firsts: number[] = [];
    store.add(packet([1]));
    store.mark({ timeUs: 0, kind: 'marker', text: 'here' });
    store.onDrop((first) => firsts.push(first));
    expect(store.add(packet(new Uint8Array(MiB)))).toBe(2);
    expect([store.first, store.end, store.droppedRows, store.droppedMarks]).toEqual([3, 3, 2, 1]);
    expect(store.usedBytes).toBe(0);
    expect(store.mark({ timeUs: 0, kind: 'marker', text: 'x'.repeat(MiB) })).toBe(3);
    expect([store.first, store.end, store.droppedRows, store.droppedMarks]).toEqual([4, 4, 2, 2]);
    expect(firsts).toEqual([2, 3, 4]);
    expect(store.add(packet([2]))).toBe(4);
    expect(comparable(store.record(4)!)).toEqual(comparable(packet([2])));
  });

  test('keeps a length up to 32 bits of a frame that never ended', () => {
    const store = new PacketStore({ memoryBytes: MiB });
    store.add(packet([1], { error: 'too-long', length: 2 ** 32 - 1 }));
    store.add(packet([1], { error: 'too-long', length: 2 ** 40 }));
    expect([store.record(0)?.length, store.record(1)?.length]).toEqual([2 ** 32 - 1, 2 ** 32 - 1]);
  });

  test('finds times also after its clock was set to an earlier time for good', () => {
    const store = new PacketStore({ memoryBytes: 64 * MiB });
    // In the future, then correct.
    for (let index = 0; index < 10_000; index++) {
      store.add(packet([1], { timeUs: 2_000_000_000 + index }));
    }
    for (let index = 0; index < 10_000; index++) {
      store.add(packet([1], { timeUs: 1_000_000_000 + index }));
    }
    expect(store.rowAtTime(0)).toBe(10_000);
    expect(store.rowAtTime(1_000_005_000)).toBe(15_000);
    expect(store.rowAtTime(1_500_000_000)).toBe(0);
    expect(store.rowAtTime(2_000_005_000)).toBe(5_000);
    expect(store.rowAtTime(2_000_010_000)).toBe(20_000);
    expect([store.firstTimeUs, store.lastTimeUs]).toEqual([1_000_000_000, 2_000_009_999]);
  });

  test('keeps a packet valid for those who read it before it was dropped', () => {
    const store = new PacketStore({ memoryBytes: 100_000 });
    store.add(packet([1, 2, 3]));
    const early = store.record(0)!;
    while (store.first === 0) {
      store.add(packet(new Uint8Array(100).fill(9)));
    }
    expect([...early.bytes]).toEqual([1, 2, 3]);
  });

  test('reports dropped rows until nobody listens', () => {
    const store = new PacketStore({ memoryBytes: 100_000 });
    let calls = 0;
    const stop = store.onDrop(() => calls++);
    const fill = () => {
      for (let index = 0; index < 1_000; index++) {
        store.add(packet(new Uint8Array(200)));
      }
    };
    fill();
    expect(calls).toBeGreaterThan(1);
    stop();
    calls = 0;
    fill();
    expect(calls).toBe(0);
  });
});

describe('the memory of a store', () => {
  test.each([
    ['tiny packets', 1],
    ['packets of 256 bytes', 256],
    ['packets that fill chunks alone', 300_000],
  ])('is used well, and stays within its limit after ten times the data: %s', (_, length) => {
    const memoryBytes = 8 * MiB;
    const store = new PacketStore({ memoryBytes });
    const record = packet(new Uint8Array(length));
    let dropped = 0;
    store.onDrop(() => dropped++);
    // Warms up, so that only packets are measured.
    store.add(record);
    const before = usedBytes();
    const rowBytes = length + 20;
    for (let index = 0; index < (10 * memoryBytes) / rowBytes; index++) {
      store.add(record);
    }
    expect(dropped).toBeGreaterThan(0);
    expect(store.usedBytes).toBeLessThanOrEqual(memoryBytes);
    expect((store.end - store.first) * rowBytes).toBeGreaterThan(0.8 * memoryBytes);
    expect(usedBytes() - before).toBeLessThan(memoryBytes + MiB);
  });

  test('is shared with what others allocate for its rows, so that no single chunk holds most of them', () => {
    const store = new PacketStore({ memoryBytes: MiB });
    const perRow = 6_000;
    let first = 0;
    store.onDrop((now) => {
      store.memory.remove((now - first) * perRow);
      first = now;
    });
    let fewest = Number.POSITIVE_INFINITY;
    for (let index = 0; index < 2_000; index++) {
      store.add(packet(new Uint8Array(10)));
      store.memory.add(perRow);
      if (index > 200) {
        fewest = Math.min(fewest, store.end - store.first);
      }
    }
    expect(store.usedBytes).toBeLessThanOrEqual(MiB + perRow);
    expect(fewest * perRow).toBeGreaterThan(0.7 * MiB);
  });

  test('is freed by dropping rows only as long as too much is used', () => {
    const store = new PacketStore({ memoryBytes: MiB });
    store.add(packet([1]));
    store.memory.add(2 * MiB);
    expect(store.memory.isExceeded).toBe(true);
    store.memory.remove(2 * MiB);
    store.trim();
    expect(store.memory.isExceeded).toBe(false);
    expect([store.first, store.end]).toEqual([0, 1]);
    store.memory.add(2 * MiB);
    store.trim();
    expect([store.first, store.end, store.droppedRows]).toEqual([1, 1, 1]);
  });

  test('drops rows for the room that others leave, even if it is none', () => {
    const store = new PacketStore({ memoryBytes: MiB });
    store.memory.add(MiB);
    fc.assert(
      fc.property(storedRecords, marks, (record, mark) => {
        store.add(record);
        store.mark(mark);
        expect(store.first).toBe(store.end);
        expect(store.usedBytes).toBe(MiB);
      }),
      { numRuns: 5 },
    );
  });
});
