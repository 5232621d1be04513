import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFilter } from '../../../src/records/filter.js';
import { separateId } from '../../../src/records/request-ids.js';
import { Kinds } from '../../../src/web/store/kinds.js';
import { NameTable } from '../../../src/web/store/name-table.js';
import { DANGEROUS, wellFormedTexts } from '../../support/dangerous.js';
import { packet, storedRecords } from './stored-rows.js';

function kindsWith(leadingBytes: number): Kinds {
  return new Kinds({ names: new NameTable(['arm']), leadingBytes });
}

describe('the kinds of packets', () => {
  test('are described with their rate, the last packet, and which of its bytes changed', () => {
    const kinds = kindsWith(1);
    kinds.add(packet([1, 2, 3], { timeUs: 100 }));
    expect(kinds.changesSince(0)).toEqual({
      version: 1,
      forgottenKinds: 0,
      kinds: [
        {
          key: 0,
          name: 0,
          dir: 'rx',
          count: 1,
          lastTimeUs: 100,
          length: 3,
          hex: '010203',
          changed: [],
          text: '"\\x01\\x02\\x03"',
          filter: 'name=arm,dir=rx,bytes=01',
        },
      ],
    });
    kinds.add(packet([1, 9, 3, 0x41], { timeUs: 300 }));
    const [kind] = kinds.changesSince(1).kinds;
    expect(kind).toMatchObject({ count: 2, intervalUs: 200, lastTimeUs: 300, changed: [1, 3], length: 4 });
    kinds.add(packet([1, 9], { timeUs: 300 }));
    expect(kinds.changesSince(2).kinds[0]).toMatchObject({ intervalUs: 100, changed: [], hex: '0109' });
  });

  test('differ in connection, direction, kind of id, reason of rejection and leading bytes', () => {
    const kinds = kindsWith(2);
    const records = [
      packet([1, 2, 3]),
      packet([1, 3, 3]),
      packet([1]),
      packet([]),
      packet([1, 2, 3], { name: 'leg' }),
      packet([1, 2, 3], { dir: 'tx' }),
      packet([1, 2, 3], { error: 'malformed', length: 9 }),
      packet([1, 2, 3], { error: 'checksum' }),
      separateId(packet([0, 1, 2]), 1),
      separateId(packet([5, 1, 2]), 1),
      separateId(packet([0x80, 5, 2]), 1),
    ];
    for (const record of [...records, ...records]) {
      kinds.add(record);
    }
    const all = kinds.changesSince(0).kinds;
    expect(all.map(({ count }) => count)).toEqual(records.map(() => 2));
    expect(new Set(all.map(({ key }) => key)).size).toBe(records.length);
    expect(all.map(({ problem }) => problem)).toEqual([
      ...Array(6).fill(undefined),
      'rejected: malformed',
      'rejected: checksum',
      undefined,
      undefined,
      'error 2: there is no handler',
    ]);
    expect(all.map(({ request }) => request).slice(7)).toEqual([undefined, 'plain', 'reply', 'error']);
    expect(all.map(({ filter }) => filter)).toEqual([
      'name=arm,dir=rx,bytes=0102',
      'name=arm,dir=rx,bytes=0103',
      'name=arm,dir=rx,bytes=01,length=1',
      'name=arm,dir=rx,length=0',
      'name=leg,dir=rx,bytes=0102',
      'name=arm,dir=tx,bytes=0102',
      'name=arm,dir=rx,bytes=0102',
      'name=arm,dir=rx,bytes=0102',
      'name=arm,dir=rx,kind=plain,bytes=0102',
      'name=arm,dir=rx,kind=reply,bytes=0102',
      'name=arm,dir=rx,kind=error,bytes=0502',
    ]);
  });

  test('have filters that select their packets, and nothing that differs in more than the reason of rejection', () => {
    const all = fc.array(storedRecords, { minLength: 1, maxLength: 30 });
    const property = fc.property(all, fc.nat(4), (records, leadingBytes) => {
      const kinds = kindsWith(leadingBytes);
      const kindOf = new Map(
        records.map((record) => {
          const { version } = kinds.changesSince(0);
          kinds.add(record);
          const [kind, ...others] = kinds.changesSince(version).kinds;
          expect(others).toEqual([]);
          return [record, kind!];
        }),
      );
      for (const [record, kind] of kindOf) {
        const matches = parseFilter(kind.filter, undefined, true);
        expect(matches(record)).toBe(true);
        for (const [other, { key }] of kindOf) {
          const isAlike =
            other.error === record.error && other.name === record.name && !other.request === !record.request;
          if (isAlike && matches(other) && key !== kind.key) {
            // A rejected frame may be held in part.
            expect(record.error ?? (record.bytes.length < record.length ? 'part' : undefined)).toBeDefined();
          }
        }
      }
    });
    fc.assert(property);
  });

  test('have filters without dangerous characters, whatever the name', () => {
    const property = fc.property(
      fc.oneof(wellFormedTexts, fc.string({ unit: 'binary' })).filter((name) => name !== ''),
      (name) => {
        const kinds = kindsWith(1);
        const record = packet([1], { name });
        kinds.add(record);
        const { filter } = kinds.changesSince(0).kinds[0]!;
        expect(filter).not.toMatch(DANGEROUS);
        expect(parseFilter(filter)(record)).toBe(true);
      },
    );
    fc.assert(property);
  });

  test('that have changed since a version are only those', () => {
    const kinds = kindsWith(1);
    kinds.add(packet([1]));
    kinds.add(packet([2]));
    const { version } = kinds.changesSince(0);
    expect(kinds.changesSince(version)).toEqual({ version, kinds: [], forgottenKinds: 0 });
    kinds.add(packet([1]));
    const after = kinds.changesSince(version);
    expect(after.version).toBeGreaterThan(version);
    expect(after.kinds.map(({ hex, count }) => [hex, count])).toEqual([['01', 2]]);
  });

  test('are at most 1,000: the one seen least recently is forgotten, and counted', () => {
    const kinds = kindsWith(2);
    for (let index = 0; index < 1_000; index++) {
      kinds.add(packet([index >> 8, index & 0xff]));
    }
    kinds.add(packet([0, 0]));
    kinds.add(packet([0xff, 0xff]));
    const all = kinds.changesSince(0);
    expect([all.kinds.length, all.forgottenKinds]).toEqual([1_000, 1]);
    expect(all.kinds.filter(({ hex }) => hex === '0000' || hex === '0001').map(({ count }) => count)).toEqual([2]);
    kinds.add(packet([0, 1]));
    const again = kinds.changesSince(all.version);
    expect(again.kinds).toMatchObject([{ hex: '0001', count: 1, key: 1_001 }]);
    expect(again.forgottenKinds).toBe(2);
  });

  test('of connections without a name of their own are those of other connections', () => {
    const names = new NameTable(Array.from({ length: 1_000 }, (_, index) => `board ${index}`));
    const kinds = new Kinds({ names, leadingBytes: 1 });
    kinds.add(packet([1], { name: 'one' }));
    kinds.add(packet([1], { name: 'two' }));
    expect(kinds.changesSince(0).kinds).toMatchObject([
      { name: 1_000, count: 2, filter: 'name=other connections,dir=rx,bytes=01' },
    ]);
  });

  test('keep their last packet when its memory is used for another one', () => {
    const kinds = kindsWith(1);
    const record = packet([1, 2]);
    kinds.add(record);
    record.bytes.fill(0xff);
    expect(kinds.changesSince(0).kinds[0]?.hex).toBe('0102');
  });
});
