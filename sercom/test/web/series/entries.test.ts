import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Entries } from '../../../src/web/series/entries.js';
import { Memory } from '../../../src/web/store/memory.js';
import { checkProperty } from '../../support/check-property.js';

const MB = 1_000_000;

function add(entries: Entries, value: number): void {
  const index = entries.add();
  entries.set(index, 0, value);
  entries.set(index, 1, -value);
}

describe('entries', () => {
  test('keep their indices and contents while older ones are dropped', () => {
    const operations = fc.array(
      fc.oneof(
        fc.record({ add: fc.oneof(fc.nat(40), fc.nat(3_000)) }),
        fc.record({ drop: fc.oneof(fc.nat(40), fc.nat(3_000)) }),
        fc.record({ restart: fc.constantFrom(0, 1, 1_023, 2 ** 31 - 5, 2 ** 32 + 7, 2 ** 45 + 1) }),
      ),
      { maxLength: 12 },
    );
    const property = fc.property(operations, (all) => {
      const memory = new Memory(MB);
      const entries = new Entries(2, memory);
      let first = 0;
      let expected: number[] = [];
      let next = 1;
      for (const operation of all) {
        if ('add' in operation) {
          for (let count = 0; count < operation.add; count++) {
            add(entries, next);
            expected.push(next++);
          }
        } else if ('drop' in operation) {
          entries.dropBefore(first + operation.drop);
          const dropped = Math.min(operation.drop, expected.length);
          expected = expected.slice(dropped);
          first += dropped;
        } else {
          entries.restartAt(operation.restart);
          expected = [];
          first = operation.restart;
          expect(memory.usedBytes).toBe(0);
        }
        expect(entries.first).toBe(first);
        expect(entries.end).toBe(first + expected.length);
        expect(expected.map((_, index) => entries.get(first + index, 0))).toEqual(expected);
        expect(expected.map((_, index) => -entries.get(first + index, 1))).toEqual(expected);
      }
    });
    checkProperty(property, 100);
  });

  test('ignore that what is dropped already is dropped again', () => {
    const entries = new Entries(2, new Memory(MB));
    add(entries, 1);
    add(entries, 2);
    entries.dropBefore(1);
    entries.dropBefore(0);
    expect([entries.first, entries.end, entries.get(1, 0)]).toEqual([1, 2, 2]);
  });

  test('account for memory that follows what they hold', () => {
    const memory = new Memory(100 * MB);
    const entries = new Entries(2, memory);
    add(entries, 1);
    expect(memory.usedBytes).toBeLessThan(1_000);
    for (let index = 1; index < 100_000; index++) {
      add(entries, index);
    }
    const bytesOfAll = memory.usedBytes;
    expect(bytesOfAll).toBeGreaterThanOrEqual(100_000 * 16);
    expect(bytesOfAll).toBeLessThan(100_000 * 16 * 1.05);
    entries.dropBefore(90_000);
    expect(memory.usedBytes).toBeLessThan(bytesOfAll * 0.12);
    entries.restartAt(0);
    expect(memory.usedBytes).toBe(0);
  });
});
