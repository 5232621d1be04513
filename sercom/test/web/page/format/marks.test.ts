import { expect, test } from 'vitest';
import type { MarkRow } from '../../../../src/web/protocol.js';
import { markText, named } from '../../../../web/format/marks.js';

function disconnected(text: string, name?: number): MarkRow {
  return { row: 1, timeUs: 0, mark: 'disconnected', text, ...(name !== undefined && { name }) };
}

test.each([
  ['connection "arm" (/dev/ttyACM0): disconnected (the port hung up)', 'disconnected (the port hung up)'],
  ['connection "arm": closed', 'closed'],
  ['released', 'released'],
  ['the connection "arm" (x): closed', 'the connection "arm" (x): closed'],
])('the name of a connection is not said twice: %s', (text, expected) => {
  expect(markText(disconnected(text, 0))).toBe(expected);
});

test('without a connection beside it, the text is whole', () => {
  const text = 'connection "arm" (/dev/ttyACM0): disconnected';
  expect(markText(disconnected(text))).toBe(text);
});

test('with several connections, a mark that stands alone says which of them it is about', () => {
  const context = (nameCount: number) => ({ nameCount, name: (index: number) => ['leg', 'arm'][index]! });
  const mark = disconnected('connection "arm" (/dev/ttyACM0): disconnected', 1);
  expect(named(mark, context(2)).text).toBe('arm disconnected');
  expect(named(mark, context(1)).text).toBe('disconnected');
});
