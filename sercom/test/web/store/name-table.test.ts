import { describe, expect, test } from 'vitest';
import { NameTable } from '../../../src/web/store/name-table.js';
import { PacketStore } from '../../../src/web/store/packet-store.js';
import { packet } from './stored-rows.js';

describe('the names of connections', () => {
  test('have indices in the order in which they come', () => {
    const names = new NameTable(['arm', 'leg']);
    expect(['leg', 'new', 'arm', 'new'].map((name) => names.indexOf(name))).toEqual([1, 2, 0, 2]);
    expect(names.all).toEqual(['arm', 'leg', 'new']);
    expect(names.at(2)).toBe('new');
  });

  test('beyond 1,000, and of more than 1,000 characters, are those of other connections', () => {
    const names = new NameTable(['x'.repeat(1_001)]);
    expect(names.all).toEqual(['other connections']);
    expect(names.indexOf('x'.repeat(1_000))).toBe(1);
    for (let index = 2; index < 1_000; index++) {
      expect(names.indexOf(`board ${index}`)).toBe(index);
    }
    expect(names.indexOf('one more')).toBe(0);
    expect(names.indexOf('board 999')).toBe(999);
    expect(names.all).toHaveLength(1_000);
  });

  test('have one more for other connections, if there are 1,000 already', () => {
    const names = new NameTable(Array.from({ length: 1_500 }, (_, index) => `board ${index}`));
    expect(names.all).toHaveLength(1_001);
    expect(names.indexOf('one more')).toBe(1_000);
    expect(names.indexOf('other connections')).toBe(1_000);
    expect(names.at(1_000)).toBe('other connections');
  });

  test('are shared by the rows of a store, however many there are', () => {
    const store = new PacketStore({ memoryBytes: 1_000_000, names: ['board 0'] });
    for (let index = 0; index < 3_000; index++) {
      store.add(packet([1], { name: `board ${index}` }));
    }
    store.mark({ timeUs: 0, kind: 'marker', name: 'board 2999', text: '' });
    expect(store.names.all).toHaveLength(1_001);
    expect(store.record(0)?.name).toBe('board 0');
    expect(store.record(999)?.name).toBe('board 999');
    expect(store.record(1_000)?.name).toBe('other connections');
    expect(store.markAt(3_000)?.name).toBe('other connections');
  });
});
