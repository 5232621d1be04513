import { isUtf8 } from 'node:buffer';

/**
 * Everything except visible characters and the plain space: controls (C0, C1, DEL), format characters (including those
 * that change the writing direction), line and paragraph separators, lone surrogates, unassigned code points.
 */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

const PLAIN_ASCII = /^[ !#-[\]-~]*$/;

const SHORT: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** Every byte as `\xNN`. */
const ESCAPED_BYTES = Array.from({ length: 256 }, (_, byte) => `\\x${byte.toString(16).padStart(2, '0')}`);

/** How to escape text, and for speed the result for each ASCII character. */
interface Escaping {
  readonly apply: (text: string) => string;
  readonly ascii: readonly string[];
}

const PLAIN = escapingBy(escapeText);
const QUOTED = escapingBy((text) => escapeText(text.replace(/["\\]/g, '\\$&')));

/**
 * Makes text safe to print on a terminal: unprintable characters become `\n`, `\r`, `\t`, `\xNN` (below 80 hex) or
 * `\u{N}`. Everything else is unchanged, including backslashes.
 */
export function escapeText(text: string): string {
  return text.replace(UNPRINTABLE, escapeCharacter);
}

/**
 * The bytes as UTF-8 text in double quotes, safe to print on a terminal. Escapes like {@link escapeText}, and also quotes,
 * backslashes, and bytes that are not valid UTF-8 (as `\xNN`), so that different bytes always look different.
 */
export function quotePacket(bytes: Uint8Array): string {
  return `"${escapeBytes(bytes, QUOTED)}"`;
}

/**
 * The bytes as UTF-8 text, safe to print on a terminal. Escapes like {@link escapeText}, and also bytes that are not valid
 * UTF-8 (as `\xNN`). Quotes and backslashes are unchanged, so different bytes may look the same.
 */
export function escapePacket(bytes: Uint8Array): string {
  return escapeBytes(bytes, PLAIN);
}

function escapeBytes(bytes: Uint8Array, { apply, ascii }: Escaping): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) {
    const text = buffer.toString('utf8');
    return PLAIN_ASCII.test(text) ? text : apply(text);
  }
  let escaped = '';
  for (let position = 0; position < buffer.length; ) {
    const byte = buffer[position]!;
    const end = position + sequenceLength(byte);
    if (byte < 0x80) {
      escaped += ascii[byte];
    } else if (end > position && isUtf8(buffer.subarray(position, end))) {
      escaped += apply(buffer.toString('utf8', position, end));
      position = end;
      continue;
    } else {
      escaped += ESCAPED_BYTES[byte];
    }
    position++;
  }
  return escaped;
}

/** JSON in which all unprintable characters are escaped, more than JSON requires. */
export function escapeJson(value: unknown, indent?: number): string {
  // Outside strings, the only unprintable characters of JSON are the line ends of its indentation.
  return JSON.stringify(value, null, indent).replace(UNPRINTABLE, (character) =>
    character === '\n' ? character : escapeUtf16(character),
  );
}

function escapingBy(apply: Escaping['apply']): Escaping {
  return { apply, ascii: Array.from({ length: 0x80 }, (_, code) => apply(String.fromCharCode(code))) };
}

function escapeCharacter(character: string): string {
  const codePoint = character.codePointAt(0)!;
  return SHORT[character] ?? (codePoint < 0x80 ? ESCAPED_BYTES[codePoint]! : `\\u{${codePoint.toString(16)}}`);
}

function escapeUtf16(character: string): string {
  let escaped = '';
  for (let index = 0; index < character.length; index++) {
    escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}

/** The length in bytes of the UTF-8 sequence that begins with this byte; 0 if none does. */
function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc0) return 0;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}
