import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonValue } from '../../../src/decoders/json-value.js';
import { toJsonValue } from '../../../src/decoders/json-value.js';
import { escapeText } from '../../../src/text/escape.js';
import { escapedValue } from '../../../src/web/server/escaped-value.js';
import { DANGEROUS, texts } from '../../support/dangerous.js';

const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    texts,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(texts, tie('value'), { maxKeys: 5 }),
  ),
})).value;

/** All texts and keys in a value. */
function textsIn(value: JsonValue): string[] {
  if (typeof value === 'string') {
    return [value];
  }
  return typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, each]) => [key, ...textsIn(each)])
    : [];
}

test('has no dangerous characters, and nothing else changes', () => {
  fc.assert(
    fc.property(values, (each) => {
      const value = toJsonValue(each);
      const escaped = escapedValue(value);
      expect(textsIn(escaped).filter((text) => DANGEROUS.test(text))).toEqual([]);
      const unchanged = textsIn(value).every((text) => escapeText(text) === text && !/["\\]/.test(text));
      if (unchanged) {
        expect(escaped).toEqual(value);
      }
    }),
  );
});

test('has a key __proto__ like any other', () => {
  const value = JSON.parse('{"__proto__":{"a":1},"b":2}');
  const escaped = escapedValue(value);
  expect(JSON.stringify(escaped)).toBe('{"__proto__":{"a":1},"b":2}');
  expect(Object.getPrototypeOf(escaped)).toBe(Object.prototype);
});

test('has keys as in JSON, so that different keys are different', () => {
  const escaped = escapedValue({ 'a\nb': 1, 'a\\nb': 2, '"': 3, '\x1b\u202e': 4 });
  expect(escaped).toEqual({ 'a\\nb': 1, 'a\\\\nb': 2, '\\"': 3, '\\u001b\\u202e': 4 });
});

test('has a limited number of values, and says how many are left out', () => {
  const numbers = Array.from({ length: 100_000 }, (_, index) => index);
  const array = escapedValue(numbers) as JsonValue[];
  expect(array).toHaveLength(10_000);
  expect(array.at(-1)).toBe('… 90001 more');
  const object = escapedValue(Object.fromEntries(numbers.map((each) => [`key ${each}`, each])));
  expect(Object.keys(object as object)).toHaveLength(10_000);
  expect(object).toMatchObject({ '…': '… 90001 more' });
  const nested = escapedValue([numbers, numbers, numbers]) as JsonValue[];
  expect(nested).toHaveLength(2);
  expect(nested[1]).toBe('… 2 more');
});

test('has texts and keys of limited length', () => {
  expect(escapedValue('a'.repeat(10_001))).toBe(`${'a'.repeat(10_000)}… 1 more`);
  expect(escapedValue({ ['k'.repeat(10_002)]: 1 })).toEqual({ [`${'k'.repeat(10_000)}… 2 more`]: 1 });
});
