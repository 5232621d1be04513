import { isUtf8 } from 'node:buffer';

/**
 * Whatever is no visible character and no plain space: controls (C0, C1, DEL), format characters (those that change
 * the direction of writing among them), line and paragraph separators, lone surrogates, unassigned code points.
 */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

const PLAIN_ASCII = /^[ !#-[\]-~]*$/;

const SHORT: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/**
 * Makes text safe to print on a terminal: what is unprintable becomes `\n`, `\r`, `\t`, `\xNN` (below 80 hex) or
 * `\u{N}`. Everything else stays as it is, backslashes too.
 */
export function escapeText(text: string): string {
  return text.replace(UNPRINTABLE, escapeCharacter);
}

/**
 * The bytes as UTF-8 text in double quotes, safe to print on a terminal. As {@link escapeText}, and quotes and
 * backslashes are escaped too, and a byte that is not part of valid UTF-8 becomes `\xNN`: nothing else looks the same.
 */
export function quotePacket(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return `"${escapeBytes(buffer, escapeQuoted)}"`;
}

/**
 * The bytes as UTF-8 text, safe to print on a terminal. As {@link escapeText}, and a byte that is not part of valid
 * UTF-8 becomes `\xNN`. Quotes and backslashes stay, so that different bytes may look the same.
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

/** One line of JSON in which everything unprintable is escaped, beyond what JSON asks for. */
export function escapeJson(value: unknown, indent?: number): string {
  // Outside of strings JSON holds nothing unprintable but the line ends of its own indentation.
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

/** How many bytes a UTF-8 sequence has that begins with this byte; 0 if none does. */
function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc0) return 0;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}
