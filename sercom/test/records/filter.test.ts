import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { parseFilter, recordFilter } from '../../src/records/filter.js';
import type { PacketRecord } from '../../src/records/record.js';
import { separateId } from '../../src/records/request-ids.js';

const packet: PacketRecord = { timeUs: 0, name: 'arm', dir: 'rx', length: 5, bytes: Buffer.from('01f2ff2c41', 'hex') };
const rejected: PacketRecord = { ...packet, length: 300, bytes: Uint8Array.of(5, 1), error: 'too-long' };

describe('a condition', () => {
  test.each([
    ['name=arm', true],
    ['name=ar', false],
    ['name=a*', true],
    ['name=*r*', true],
    ['name=*x*', false],
    ['name=a.m', false],
    ['name=*', true],
    ['name=**arm**', true],
    ['name=arm*m', false],
    ['name=ar*rm', false],
    ['name=a*r*m', true],
    ['name=*m*r*', false],
    ['dir=rx', true],
    ['dir=tx', false],
    ['length=5', true],
    ['length=4', false],
    ['length!=5', false],
    ['length<6', true],
    ['length<5', false],
    ['length<=5', true],
    ['length>4', true],
    ['length>5', false],
    ['length>=5', true],
    ['length=3..5', true],
    ['length=5..5', true],
    ['length=4..4', false],
    ['length=6..9', false],
    ['bytes=01', true],
    ['bytes=01F2', true],
    ['bytes=02', false],
    ['bytes=01:f2:ff:2c:41', true],
    ['bytes=0x01f2', true],
    ['bytes=0x01 0xf2/0xff 0xff', true],
    ['bytes=0x02', false],
    ['bytes=01 f2 ff 2c 41 00', false],
    ['bytes=00f0/00f0', true],
    ['bytes=0f02/000f', true],
    ['bytes=0003/00ff', false],
    ['text=,A', true],
    ['text=B', false],
    ['dir=rx,length>4,bytes=01', true],
    ['dir=rx, length>5', false],
    ['dir=rx,text=,A', true],
    ['dir=tx,text=,A', false],
  ])('%s matches: %s', (spec, matches) => {
    expect(parseFilter(spec)(packet)).toBe(matches);
  });

  test('applies to the length and the first bytes of a rejected frame on the wire', () => {
    expect(parseFilter('length=300,bytes=0501')(rejected)).toBe(true);
    expect(parseFilter('bytes=050100')(rejected)).toBe(false);
  });

  test('finds text in UTF-8', () => {
    expect(parseFilter('text=hä')({ ...packet, bytes: Buffer.from('ohä!') })).toBe(true);
  });
});

test('many wildcards take linear time', () => {
  const matches = parseFilter(`name=${'*a'.repeat(50)}*b`);
  // A matcher that tries all combinations would never end, and block the test as well, unless it is interrupted.
  const matched = (name: string): unknown =>
    runInNewContext('matches(record)', { matches, record: { ...packet, name } }, { timeout: 5_000 });
  const start = process.cpuUsage();
  expect(matched('a'.repeat(100_000))).toBe(false);
  expect(matched(`${'a'.repeat(100_000)}b`)).toBe(true);
  const { user, system } = process.cpuUsage(start);
  expect((user + system) / 1_000).toBeLessThan(500);
});

test('combines filters and rejects: every filter must match, and no reject', () => {
  const matches = recordFilter(['dir=rx', 'length>4'], ['name=leg', 'bytes=02']);
  expect(matches(packet)).toBe(true);
  expect(matches({ ...packet, dir: 'tx' })).toBe(false);
  expect(matches({ ...packet, length: 4 })).toBe(false);
  expect(matches({ ...packet, name: 'leg' })).toBe(false);
  expect(matches({ ...packet, bytes: Uint8Array.of(2) })).toBe(false);
  expect(recordFilter()(packet)).toBe(true);
});

test.each([
  '',
  ',',
  'x',
  'name',
  'name=',
  'dir=up',
  'dir!=rx',
  'length',
  'length=',
  'length=x',
  'length=-1',
  'length=5..',
  'length=5..3',
  'length<3..5',
  'text=',
  'dir=rx,text=',
  'text!=a',
  'bytes=',
  'bytes=01/',
  'bytes=01/ff00',
  'bytes=01/ff/ff',
  'Name=arm',
  'dir=rx,',
  'dir=rx;length=5',
])('%j is a usage error', (spec) => {
  expect(() => parseFilter(spec)).toThrow(
    expect.objectContaining({
      exitCode: 2,
      message: expect.stringMatching(/^--filter .*; expected name=NAME, .*last$/),
    }),
  );
});

test.each(['bytes=0', 'bytes=zz', 'bytes=01/0', 'bytes=0x'])(
  '%j is a usage error that shows how to write hex',
  (spec) => {
    expect(() => parseFilter(spec)).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: expect.stringMatching(/^--filter .*: invalid hex "\w+"; expected pairs of digits, for example/),
      }),
    );
  },
);

test.each([
  ['dir!=rx', /"!=" works with length only; use --reject "dir=rx"/],
  ['length>2,name!=arm', /--reject "name=arm"/],
  ['text=', /the text is empty/],
  ['x', /length=N \(or != < <= > >=\) or length=N\.\.M/],
])('%j gets advice', (spec, message) => {
  expect(() => parseFilter(spec)).toThrow(message);
});

describe('a condition on ids', () => {
  const bytes = Buffer.from('0541', 'hex');
  const reply = separateId({ ...packet, length: 2, bytes }, 1);

  test.each([
    ['id=5', true],
    ['id=6', false],
    ['kind=reply', true],
    ['kind=request', false],
    ['id=5,kind=reply,length=1,bytes=41,text=A', true],
    ['bytes=05', false],
  ])('%s: %s', (spec, matches) => {
    expect(parseFilter(spec, undefined, true)(reply)).toBe(matches);
  });

  test('matches nothing that has no id', () => {
    for (const spec of ['id=0', 'kind=plain']) {
      expect(parseFilter(spec, undefined, true)(rejected)).toBe(false);
    }
  });

  test.each(['id=', 'id=x', 'id=-1', 'id>5', 'id!=5', 'kind=', 'kind=answer'])(
    'is a usage error if invalid: %s',
    (spec) => {
      expect(() => parseFilter(spec, undefined, true)).toThrow(
        /; expected .* id=N or kind=plain\/request\/reply\/error with --request-ids, /,
      );
    },
  );

  test('is a usage error without --request-ids', () => {
    expect(() => recordFilter(['id=5'])).toThrow('--filter "id=5": "id" requires --request-ids');
    expect(() => recordFilter([], ['kind=reply'])).toThrow('--reject "kind=reply": "kind" requires --request-ids');
  });
});
