/** Of every so many characters of a word, one may differ from what was meant: with more, it is another word. */
const CHARACTERS_PER_SLIP = 4;

/** In short words one slip is allowed, if at least that many characters are there to tell what was meant. */
const LEAST_CHARACTERS = 3;

/** The candidate that looks most like the word, if one does: for `(Did you mean …?)`. */
export function similar(word: string, candidates: readonly string[]): string | undefined {
  // A folder that all ports share tells nothing about which of them is meant.
  const characters = word.length - (word.lastIndexOf('/') + 1);
  let best: string | undefined;
  let least = Math.max(1, Math.floor(characters / CHARACTERS_PER_SLIP)) + 1;
  for (const candidate of candidates) {
    const edits = distance(word, candidate);
    if (edits < least && Math.max(word.length, candidate.length) >= LEAST_CHARACTERS) {
      best = candidate;
      least = edits;
    }
  }
  return best;
}

/** How many characters must be inserted, removed, replaced or swapped with their neighbour to make one of the other. */
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
