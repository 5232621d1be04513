/**
 * Where a cell begins that a spreadsheet would run as a formula. Where another character than a comma separates cells, as in
 * many countries, quotes around the whole do not hide that one, so another cell may begin behind it, and with quotes.
 */
const FORMULA = /(?<=^|[;\t\r\n])(?="*[=+\-@\t\r\n＝＋－＠])/g;

/** Characters that end a cell, in any of the usual forms of CSV, or a line. */
const SPECIAL = /[",;\t\r\n]/;

/**
 * A text as a cell of CSV (RFC 4180). A text that a spreadsheet would run as a formula gets an apostrophe in front, which makes
 * it text there.
 */
export function csvCell(text: string): string {
  const harmless = text.replace(FORMULA, "'");
  return SPECIAL.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
