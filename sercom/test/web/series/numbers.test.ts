import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type JsonValue, toJsonValue } from '../../../src/decoders/json-value.js';
import { forEachNumber, MAX_NUMBERS, Place } from '../../../src/web/series/numbers.js';
import { checkProperty } from '../../support/check-property.js';
import { DANGEROUS, texts } from '../../support/dangerous.js';

/** The numbers of a packet by their path. */
function numbersOf(value: JsonValue): [path: string | undefined, value: number][] {
  const numbers: [string | undefined, number][] = [];
  forEachNumber(value, new Place(), (place, number) => numbers.push([place.path(1_000_000), number]));
  return numbers;
}

describe('numbers of a packet', () => {
  test.each<[string, JsonValue, [string, number][]]>([
    ['a packet that is a number', 7, [['', 7]]],
    [
      'members and elements',
      { imu: { accel: [1, 2, [3]] } },
      [
        ['imu.accel[0]', 1],
        ['imu.accel[1]', 2],
        ['imu.accel[2][0]', 3],
      ],
    ],
    [
      'a packet that is a list',
      [1, { a: 2 }],
      [
        ['[0]', 1],
        ['[1].a', 2],
      ],
    ],
    ['numbers beside other values', [null, true, false, 'text', '12', {}, [], -0.5], [['[7]', -0.5]]],
    ['a packet without any', { a: null, b: { c: 'x' } }, []],
    [
      'letters of all languages',
      { größe: { λ: 1 }, $_: 2 },
      [
        ['größe.λ', 1],
        ['$_', 2],
      ],
    ],
    [
      'keys that are no identifiers',
      { 'my key': 1, a: { '': 2, 'b"c': 3, '1': 4, 'd.e': 5, '[0]': 6 } },
      [
        ['["my key"]', 1],
        ['a["1"]', 4],
        ['a[""]', 2],
        ['a["b\\"c"]', 3],
        ['a["d.e"]', 5],
        ['a["[0]"]', 6],
      ],
    ],
    [
      'keys with controls',
      { 'a\nb': 1, '\u202e': { '\u0000': 2 } },
      [
        ['["a\\nb"]', 1],
        ['["\\u202e"]["\\u0000"]', 2],
      ],
    ],
    [
      'keys that every object has',
      { constructor: 1, toString: { length: 2 } },
      [
        ['constructor', 1],
        ['toString.length', 2],
      ],
    ],
    ['a key that sets the prototype elsewhere', JSON.parse('{"__proto__":{"x":1}}'), [['__proto__.x', 1]]],
  ])('%s', (_, value, expected) => {
    expect(numbersOf(value)).toEqual(expected);
  });

  test('are not what decoders make texts of: NaN, infinities, and integers that a double cannot hold', () => {
    const decoded = toJsonValue([Number.NaN, Number.POSITIVE_INFINITY, 2n ** 60n, 5n, 1e300]);
    expect(numbersOf(decoded)).toEqual([
      ['[3]', 5],
      ['[4]', 1e300],
    ]);
    expect(numbersOf([Number.NaN, Number.NEGATIVE_INFINITY, 1])).toEqual([['[2]', 1]]);
  });

  test(`are looked at up to ${MAX_NUMBERS}; the others are counted`, () => {
    const places: (string | undefined)[] = [];
    const visit = (place: Place) => places.push(place.path(100));
    const value = { a: Array(200).fill(1), b: [{ c: Array(100).fill(2) }, 'text', [3]], d: 4 };
    expect(forEachNumber(value, new Place(), visit)).toBe(302 - MAX_NUMBERS);
    expect(places).toHaveLength(MAX_NUMBERS);
    expect([places[199], places.at(-1)]).toEqual(['a[199]', 'b[0].c[55]']);
    expect(forEachNumber(Array(MAX_NUMBERS).fill(1), new Place(), visit)).toBe(0);
  });

  test('have paths that are safe to show, and one each', () => {
    const keys = fc.oneof(texts, fc.constantFrom('a', 'b', '__proto__', '0', '["a"]', 'a.b', '', '\u200d', 'x\u200c'));
    const { value: values } = fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.array(fc.tuple(keys, tie('value')), { maxLength: 4 }).map((entries) => toJsonValue(new Map(entries))),
      ),
    }));
    const property = fc.property(values, (value) => {
      const paths = numbersOf(value).map(([path]) => path!);
      expect(new Set(paths).size).toBe(paths.length);
      expect(paths.filter((path) => DANGEROUS.test(path))).toEqual([]);
    });
    checkProperty(property, 500);
  });
});

describe('a place', () => {
  test('is found again once it has a series, and only then', () => {
    const packet = new Place();
    const seriesOf = (value: JsonValue) => {
      const found: (number | undefined)[] = [];
      forEachNumber(value, packet, (place) => found.push(place.series));
      return found;
    };
    forEachNumber({ a: [1, { b: 2 }], c: 3 }, packet, (place, number) => {
      if (number !== 3) {
        place.assign(10 * number);
      }
    });
    expect(seriesOf({ c: 1, a: [1, { b: 2, d: 3 }] })).toEqual([undefined, 10, 20, undefined]);
    expect(seriesOf({ a: { 0: 1, 1: { b: 1 } } })).toEqual([undefined, undefined]);
    expect(seriesOf({ a: 5 })).toEqual([undefined]);
  });

  test('has a path of at most the length that is asked for', () => {
    const packet = new Place();
    const place = packet.inside('abc').inside(12).inside('de');
    expect(place.path(10)).toBe('abc[12].de');
    expect(place.path(9)).toBeUndefined();
    expect(packet.inside('x'.repeat(1_000_000)).inside('y').path(100)).toBeUndefined();
    expect(packet.inside('\u0000'.repeat(50)).path(100)).toBeUndefined();
    expect(place.depth).toBe(3);
  });
});
