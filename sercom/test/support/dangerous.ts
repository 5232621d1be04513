import fc from 'fast-check';

/** Characters that must never reach a terminal unescaped, listed explicitly, in contrast to the code under test. */
export const DANGEROUS = /[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/u;

/** Text in which dangerous characters are frequent. */
export const texts = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
      fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCodePoint(code)),
      fc.constantFrom('\u202e', '\u2066', '\u061c', '\u2028', '\u{e0041}', '\\', '"', 'x', 'u{', '%', ' ', 'ä', '💡'),
    ),
  )
  .map((characters) => characters.join(''));

/** Text that UTF-8 can hold. */
export const wellFormedTexts = texts.map((text) => Buffer.from(text).toString());

/** Packets in which dangerous characters are frequent. */
export const packets = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  texts.map((text) => new Uint8Array(Buffer.from(text))),
);
