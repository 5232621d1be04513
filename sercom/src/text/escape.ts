import { isUtf8 } from 'node:buffer';

/**
 * Everything except visible characters and the plain space: controls (C0, C1, DEL), format characters (including those
 * that change the writing direction), line and paragraph separators, lone surrogates, unassigned code points.
 */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

const PLAIN_ASCII = /^[ !#-[\]-~]*$/;

const SHORT: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

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
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return `"${escapeBytes(buffer, escapeQuoted)}"`;
}

/**
 * The bytes as UTF-8 text, safe to print on a terminal. Escapes like {@link escapeText}, and also bytes that are not valid
 * UTF-8 (as `\xNN`). Quotes and backslashes are unchanged, so different bytes may look the same.
 */
export function escapePacket(bytes: Uint8Array): string {
  return escapeBytes(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), escapeText);
}

function escapeBytes(buffer: Buffer, escaping: (text: string) => string): string {
  if (isUtf8(buffer)) {
    const text = buffer.toString('utf8');
    return PLAIN_ASCII.test(text) ? text : escaping(text);
  }
  let escaped = '';
  let validFrom = 0;
  let position = 0;
  while (position < buffer.length) {
    const bytes = sequenceLength(buffer[position]!);
    if (bytes > 0 && isUtf8(buffer.subarray(position, position + bytes))) {
      position += bytes;
    } else {
      escaped += escaping(buffer.toString('utf8', validFrom, position)) + escapeByte(buffer[position]!);
      position++;
      validFrom = position;
    }
  }
  return escaped + escaping(buffer.toString('utf8', validFrom));
}

/** JSON in which all unprintable characters are escaped, more than JSON requires. */
export function escapeJson(value: unknown, indent?: number): string {
  // Outside strings, the only unprintable characters of JSON are the line ends of its indentation.
  return JSON.stringify(value, null, indent).replace(UNPRINTABLE, (character) =>
    character === '\n' ? character : escapeUtf16(character),
  );
}

function escapeQuoted(text: string): string {
  return escapeText(text.replace(/["\\]/g, '\\$&'));
}

function escapeCharacter(character: string): string {
  const codePoint = character.codePointAt(0)!;
  return SHORT[character] ?? (codePoint < 0x80 ? escapeByte(codePoint) : `\\u{${codePoint.toString(16)}}`);
}

function escapeByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
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
