import { eastAsianWidth } from 'get-east-asian-width';

/** Characters that occupy no column of their own. Invisible ones have been escaped before. */
const COMBINING = /^[\p{Mn}\p{Me}]$/u;

/** Asks for the colored form of the character before, which some terminals then show in two columns. */
const EMOJI_VARIATION = '\ufe0f';

/** Characters that some terminals show in two columns, although Unicode does not call them wide. */
const WIDE_ON_SOME = /^[\u3248-\u324f\u{1f93b}\u{1f946}]$/u;

/** Matches what must stay together: an escaped character, or a plain one. */
const UNITS = /\\x[0-9a-f]{2}|\\u\{[0-9a-f]+\}|\\?./gsu;

const PLAIN_ASCII = /^[ -~]*$/;

const ELLIPSIS = '…';

/**
 * The number of columns that a text without control characters occupies on a terminal. Where terminals differ, it is the
 * largest.
 */
export function columnsOf(text: string): number {
  return PLAIN_ASCII.test(text) ? text.length : Array.from(text, width).reduce((sum, columns) => sum + columns, 0);
}

/** The text with spaces after it, so that it occupies at least this many columns. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

/** Cuts an escaped text into rows of at most this many columns. Escaped characters stay whole unless they are wider. */
export function wrap(text: string, columns: number): string[] {
  return columnsOf(text) <= columns ? [text] : [...rowsOf(text, columns)];
}

/** The escaped text if it fits into this many columns; otherwise its beginning and `…`. */
export function cut(text: string, columns: number): string {
  if (columnsOf(text) <= columns) {
    return text;
  }
  return startOf(text, columns - 1) + ELLIPSIS;
}

/** As much of the beginning of an escaped text as fits into this many columns. Escaped characters stay whole. */
export function startOf(text: string, columns: number): string {
  let start = '';
  let room = columns;
  for (const [unit] of text.matchAll(UNITS)) {
    room -= columnsOf(unit);
    if (room < 0) {
      break;
    }
    start += unit;
  }
  return start;
}

/** The escaped text if it fits into this many columns; otherwise `…` and its end. */
export function cutStart(text: string, columns: number): string {
  const units = Array.from(text.matchAll(UNITS), ([unit]) => unit);
  let from = units.length;
  let used = 0;
  while (from > 0 && used + columnsOf(units[from - 1]!) <= columns) {
    used += columnsOf(units[--from]!);
  }
  if (from === 0) {
    return text;
  }
  while (from < units.length && used + 1 > columns) {
    used -= columnsOf(units[from++]!);
  }
  return ELLIPSIS + units.slice(from).join('');
}

/**
 * Cuts a line of words into rows of at most this many columns, between words where it can. The line keeps its indentation;
 * if it has one, further rows have two more columns of it. What follows three or more spaces, as in a table, begins a row of its own.
 */
export function wrapWords(line: string, columns: number): string[] {
  if (columnsOf(line) <= columns) {
    return [line];
  }
  const indent = Math.min(/^ */.exec(line)![0].length, Math.floor(columns / 4));
  const further = ' '.repeat(indent === 0 ? 0 : indent + 2);
  const rows: string[] = [];
  // Only plain spaces may go: others, such as U+3000, can be what a device sent.
  for (const part of line.replace(/^ +| +$/g, '').split(/ {3,}/)) {
    let row = rows.length === 0 ? ' '.repeat(indent) : further;
    let gap = '';
    for (const word of part.split(/ +/)) {
      if (gap !== '' && columnsOf(row) + 1 + columnsOf(word) > columns) {
        rows.push(row);
        row = further;
        gap = '';
      }
      const [first = '', ...others] = wrap(word, columns - columnsOf(row + gap));
      row += gap + first;
      for (const other of others) {
        rows.push(row);
        row = other;
      }
      gap = ' ';
    }
    rows.push(row);
  }
  return rows;
}

function* rowsOf(text: string, columns: number): Generator<string> {
  let row = '';
  let used = 0;
  for (const [unit] of text.matchAll(UNITS)) {
    for (const part of columnsOf(unit) > columns ? unit : [unit]) {
      const needed = columnsOf(part);
      if (used + needed > columns && row !== '') {
        yield row;
        row = '';
        used = 0;
      }
      row += part;
      used += needed;
    }
  }
  yield row;
}

function width(character: string): number {
  if (COMBINING.test(character)) {
    return character === EMOJI_VARIATION ? 1 : 0;
  }
  return WIDE_ON_SOME.test(character) ? 2 : eastAsianWidth(character.codePointAt(0)!);
}
