/** Characters that occupy two columns of a terminal, or none. Unprintable ones have been escaped before. */
const WIDE =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}|[\uff01-\uff60\u3000-\u303e]/u;
const COMBINING = /\p{Mn}|\p{Me}/u;

/** Matches what must stay together: an escaped character, or a plain one. */
const UNITS = /\\x[0-9a-f]{2}|\\u\{[0-9a-f]+\}|\\?./gsu;

const PLAIN_ASCII = /^[ -~]*$/;

/** The number of columns that a text without control characters occupies on a terminal. */
export function columnsOf(text: string): number {
  return PLAIN_ASCII.test(text) ? text.length : Array.from(text, width).reduce((sum, columns) => sum + columns, 0);
}

/** Cuts an escaped text into rows of at most this many columns. Escaped characters stay whole unless they are wider. */
export function wrap(text: string, columns: number): string[] {
  const rows: string[] = [];
  let row = '';
  let used = 0;
  for (const [unit] of text.matchAll(UNITS)) {
    const needed = columnsOf(unit);
    if (used + needed > columns && row !== '') {
      rows.push(row);
      row = '';
      used = 0;
    }
    row += unit;
    used += needed;
  }
  return [...rows, row];
}

function width(character: string): number {
  if (COMBINING.test(character)) {
    return 0;
  }
  return WIDE.test(character) ? 2 : 1;
}
