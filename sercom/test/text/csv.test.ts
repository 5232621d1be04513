import { expect, test } from 'vitest';
import { csvCell } from '../../src/text/csv.js';

test.each([
  ['plain text', 'plain text'],
  ['', ''],
  ['a,b', '"a,b"'],
  ['a;b', '"a;b"'],
  ['say "hi"', '"say ""hi"""'],
  ['two\nlines', '"two\nlines"'],
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1,B1)', `"'@SUM(A1,B1)"`],
  ['\t=1', `"'\t'=1"`],
  ['\r=1', `"'\r'=1"`],
  ['a;=1;b;"-1"', `"a;'=1;b;'""-1"""`],
  ['"=1"', `"'""=1"""`],
  ['a;b\t+1\n@', `"a;b\t'+1\n'@"`],
  ['＝1', "'＝1"],
  ['a=1', 'a=1'],
])('writes %j as the cell %j', (text, cell) => {
  expect(csvCell(text)).toBe(cell);
});
