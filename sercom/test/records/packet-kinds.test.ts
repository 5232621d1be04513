import { describe, expect, test } from 'vitest';
import { PacketKinds } from '../../src/records/packet-kinds.js';
import type { PacketRecord } from '../../src/records/record.js';
import { separateId } from '../../src/records/request-ids.js';

function received(bytes: number[], about: Partial<PacketRecord> = {}): PacketRecord {
  return { timeUs: 0, name: 'arm', dir: 'rx', length: bytes.length, bytes: Uint8Array.from(bytes), ...about };
}

describe('kinds of packets', () => {
  test('are sorted by connection, direction, kind of id, reason of rejection and leading bytes', () => {
    const kinds = new PacketKinds(2);
    const sorted = [
      received([]),
      received([1]),
      received([1, 0, 9]),
      received([1, 1, 0]),
      received([2]),
      received([0], { error: 'checksum' }),
      received([0], { error: 'too-short' }),
      separateId(received([0, 5]), 1),
      separateId(received([7, 5]), 1),
      received([0], { dir: 'tx' }),
      received([0], { name: 'arm 2' }),
      received([0], { name: 'leg' }),
    ];
    for (const record of sorted.toReversed()) {
      kinds.add(record);
    }
    expect(
      kinds.sorted().map(({ name, dir, request, error, bytes }) => [name, dir, request, error, [...bytes]]),
    ).toEqual(sorted.map(({ name, dir, request, error, bytes }) => [name, dir, request?.kind, error, [...bytes]]));
  });

  test('are all of their connection and direction without leading bytes', () => {
    const kinds = new PacketKinds(0);
    kinds.add(received([1]));
    kinds.add(received([2]));
    expect(kinds.sorted().map(({ count }) => count)).toEqual([2]);
  });

  test('keep their first 32 bytes, and which of them have changed', () => {
    const kinds = new PacketKinds(1);
    kinds.add(received(Array(40).fill(1)));
    const [kind] = kinds.sorted();
    const changed = () => Array.from(kind!.bytes.keys()).filter((index) => kind!.isChanged(index));
    expect([kind!.length, kind!.bytes.length, changed()]).toEqual([40, 32, []]);
    kinds.add(received([1, 2, 1]));
    expect([kind!.length, [...kind!.bytes], changed()]).toEqual([3, [1, 2, 1], [1]]);
    kinds.add(received([1, 2, 1, 1]));
    expect(changed()).toEqual([3]);
  });

  test.each([1, 2, 6, 7, 9])('are told apart by %d leading bytes, also if packets are shorter', (leadingBytes) => {
    const kinds = new PacketKinds(leadingBytes);
    const zeros = Array.from({ length: leadingBytes + 1 }, (_, length) => received(Array(length).fill(0)));
    const ones = Array.from({ length: leadingBytes }, (_, at) => received(zerosWithOne(leadingBytes, at)));
    const all = [...zeros, ...ones];
    for (const record of [...all, ...all]) {
      kinds.add(record);
    }
    kinds.add(received([...Array(leadingBytes).fill(0), 5]));
    expect(kinds.sorted().map(({ count, length }) => [count, length])).toHaveLength(all.length);
    const counts = kinds.sorted().map(({ count }) => count);
    expect(counts.filter((count) => count === 3)).toHaveLength(1);
    expect(counts.filter((count) => count === 2)).toHaveLength(all.length - 1);
  });

  test('that were seen least recently are forgotten first', () => {
    const kinds = new PacketKinds(2);
    const names = ['arm', 'leg'];
    for (let index = 0; index < 1_000; index++) {
      kinds.add(received([index >> 8, index & 0xff], { name: names[index % 2]! }));
    }
    // The first two are seen again, so the third and the fourth are the oldest.
    kinds.add(received([0, 0]));
    kinds.add(received([0, 1], { name: 'leg' }));
    kinds.add(received([9, 9], { dir: 'tx' }));
    kinds.add(received([9, 9], { error: 'checksum' }));
    const keys = [...kinds.all].map(({ key }) => key).sort((a, b) => a - b);
    expect(keys).toEqual([0, 1, ...Array.from({ length: 998 }, (_, index) => index + 4)]);
    expect(kinds.forgotten).toBe(2);
  });

  test('of connections that are forgotten leave nothing behind', () => {
    const kinds = new PacketKinds(1);
    for (let index = 0; index < 5_000; index++) {
      kinds.add(received([1], { name: `connection ${index}` }));
    }
    expect([kinds.forgotten, [...kinds.all].length]).toEqual([4_000, 1_000]);
    kinds.add(received([1], { name: 'connection 0' }));
    expect(kinds.sorted().find(({ name }) => name === 'connection 0')).toMatchObject({ key: 5_000, count: 1 });
  });

  test('are counted when they are forgotten, and when all are cleared the count stays', () => {
    const kinds = new PacketKinds(2);
    for (let index = 0; index < 1_010; index++) {
      kinds.add(received([index >> 8, index & 0xff]));
    }
    expect([kinds.forgotten, kinds.version, [...kinds.all].length]).toEqual([10, 1_010, 1_000]);
    kinds.clear();
    expect([kinds.forgotten, kinds.version, [...kinds.all]]).toEqual([10, 1_010, []]);
    kinds.add(received([1]));
    // Nothing is known of the time before.
    expect(kinds.sorted()).toMatchObject([{ count: 1, key: 1_010, intervalUs: undefined, meanIntervalUs: undefined }]);
  });
});

function zerosWithOne(length: number, at: number): number[] {
  return Array.from({ length }, (_, index) => (index === at ? 1 : 0));
}
