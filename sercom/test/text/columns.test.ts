import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnsOf, cut, cutStart, wrap, wrapWords } from '../../src/text/columns.js';
import { escapeText } from '../../src/text/escape.js';
import { texts } from '../support/dangerous.js';
import { VirtualTerminal } from '../support/virtual-terminal.js';

const escaped = texts.map(escapeText);

describe('columnsOf', () => {
  test.each([
    ['', 0],
    ['plain', 5],
    ['测量', 4],
    ['e\u0301', 1],
    ['💡', 2],
    ['ｆ', 2],
    ['°µ…', 3],
  ])('%j has %d', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });

  test.each(['6', '11'] as const)(
    'is never less than a terminal with the widths of Unicode %s needs',
    async (unicode) => {
      const terminal = new VirtualTerminal({ columns: 80, unicode });
      const characters: string[] = [];
      for (let code = 0xa0; code < 0x2fa20; code++) {
        const character = String.fromCodePoint(code);
        // Marks that are newer than the tables of the terminal are not known to it.
        if (escapeText(character) === character && !/\p{M}|\p{Co}/u.test(character)) {
          characters.push(character);
        }
      }
      // After each character, ask for the column of the cursor.
      await terminal.write(characters.map((character) => `\r${character}\x1b[6n`).join(''));
      const needed = [...terminal.replies.matchAll(/;(\d+)R/g)].map(([, column]) => Number(column) - 1);
      expect(needed).toHaveLength(characters.length);
      expect(characters.filter((character, index) => needed[index]! > columnsOf(character))).toEqual([]);
    },
  );
});

describe('cut', () => {
  test.each([
    ['hello', 5, 'hello'],
    ['hello', 4, 'hel…'],
    ['hello', 1, '…'],
    ['测量', 3, '测…'],
    ['测量', 2, '…'],
    ['a\\x1bb', 4, 'a…'],
    ['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
  ])('%j to %d columns is %j', (text, columns, result) => {
    expect(cut(text, columns)).toBe(result);
  });

  test.each([
    ['hello', 5, 'hello'],
    ['hello', 4, '…llo'],
    ['测量', 3, '…量'],
    ['a\\x1b', 4, '…'],
  ])('the start of %j to %d columns is %j', (text, columns, result) => {
    expect(cutStart(text, columns)).toBe(result);
  });

  test('never has more columns', () => {
    fc.assert(
      fc.property(escaped, fc.integer({ min: 1, max: 30 }), (text, columns) => {
        expect(columnsOf(cut(text, columns))).toBeLessThanOrEqual(columns);
        expect(columnsOf(cutStart(text, columns))).toBeLessThanOrEqual(columns);
      }),
    );
  });
});

test('wrap loses nothing, and no row is too wide', () => {
  fc.assert(
    fc.property(escaped, fc.integer({ min: 2, max: 30 }), (text, columns) => {
      const rows = wrap(text, columns);
      expect(rows.join('')).toBe(text);
      expect(Math.max(...rows.map(columnsOf))).toBeLessThanOrEqual(columns);
    }),
  );
});

describe('wrapWords', () => {
  test.each([
    ['fits as it   is', 20, ['fits as it   is']],
    ['one two three four', 9, ['one two', 'three', 'four']],
    ['  one two three', 9, ['  one two', '    three']],
    ['  a b     what it does', 14, ['  a b', '    what it', '    does']],
    ['abcdefghijkl m', 5, ['abcde', 'fghij', 'kl m']],
    ['\u3000one two\u00a0', 8, ['\u3000one', 'two\u00a0']],
  ])('%j in %d columns', (line, columns, rows) => {
    expect(wrapWords(line, columns)).toEqual(rows);
  });

  test('loses no word, and no row is too wide', () => {
    fc.assert(
      fc.property(escaped, fc.integer({ min: 8, max: 40 }), (text, columns) => {
        const rows = wrapWords(text, columns);
        expect(rows.join('').replace(/ /g, '')).toBe(text.replace(/ /g, ''));
        expect(Math.max(...rows.map(columnsOf))).toBeLessThanOrEqual(columns);
      }),
    );
  });
});
