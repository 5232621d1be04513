/** Allow one typo per this many characters; with more, treat it as a different word. */
const CHARACTERS_PER_TYPO = 4;

/** One typo is allowed in a shorter word too, unless both words are shorter than this. */
const MIN_CHARACTERS = 3;

/** The candidate that is most similar to the word, if one is similar enough: for `(Did you mean …?)`. */
export function similar(word: string, candidates: readonly string[]): string | undefined {
  // Do not count the folder of a path: it is the same for all ports.
  const characters = word.length - (word.lastIndexOf('/') + 1);
  let best: string | undefined;
  let fewestEdits = Math.max(1, Math.floor(characters / CHARACTERS_PER_TYPO)) + 1;
  for (const candidate of candidates) {
    const edits = editDistance(word, candidate);
    if (edits < fewestEdits && Math.max(word.length, candidate.length) >= MIN_CHARACTERS) {
      best = candidate;
      fewestEdits = edits;
    }
  }
  return best;
}

/** How many characters must be inserted, removed, replaced or swapped with their neighbor to get from `a` to `b`. */
function editDistance(a: string, b: string): number {
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
