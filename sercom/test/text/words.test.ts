import { expect, test } from 'vitest';
import { splitWords } from '../../src/text/words.js';

test.each([
  ['make upload', ['make', 'upload']],
  ['  make \t upload\n', ['make', 'upload']],
  ['', []],
  [' ', []],
  [`sh -c 'a && b' "c d"`, ['sh', '-c', 'a && b', 'c d']],
  [`--name="my board"'s'`, ['--name=my boards']],
  [String.raw`a\ b \"c\" \'d \\e`, ['a b', '"c"', "'d", String.raw`\e`]],
  [String.raw`"a \"b\" \\ \c"`, [String.raw`a "b" \ \c`]],
  [String.raw`'a \ b'`, [String.raw`a \ b`]],
  [String.raw`C:\tools\avrdude.exe x\ `, [String.raw`C:\tools\avrdude.exe`, 'x ']],
  [`'' a ""`, ['', 'a', '']],
  ['$HOME *.hex `id` $(id) ; | > <', ['$HOME', '*.hex', '`id`', '$(id)', ';', '|', '>', '<']],
  ['end\\', ['end\\']],
])('splits %j', (text, words) => {
  expect(splitWords(text)).toEqual(words);
});

test.each([`'a`, `a "b`, `"a' b`, `a'b''`, String.raw`"a\"`])('finds the quote that is not closed in %j', (text) => {
  expect(splitWords(text)).toBeUndefined();
});
