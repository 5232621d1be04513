/** Allow one typo per this many characters; with more, treat it as a different word. */
const CHARACTERS_PER_TYPO = 4;

/** Allow one typo in shorter words as well, if they have at least this many characters. */
const MIN_CHARACTERS = 3;

/** The candidate most similar to the word, if any is similar enough, for `(Did you mean …?)`. */
export function similar(word: string, candidates: readonly string[]): string | undefined {
  // A folder that all ports share does not help to tell them apart.
  const characters = word.length - (word.lastIndexOf('/') + 1);
  let best: string | undefined;
  let least = Math.max(1, Math.floor(characters / CHARACTERS_PER_TYPO)) + 1;
  for (const candidate of candidates) {
    const edits = distance(word, candidate);
    if (edits < least && Math.max(word.length, candidate.length) >= MIN_CHARACTERS) {
      best = candidate;
      least = edits;
    }
  }
  return best;
}

/** The number of characters to insert, remove, replace or swap with their neighbor to turn one word into the other. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = last[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        replaced,
        last[column]! + 1,
        current[column - 1]! + 1,
        isSwap ? beforeLast[column - 2]! + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}
