import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadRecordDecoder } from '../../src/decoders/record-decoder.js';
import { makeFormat, type TIMESTAMPS } from '../../src/formats/index.js';
import type { PacketRecord } from '../../src/records/record.js';
import { DANGEROUS } from '../support/dangerous.js';
import { records } from '../support/records.js';

const timeUs = Date.UTC(2026, 0, 2, 3, 4, 5, 678) * 1_000 + 9;
const local = new Date(2026, 0, 2, 3, 4, 5, 678);
const packet: PacketRecord = { timeUs, name: 'arm', dir: 'rx', length: 5, bytes: Buffer.from('hi\x1b"\xff', 'latin1') };
const rejected: PacketRecord = { ...packet, length: 300, bytes: Uint8Array.of(5, 1), error: 'too-long' };

const json = await loadRecordDecoder(['json']);
const text = await loadRecordDecoder(['text']);

describe('a template', () => {
  test.each([
    ['', ''],
    ['plain', 'plain'],
    ['%t|%d|%l', 'arm|rx|5'],
    ['%x %X', '68691b22ff 68691B22FF'],
    ['%p', 'hi\\x1b"\\xff'],
    ['%I', '2026-01-02T03:04:05.678009Z'],
    ['%U', `${Date.UTC(2026, 0, 2, 3, 4, 5) / 1000}.678009`],
    ['%%t @@Y \\\\n', '%t @Y \\n'],
    ['a\\tb\\nc\\0\\e[0m\\a\\r\\v', 'a\tb\nc\0\x1b[0m\x07\r\v'],
    ['[%6t] [%-6t] [%04l] [%.2t] [%6.2t]', '[   arm] [arm   ] [0005] [ar] [    ar]'],
    ['%e%v', ''],
    ['%j', '{"ts":"2026-01-02T03:04:05.678009Z","name":"arm","dir":"rx","length":5,"hex":"68691b22ff"}'],
    ['ä💡%l', 'ä💡5'],
  ])('%j', (template, line) => {
    expect(makeFormat({ template })(packet)).toBe(line);
  });

  test('shows local dates', () => {
    const format = makeFormat({ template: '@Y-@m-@dT@H:@M:@S.@N@z @s' });
    expect(format({ ...packet, timeUs: local.getTime() * 1_000 + 9 })).toMatch(
      new RegExp(`^2026-01-02T03:04:05\\.678009000[+-]\\d{4} ${Math.floor(local.getTime() / 1000)}$`),
    );
  });

  test('shows the decoded packet, why it cannot be decoded, or why a frame was rejected', () => {
    const format = makeFormat({ template: '%v|%e', decoder: json });
    expect(format({ ...packet, bytes: Buffer.from('{"a": 1}') })).toBe('{"a":1}|');
    expect(format(packet)).toMatch(/^\|cannot decode as json: /);
    expect(format(rejected)).toBe('|too-long');
  });

  test('%J has the value of the decoder, or without one the packet decoded as JSON', () => {
    const record = { ...packet, bytes: Buffer.from('[1]'), length: 3 };
    expect(JSON.parse(makeFormat({ template: '%J' })(record))).toMatchObject({ hex: '5b315d', decoded: [1] });
    expect(JSON.parse(makeFormat({ template: '%J', decoder: text })(record))).toMatchObject({ decoded: '[1]' });
    expect(JSON.parse(makeFormat({ template: '%J' })(packet))).toMatchObject({
      error: expect.stringMatching(/^decode: cannot decode as json/),
    });
  });

  test('%T is the time in the format of --timestamp', () => {
    const format = makeFormat({ template: '%T', timestamp: 'delta' });
    expect([format(packet), format({ ...packet, timeUs: timeUs + 1_500_000 })].map((line) => line.trim())).toEqual([
      '+0.000000',
      '+1.500000',
    ]);
  });

  test.each(['%q', '%', '%5', '%-', '%.5', '@', '@Q', '\\', '\\q', '%99999999t', 'a%', '%constructor', '\\x'])(
    '%j is a usage error',
    (template) => {
      expect(() => makeFormat({ template })).toThrow(
        expect.objectContaining({
          exitCode: 2,
          message: expect.stringMatching(/invalid sequence .*; fields: %t name/s),
        }),
      );
    },
  );
});

describe('times', () => {
  const times = (timestamp: (typeof TIMESTAMPS)[number]) => {
    const format = makeFormat({ template: '%T', timestamp });
    return [0, 1, 2_000_001, 1_000_001].map((offset) => format({ ...packet, timeUs: timeUs + offset }).trim());
  };

  test.each([
    [
      'iso',
      [
        '2026-01-02T03:04:05.678009Z',
        '2026-01-02T03:04:05.678010Z',
        '2026-01-02T03:04:07.678010Z',
        '2026-01-02T03:04:06.678010Z',
      ],
    ],
    ['epoch', ['1767323045.678009', '1767323045.678010', '1767323047.678010', '1767323046.678010']],
    ['start', ['+0.000000', '+0.000001', '+2.000001', '+1.000001']],
    ['delta', ['+0.000000', '+0.000001', '+2.000000', '-1.000000']],
  ] as const)('%s', (timestamp, shown) => {
    expect(times(timestamp)).toEqual(shown);
  });

  test('absolute is the time of day', () => {
    expect(makeFormat({ template: '%T' })({ ...packet, timeUs: local.getTime() * 1_000 + 9 })).toBe('03:04:05.678009');
  });
});

describe('a dump', () => {
  const dump = (record: PacketRecord) => makeFormat({ dump: true, timestamp: 'start' })(record).split('\n');

  test('looks like that of hexdump -C, with every row', () => {
    const bytes = Buffer.concat([Buffer.alloc(32), Buffer.from('ABC\x7f\xe9', 'latin1')]);
    expect(dump({ ...packet, length: 37, bytes })).toEqual([
      '   +0.000000  arm  rx     37',
      '00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|',
      '00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|',
      '00000020  41 42 43 7f e9                                    |ABC..|',
      '00000025',
    ]);
  });

  test('of an empty packet has only its length', () => {
    expect(dump({ ...packet, length: 0, bytes: new Uint8Array(0) })).toEqual([
      '   +0.000000  arm  rx      0',
      '00000000',
    ]);
  });

  test('shows why a frame was rejected', () => {
    expect(dump(rejected)[0]).toBe('   +0.000000  arm  rx    300  rejected: too-long');
  });
});

describe('the line for people', () => {
  test('ends with the decoded packet, or why it cannot be decoded', () => {
    const format = makeFormat({ timestamp: 'start', decoder: json });
    expect(format({ ...packet, length: 3, bytes: Buffer.from('[1]') })).toBe(
      '   +0.000000  arm  rx      3  5b 31 5d                 "[1]"  = [1]',
    );
    expect(format(packet)).toMatch(/ "hi\\x1b\\"\\xff" {2}cannot decode as json: [^\n]+$/);
    expect(format(rejected)).toMatch(/ rejected: too-long$/);
  });

  test('escapes the decoded packet', () => {
    const format = makeFormat({ decoder: text });
    expect(format({ ...packet, bytes: Buffer.from('a\x1b[2J\u202e\n') })).toMatch(/ = a\\x1b\[2J\\u\{202e\}\\n$/);
  });
});

describe('no format prints dangerous characters', () => {
  test.each([
    ['line', {}],
    ['decoded line', { decoder: text }],
    ['dump', { dump: true, decoder: text }],
    ['wrapped line', { size: () => ({ columns: 80, rows: 24 }), decoder: text }],
    ['JSON', { json: true, decoder: text }],
    ['template', { template: '%t %p %v %e %x %X %10t %-10p %.3p %j %J %T %I %U %d %l', decoder: text }],
    ['template of JSON', { template: '%v %e %J', decoder: json }],
  ])('%s', (_, options) => {
    const format = makeFormat(options);
    fc.assert(
      fc.property(records, (record) => {
        expect(format(record).replaceAll('\n', '')).not.toMatch(DANGEROUS);
      }),
      { numRuns: 300 },
    );
  });

  test('a line has no line end of its own', () => {
    fc.assert(
      fc.property(records, (record) => {
        for (const options of [{}, { json: true }, { template: '%t %p %v %e' }]) {
          expect(makeFormat({ ...options, decoder: text })(record)).not.toContain('\n');
        }
      }),
    );
  });
});

test('JSON has either the decoded value or an error', () => {
  const format = makeFormat({ json: true, decoder: json });
  expect(JSON.parse(format({ ...packet, bytes: Buffer.from('null') }))).toMatchObject({ decoded: null });
  expect(Object.keys(JSON.parse(format({ ...packet, bytes: Buffer.from('null') })))).toEqual([
    'ts',
    'name',
    'dir',
    'length',
    'hex',
    'decoded',
  ]);
  expect(JSON.parse(format(packet))).toMatchObject({
    error: expect.stringMatching(/^decode: cannot decode as json: /),
  });
  expect(JSON.parse(format(rejected))).toMatchObject({ error: 'too-long' });
  expect(JSON.parse(format(packet))).not.toHaveProperty('decoded');
});
