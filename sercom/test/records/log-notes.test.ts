import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type LogNote, parseLogNote, portEventLine, remarkLine } from '../../src/records/log-notes.js';
import { readLog } from '../../src/records/log-reader.js';
import type { PacketRecord } from '../../src/records/record.js';
import { escapeText } from '../../src/text/escape.js';
import { DANGEROUS, texts } from '../support/dangerous.js';
import { inChunks } from '../support/records.js';

const TIME_US = 1_700_000_000_000_042;

test.each<[string, LogNote]>([
  [
    '# (1700000000.000042) l%20eg disconnected: no such port: it is gone',
    { kind: 'port', timeUs: TIME_US, name: 'l eg', isConnected: false, text: 'no such port: it is gone' },
  ],
  [
    '# (1700000000.000042) arm connected (/dev/tty ACM0)',
    { kind: 'port', timeUs: TIME_US, name: 'arm', isConnected: true, text: 'connected (/dev/tty ACM0)' },
  ],
  ['# marker 1  2023-11-14T22:13:20.000042Z', { kind: 'remark', timeUs: TIME_US, text: 'marker 1' }],
  [
    '# "arm" rx: session started: 5  2023-11-14T22:13:20.000042Z',
    { kind: 'session', timeUs: TIME_US, text: '"arm" rx: session started: 5' },
  ],
])('%s says what happened', (line, note) => {
  expect(parseLogNote(line)).toEqual(note);
});

test.each([
  '#',
  '# Measurements of a device.',
  '# cut off: (1700000000.000042) arm rx#01',
  '# at 2023-11-14T22:13:20.000042Z',
  '# impossible  2023-13-14T22:13:20.000042Z',
  '# before 1970  1969-12-31T23:59:59.999999Z',
  '# (1700000000.000042) arm disconnected',
  '# (9999999999.999999) arm disconnected: too late',
  '# (1700000000.000042) a%zz disconnected: no such name',
  '# (1700000000.000042) a b disconnected: two names',
])('%s says nothing of when, or is no comment of sercom', (line) => {
  expect(parseLogNote(line)).toBeUndefined();
});

test('what is written about a port is one line, and read as it was', () => {
  const event = fc.record({
    timeUs: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    name: texts.filter((name) => name !== ''),
    isConnected: fc.boolean(),
    text: texts,
  });
  fc.assert(
    fc.property(event, ({ text: what, ...event }) => {
      const all = { ...event, text: event.isConnected ? `connected (${what})` : what };
      const line = portEventLine(all);
      expect(line).not.toMatch(DANGEROUS);
      // A lone surrogate is no text.
      const name = Buffer.from(event.name).toString();
      expect(parseLogNote(line)).toEqual({ kind: 'port', ...all, name, text: escapeText(all.text) });
    }),
  );
});

test('no remark is taken for what happened to a port', () => {
  const time = '2023-11-14T22:13:20.000042Z';
  const event = { timeUs: 1_000_000, name: 'a rm', text: 'x' };
  for (const isConnected of [true, false]) {
    const line = portEventLine({ ...event, isConnected, text: isConnected ? 'connected (x)' : 'x' });
    const text = line.slice('# '.length);
    const remark = remarkLine(`${text}  ${time}`);
    expect(parseLogNote(remark)).toEqual({ kind: 'remark', timeUs: TIME_US, text: `remark: ${text}` });
  }
  expect(remarkLine(`(1.5) volts  ${time}`)).toBe(`# (1.5) volts  ${time}`);
  fc.assert(
    fc.property(texts, (text) => {
      expect(parseLogNote(remarkLine(`${escapeText(text)}  ${time}`))?.kind).not.toBe('port');
    }),
  );
});

test('a log gives its notes between the records, and the same records without them', async () => {
  const text = [
    '# A comment.',
    '(1700000000.000000) arm rx#01',
    '# (1700000000.000001) arm disconnected: gone',
    '# (1700000000.000002) arm connected (x)',
    '(1700000000.000003) arm rx#02',
    '# the end  2023-11-14T22:13:20.000004Z',
    '',
  ].join('\n');
  const seen: number[] = [];
  const records: PacketRecord[] = [];
  for await (const record of readLog(inChunks(Buffer.from(text), 10), ({ timeUs }) => seen.push(timeUs % 1_000))) {
    records.push(record);
    seen.push(record.timeUs % 1_000);
  }
  expect(seen).toEqual([0, 1, 2, 3, 4]);
  const plain: PacketRecord[] = [];
  for await (const record of readLog(inChunks(Buffer.from(text), 10))) {
    plain.push(record);
  }
  expect(plain).toEqual(records);
});
