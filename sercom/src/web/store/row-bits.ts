const BITS = 32;

/** One bit for each of some rows. */
export class RowBits {
  /** What a number of them needs, with the objects. */
  static memoryBytes(rows: number): number {
    return 256 + rows / 8;
  }

  readonly #words: Uint32Array;

  constructor(rows: number) {
    this.#words = new Uint32Array(rows / BITS);
  }

  set(index: number): void {
    this.#words[index >>> 5]! |= 1 << (index & 31);
  }

  has(index: number): boolean {
    return (this.#words[index >>> 5]! & (1 << (index & 31))) !== 0;
  }

  /** How many bits before an index are set. */
  onesBefore(index: number): number {
    let sum = 0;
    const word = index >>> 5;
    for (let each = 0; each < word; each++) {
      sum += onesIn(this.#words[each]!);
    }
    const rest = index & 31;
    return rest === 0 ? sum : sum + onesIn(this.#words[word]! & ((1 << rest) - 1));
  }

  /** The index of the set bit that has this many set bits before it. There must be one. */
  indexOf(onesBefore: number): number {
    let left = onesBefore;
    let word = 0;
    for (let ones = onesIn(this.#words[0]!); left >= ones; ones = onesIn(this.#words[++word]!)) {
      left -= ones;
    }
    let bits = this.#words[word]!;
    for (; left > 0; left--) {
      // Clears the lowest bit.
      bits &= bits - 1;
    }
    return word * BITS + (BITS - 1 - Math.clz32(bits & -bits));
  }
}

/** How many bits of a number are set. */
function onesIn(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555);
  const nibbles = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
