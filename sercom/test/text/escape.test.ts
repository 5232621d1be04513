import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeJson, escapePacket, escapeText, quotePacket } from '../../src/text/escape.js';
import { DANGEROUS, texts } from '../support/dangerous.js';

/** Bytes in which valid, cut and overlong UTF-8 are frequent. */
const byteArrays = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  texts.map((text) => new Uint8Array(Buffer.from(text))),
  fc.tuple(texts, fc.nat(20)).map(([text, cut]) => new Uint8Array(Buffer.from(text).subarray(cut))),
  fc
    .array(fc.constantFrom(0xc0, 0xc2, 0x80, 0x9b, 0xe2, 0xae, 0xed, 0xa0, 0xf0, 0xf4, 0xff, 0x41))
    .map((bytes) => Uint8Array.from(bytes)),
);

/** The inverse of `quotePacket`, by the rules in the documentation. */
function unquote(quoted: string): Buffer {
  expect(quoted).toMatch(/^".*"$/su);
  const parts = quoted.slice(1, -1).match(/\\x[0-9a-f]{2}|\\u\{[0-9a-f]+\}|\\.|[^\\"]/gsu) ?? [];
  expect(parts.join('')).toBe(quoted.slice(1, -1));
  return Buffer.concat(
    parts.map((part) => {
      if (part.startsWith('\\x')) return Buffer.of(Number.parseInt(part.slice(2), 16));
      if (part.startsWith('\\u')) return Buffer.from(String.fromCodePoint(Number.parseInt(part.slice(3), 16)));
      const short: Record<string, string> = { '\\n': '\n', '\\r': '\r', '\\t': '\t', '\\"': '"', '\\\\': '\\' };
      return Buffer.from(short[part] ?? part);
    }),
  );
}

describe('escapeText', () => {
  test.each([
    ['plain text', 'plain text'],
    ['Grüße, 测量 💡', 'Grüße, 测量 💡'],
    ['C:\\dev "x"', 'C:\\dev "x"'],
    ['\x1b[31mred\x1b[0m', '\\x1b[31mred\\x1b[0m'],
    ['a\r\n\tb\0', 'a\\r\\n\\tb\\x00'],
    ['\x7f\x9b2J', '\\x7f\\u{9b}2J'],
    ['abc\u202etxt.exe', 'abc\\u{202e}txt.exe'],
    ['\u2066x\u2069', '\\u{2066}x\\u{2069}'],
    ['\u2028\ud800\u{e0041}', '\\u{2028}\\u{d800}\\u{e0041}'],
  ])('%j', (text, escaped) => {
    expect(escapeText(text)).toBe(escaped);
  });

  test('lets nothing dangerous pass', () => {
    fc.assert(fc.property(texts, (text) => void expect(escapeText(text)).not.toMatch(DANGEROUS)));
  });
});

describe('quotePacket', () => {
  test.each([
    ['', '""'],
    ['68656c6c6f', '"hello"'],
    ['2261225c', '"\\"a\\"\\\\"'],
    ['1b5b324a', '"\\x1b[2J"'],
    ['68c3a46c', '"häl"'],
    ['c285', '"\\u{85}"'],
    ['85', '"\\x85"'],
    ['e280ae', '"\\u{202e}"'],
    ['e280', '"\\xe2\\x80"'],
    ['41ff42e2e280ae', '"A\\xffB\\xe2\\u{202e}"'],
    ['c080', '"\\xc0\\x80"'],
    ['eda080', '"\\xed\\xa0\\x80"'],
    ['f09f92a1f09f', '"💡\\xf0\\x9f"'],
  ])('%s', (hex, quoted) => {
    expect(quotePacket(Buffer.from(hex, 'hex'))).toBe(quoted);
  });

  test('lets nothing dangerous pass', () => {
    fc.assert(fc.property(byteArrays, (bytes) => void expect(quotePacket(bytes)).not.toMatch(DANGEROUS)));
  });

  test('looks different for different bytes', () => {
    fc.assert(fc.property(byteArrays, (bytes) => void expect([...unquote(quotePacket(bytes))]).toEqual([...bytes])));
  });
});

describe('escapePacket', () => {
  test.each([
    ['7b2261223a315c7d', '{"a":1\\}'],
    ['1b5b324a', '\\x1b[2J'],
    ['41ff42e2e280ae', 'A\\xffB\\xe2\\u{202e}'],
  ])('%s', (hex, escaped) => {
    expect(escapePacket(Buffer.from(hex, 'hex'))).toBe(escaped);
  });

  test('lets nothing dangerous pass', () => {
    fc.assert(fc.property(byteArrays, (bytes) => void expect(escapePacket(bytes)).not.toMatch(DANGEROUS)));
  });
});

describe('escapeJson', () => {
  test('escapes what JSON would leave', () => {
    expect(escapeJson({ a: '\x7f\u202e\u{e0041}\n' })).toBe('{"a":"\\u007f\\u202e\\udb40\\udc41\\n"}');
  });

  test('is still the same JSON, and lets nothing dangerous pass', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const json = escapeJson({ [text]: [text] });
        expect(json).not.toMatch(DANGEROUS);
        expect(JSON.parse(json)).toEqual({ [text]: [text] });
        expect(escapeJson([text], 2).replaceAll('\n', '')).not.toMatch(DANGEROUS);
      }),
    );
  });
});
