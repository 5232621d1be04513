import { describe, expect, test } from 'vitest';
import type { Kind } from '../../../../src/web/protocol.js';
import { KindTable } from '../../../../web/kinds/kind-table.js';

function kind(key: number, change: Partial<Kind> = {}): Kind {
  return {
    key,
    name: 0,
    dir: 'rx',
    count: 1,
    lastTimeUs: key,
    length: 1,
    hex: '00',
    changed: [],
    text: '""',
    filter: 'dir=rx',
    ...change,
  };
}

const keys = (table: KindTable) => table.sorted().map(({ key }) => key);

describe('KindTable', () => {
  test('sorts like --changes: by connection, direction, kind of id, reason and first bytes', () => {
    const table = new KindTable();
    table.take([
      kind(1, { name: 1 }),
      kind(2, { dir: 'tx' }),
      kind(3, { hex: '01' }),
      kind(4, { problem: 'checksum' }),
      kind(5, { request: 'reply' }),
      kind(6),
    ]);
    expect(keys(table)).toEqual([6, 3, 4, 5, 2, 1]);
  });

  test('replaces a kind that has changed', () => {
    const table = new KindTable();
    table.take([kind(1), kind(2)]);
    table.take([kind(1, { count: 5 })]);
    expect(table.sorted()).toHaveLength(2);
    expect(table.sorted().find(({ key }) => key === 1)!.count).toBe(5);
  });

  test('sorts by a column, largest first where that is more useful, and in the other direction', () => {
    const table = new KindTable();
    table.take([kind(1, { count: 3 }), kind(2, { count: 9 }), kind(3, { count: 5 })]);
    table.sortBy('count');
    expect(table.order).toEqual({ column: 'count', isDescending: true });
    expect(keys(table)).toEqual([2, 3, 1]);
    table.sortBy('count');
    expect(keys(table)).toEqual([1, 3, 2]);
    table.sortBy('packet');
    expect(table.order).toEqual({ column: 'packet', isDescending: false });
  });

  test('sorts kinds without an interval as the slowest', () => {
    const table = new KindTable();
    table.take([kind(1), kind(2, { intervalUs: 100 }), kind(3, { intervalUs: 0 })]);
    table.sortBy('interval');
    expect(keys(table)).toEqual([3, 2, 1]);
    table.sortBy('rate');
    expect(keys(table)).toEqual([3, 2, 1]);
  });

  test('keeps 1,000 kinds: those seen last', () => {
    const table = new KindTable();
    table.take(Array.from({ length: 1_000 }, (_, key) => kind(key)));
    table.take([kind(0, { count: 2 }), kind(5_000)]);
    const left = keys(table);
    expect(left).toHaveLength(1_000);
    expect(left).toContain(0);
    expect(left).not.toContain(1);
  });

  test('is empty after it was cleared', () => {
    const table = new KindTable();
    table.take([kind(1)]);
    table.clear();
    expect(keys(table)).toEqual([]);
  });
});
