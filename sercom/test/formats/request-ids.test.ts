import { describe, expect, test } from 'vitest';
import { loadRecordDecoder } from '../../src/decoders/record-decoder.js';
import type { FormatOptions } from '../../src/formats/format-options.js';
import { makeFormat } from '../../src/formats/index.js';
import type { PacketRecord } from '../../src/records/record.js';
import { type RequestIdBytes, separateId } from '../../src/records/request-ids.js';
import { VirtualTerminal } from '../support/virtual-terminal.js';

function packet(dir: PacketRecord['dir'], hex: string, idBytes: RequestIdBytes = 1): PacketRecord {
  const bytes = Buffer.from(hex, 'hex');
  return separateId({ timeUs: 0, name: 'arm', dir, length: bytes.length, bytes }, idBytes);
}

const TRAFFIC = [
  packet('tx', '006869'),
  packet('tx', '056869'),
  packet('rx', '0522'),
  packet('rx', '800602'),
  packet('rx', '8131'),
  packet('rx', ''),
  { ...packet('rx', ''), error: 'malformed', length: 3, bytes: Buffer.from('050102', 'hex') } as const,
];

function linesOf(options: FormatOptions, records: readonly PacketRecord[] = TRAFFIC): string[] {
  return records.map(makeFormat({ timestamp: 'start', requestIdBytes: 1, ...options }));
}

const json = await loadRecordDecoder(['json']);

describe('a packet with an id', () => {
  test('has its kind and id in a column of the line, which is blank for what has no id', () => {
    expect(linesOf({})).toEqual([
      '   +0.000000  arm  tx  plain     0      2  68 69                    "hi"',
      '   +0.000000  arm  tx  request   5      2  68 69                    "hi"',
      '   +0.000000  arm  rx  reply     5      1  22                       "\\""',
      '   +0.000000  arm  rx  error     6      2  06 02                    error 2: there is no handler',
      '   +0.000000  arm  rx  request 129      1  31                       "1"',
      '   +0.000000  arm  rx                   0                           rejected: too-short',
      '   +0.000000  arm  rx                   3  05 01 02                 rejected: malformed',
    ]);
  });

  test('of two bytes has room for five digits', () => {
    expect(linesOf({ requestIdBytes: 2, columns: ['id', 'hex'] }, [packet('rx', 'ffff22', 2)])).toEqual([
      'request 65535  22',
    ]);
  });

  test.each([
    [['id'], 'reply     5'],
    [['id', 'text'], 'reply     5  "\\""'],
    [['hex'], '22'],
  ] as const)('shows its id in the columns %j', (columns, line) => {
    expect(linesOf({ columns }, [TRAFFIC[2]!])).toEqual([line]);
  });

  test('is dumped without its id, which is in the line above', () => {
    expect(linesOf({ dump: true, columns: ['id'] }, [TRAFFIC[1]!])).toEqual([
      `request   5\n00000000  ${'68 69'.padEnd(48)}  |hi|\n00000002`,
    ]);
  });

  test('has id and kind in JSON, and an error reply its code', () => {
    const fields = linesOf({ json: true }).map((line) => {
      const { ts, name, dir, ...rest } = JSON.parse(line);
      return rest;
    });
    expect(fields).toEqual([
      { id: 0, kind: 'plain', length: 2, hex: '6869' },
      { id: 5, kind: 'request', length: 2, hex: '6869' },
      { id: 5, kind: 'reply', length: 1, hex: '22' },
      { id: 6, kind: 'error', code: 2, length: 2, hex: '0602' },
      { id: 129, kind: 'request', length: 1, hex: '31' },
      { length: 0, hex: '', error: 'too-short' },
      { length: 3, hex: '050102', error: 'malformed' },
    ]);
  });

  test('has fields of templates', () => {
    expect(linesOf({ template: '%k %3i %l %x|%e' })).toEqual([
      'plain   0 2 6869|',
      'request   5 2 6869|',
      'reply   5 1 22|',
      'error   6 2 0602|error 2: there is no handler',
      'request 129 1 31|',
      '     0 |too-short',
      '     3 050102|malformed',
    ]);
  });

  test('is decoded without its id; an error reply is not decoded', () => {
    expect(linesOf({ decoder: json, template: '%v%e' }, TRAFFIC.slice(3, 5))).toEqual([
      'error 2: there is no handler',
      '1',
    ]);
    expect(linesOf({ decoder: json }, TRAFFIC.slice(3, 4))[0]).not.toContain('decode');
  });

  test.each([20, 40, 80, 120])('fits a terminal of %d columns', async (columns) => {
    const terminal = new VirtualTerminal({ columns });
    const long = packet('rx', `05${'61ff'.repeat(40)}`);
    const options = { size: () => ({ columns, rows: 24 }), decoder: json };
    for (const dump of [false, true]) {
      await terminal.writeLines(linesOf({ ...options, dump }, [...TRAFFIC, long]));
    }
    expect(terminal.wrappedRows).toEqual([]);
  });
});

test('a packet without ids has no column, no fields and nothing in templates', () => {
  const bytes = Buffer.from('hi');
  const record: PacketRecord = { timeUs: 0, name: 'arm', dir: 'rx', length: 2, bytes };
  expect(makeFormat({ timestamp: 'start' })(record)).toBe(
    '   +0.000000  arm  rx      2  68 69                    "hi"',
  );
  expect(JSON.parse(makeFormat({ json: true })(record))).not.toHaveProperty('id');
  expect(makeFormat({ template: '[%i%k]' })(record)).toBe('[]');
});
