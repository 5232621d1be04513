/** Matches what a word is made of, one part at a time: quoted text, an escaped character, or others. */
const PART = /'([^']*)'|"((?:\\["\\]|\\(?!["\\])|[^"\\])*)"|\\([\s"'\\])|([^\s"'\\]+|\\)|(["'])/gy;

/**
 * Splits a command into words as a shell does, but expands nothing. Quotes keep spaces in a word, and a backslash keeps a
 * space, a quote or a backslash.
 *
 * @returns undefined if a quote is not closed
 */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    const [space] = /^\s*/.exec(text.slice(at))!;
    at += space.length;
    let word: string | undefined;
    PART.lastIndex = at;
    for (let part = PART.exec(text); part !== null; part = PART.exec(text)) {
      const [, single, double, escaped, plain, openQuote] = part;
      if (openQuote !== undefined) {
        return undefined;
      }
      word = (word ?? '') + (single ?? double?.replace(/\\(["\\])/g, '$1') ?? escaped ?? plain!);
      at = PART.lastIndex;
    }
    if (word !== undefined) {
      words.push(word);
    }
  }
  return words;
}
