import { describe, expect, test } from 'vitest';
import { separateId } from '../../../src/records/request-ids.js';
import { parseWanted } from '../../../src/web/store/wanted.js';
import { packet } from './stored-rows.js';

const hello = packet(Buffer.from('say "hello, wörld", a=b'));

describe('what a search looks for', () => {
  test.each([
    ['hello', true],
    ['hello, wörld', true],
    ['Hello', false],
    ['a=b', true],
    ['0x68656c6c6f', true],
    ['0x68 65,0x6c', true],
    [' 0X68', true],
    ['0x68656c6c70', false],
    ['length=24', true],
    ['length>24', false],
    ['bytes=7361,dir=rx', true],
    ['text=hello, w', true],
    ['name=a*', true],
    ['name', false],
  ])('%s', (what, isFound) => {
    expect(parseWanted(what).matches(hello)).toBe(isFound);
  });

  test('may be an id, if packets have ids', () => {
    const reply = separateId(packet([0, 5, 1]), 2);
    expect(parseWanted('kind=reply,id=5', true).matches(reply)).toBe(true);
    expect(() => parseWanted('id=5')).toThrow('find "id=5": "id" requires --request-ids');
  });

  test('may be in a mark, if it is text', () => {
    const mark = { timeUs: 0, kind: 'marker', text: 'length=3: 0x01, as expected' } as const;
    expect(parseWanted('expected').matchesMark(mark)).toBe(true);
    for (const what of ['Expected', '0x01', 'length=3', 'text=expected']) {
      expect(parseWanted(what).matchesMark(mark)).toBe(false);
    }
  });

  test.each([
    ['', 'nothing to find; expected text, bytes such as "0x01 02 ff", or conditions such as "length=4"'],
    ['0x', 'find "0x": invalid hex "0x"; expected pairs of digits'],
    ['0x1', 'find "0x1": invalid hex "0x1"; expected pairs of digits'],
    ['length=x', 'find "length=x": invalid length "x"; expected name=NAME'],
    [`0x${'z'.repeat(100_000)}`, `find "0x${'z'.repeat(58)}…": invalid hex`],
  ])('is refused if it is invalid: %s', (what, message) => {
    expect(() => parseWanted(what)).toThrow(message);
  });
});
