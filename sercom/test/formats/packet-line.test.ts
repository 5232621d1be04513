import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadRecordDecoder } from '../../src/decoders/record-decoder.js';
import { makeFormat } from '../../src/formats/index.js';
import type { PacketRecord } from '../../src/records/record.js';
import { records } from '../support/records.js';
import { VirtualTerminal } from '../support/virtual-terminal.js';

const WIDTHS = [20, 40, 80, 120, 300];

const json = await loadRecordDecoder(['json']);
const text = await loadRecordDecoder(['text']);

/** What devices send as text: wide characters, combining marks, emoji. */
const TEXTS = [
  '测量温度',
  'e\u0301a\u0300 n\u0303',
  '💡🇩🇪👍🏽❤\ufe0f',
  'ｆｕｌｌ',
  '한국어 \u1100\u1161',
  'ไทยกี่',
  'plain text',
  '\x1b[2J',
];

function packet(bytes: Uint8Array | string, more: Partial<PacketRecord> = {}): PacketRecord {
  const buffer = Buffer.from(bytes as string);
  return { timeUs: 1_700_000_000_000_000, name: 'arm', dir: 'rx', length: buffer.length, bytes: buffer, ...more };
}

function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => 0x80 + (index % 0x80));
}

const sizeOf = (columns: number, rows = 24) => ({ size: () => ({ columns, rows }), timestamp: 'start' as const });

describe.each(WIDTHS)('on a terminal of %d columns', (columns) => {
  const samples = [
    ...TEXTS.map((each) => packet(each)),
    ...TEXTS.map((each) => packet(each.repeat(12), { name: each.replace('\x1b', '') })),
    ...[0, 1, 7, 8, 9, 33, 300].map((length) => packet(bytesOf(length))),
    packet('{"temperature": 21.5, "unit": "°C"}'),
    packet(bytesOf(64), {
      length: 400,
      error: 'too-long',
      name: '/dev/serial/by-id/usb-Arduino__www.arduino.cc__0043-if00',
    }),
  ];

  test.each([
    ['lines', {}],
    ['lines with a decoded packet', { decoder: json }],
    ['dumps', { dump: true, decoder: json }],
    ['some columns', { columns: ['hex', 'text'] as const }],
  ])('%s fit, whatever the device sends', async (_, options) => {
    const format = makeFormat({ ...sizeOf(columns), ...options });
    for (const unicode of ['6', '11'] as const) {
      const terminal = new VirtualTerminal({ columns, unicode });
      const lines = samples.map(format);
      await terminal.writeLines(lines);
      expect(terminal.wrappedRows).toEqual([]);
      expect(terminal.rows).toHaveLength(lines.join('\n').split('\n').length);
    }
  });

  test('a line loses nothing, and never breaks a byte or an escaped character', () => {
    fc.assert(
      fc.property(records, (any) => {
        const record = { ...any, name: 'arm' };
        const options = { timestamp: 'start', decoder: text, maxBytes: 100 } as const;
        const wrapped = makeFormat({ ...options, ...sizeOf(columns) })(record);
        const whole = makeFormat(options)(record);
        // Only the text of a packet that its hex shows as well may be missing.
        const required = whole.replace(/"(?:\\.|[^"\\])*"/s, (quoted) => (/\\[xu]/.test(quoted) ? '  ' : quoted));
        const parts = (record.error === undefined ? required : whole).split(/ {2,}/);
        const shown = wrapped.replace(/\s/g, '');
        for (const part of parts) {
          expect(shown).toContain(part.replace(/\s/g, ''));
        }
        // A backslash of the packet itself is not escaped in what is decoded.
        for (const row of record.bytes.includes(0x5c) ? [] : wrapped.split('\n')) {
          expect(row).not.toMatch(/\\x.?$|\\u\{[0-9a-f]*$/);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('a packet takes about as many rows as the terminal has, and says how much is not shown', () => {
    for (const rows of [24, 50]) {
      for (const options of [{}, { dump: true }, { decoder: text }]) {
        const line = makeFormat({ ...sizeOf(columns, rows), ...options })(packet(bytesOf(60_000)));
        expect(line.split('\n').length).toBeLessThan(2 * rows + 12);
        const shown = line.match(/\b[89a-f][0-9a-f](?![0-9a-f])/g)!.length;
        expect(shown).toBeGreaterThanOrEqual(16);
        expect(line).toMatch(/… \d{5} more/);
      }
    }
  });
});

describe('a line for people', () => {
  test('is wrapped below its columns: hex in whole groups of eight bytes, then the text', () => {
    const format = makeFormat({ ...sizeOf(79), names: ['arm'] });
    expect(format(packet('The quick brown fox jumps over the lazy dog.')).split('\n')).toEqual([
      '   +0.000000  arm  rx     44  54 68 65 20 71 75 69 63 6b 20 62 72 6f 77 6e 20',
      '                              66 6f 78 20 6a 75 6d 70 73 20 6f 76 65 72 20 74',
      '                              68 65 20 6c 61 7a 79 20 64 6f 67 2e',
      '                              "The quick brown fox jumps over the lazy dog."',
    ]);
  });

  test('on a narrow terminal is wrapped below its first columns', () => {
    expect(makeFormat(sizeOf(40))(packet('The quick brown fox')).split('\n')).toEqual([
      '   +0.000000  arm  rx     19',
      '  54 68 65 20 71 75 69 63',
      '  6b 20 62 72 6f 77 6e 20',
      '  66 6f 78  "The quick brown fox"'.slice(0, 10),
      '  "The quick brown fox"',
    ]);
  });

  test('is one row where it fits: a binary packet of 9 bytes at 120 columns, decoded too', async () => {
    const decoder = await loadRecordDecoder(['struct:<BHHHH:on,a,b,c,d']);
    const format = makeFormat({ ...sizeOf(120), decoder, names: ['/dev/ttyACM0'] });
    const line = format(packet(bytesOf(9), { name: '/dev/ttyACM0' }));
    expect(line).toBe(
      '   +0.000000  /dev/ttyACM0  rx      9  80 81 82 83 84 85 86 87 88  = {"on":128,"a":33409,"b":33923,"c":34437,"d":34951}',
    );
  });

  test('is not wrapped in a pipe, and there shows the whole packet', () => {
    const line = makeFormat({ size: () => undefined })(packet('x'.repeat(700)));
    expect(line).not.toContain('\n');
    expect(line).toContain(`"${'x'.repeat(700)}"`);
  });

  test.each([
    ['with --max-bytes', {}, '   +0.000000  arm  rx    700  78 78 … 698 more         "xx"'],
    ['with --columns', { columns: ['dir', 'text'] as const }, 'rx  "xx"  … 698 more'],
  ])('says how many bytes are not shown %s', (_, options, line) => {
    expect(makeFormat({ timestamp: 'start', maxBytes: 2, ...options })(packet('x'.repeat(700)))).toBe(line);
  });

  test('a dump says it, too', () => {
    expect(makeFormat({ timestamp: 'start', maxBytes: 2, dump: true })(packet('x'.repeat(700)))).toBe(
      ['   +0.000000  arm  rx    700', `00000000  ${'78 78'.padEnd(48)}  |xx|`, '… 698 more', '000002bc'].join('\n'),
    );
  });

  test.each([
    [['hex'], '68 69'],
    [['text'], '"hi"'],
    [['name', 'length', 'decoded'], 'arm      2  = hi'],
    [['time'], '   +0.000000'],
  ] as const)('shows only the columns %j', (columns, line) => {
    expect(makeFormat({ timestamp: 'start', columns, decoder: text })(packet('hi'))).toBe(line);
  });

  test('shows why a frame was rejected, whatever columns are shown', () => {
    const rejected = packet('\x01', { error: 'malformed' });
    expect(makeFormat({ columns: ['name'] })(rejected)).toBe('arm  rejected: malformed');
  });

  test('aligns names that it was not given from the second one on, up to a limit', () => {
    const format = makeFormat({ columns: ['name', 'dir'] });
    const lines = ['gripper', 'arm', 'x'.repeat(50), '温度', 'arm'].map((name) => format(packet('', { name })));
    expect(lines).toEqual([
      'gripper  rx',
      'arm      rx',
      `${'x'.repeat(50)}  rx`,
      `温度${' '.repeat(28)}  rx`,
      `arm${' '.repeat(29)}  rx`,
    ]);
  });
});
