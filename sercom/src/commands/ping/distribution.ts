/** Collects values and computes their percentiles. */
export class Distribution {
  readonly #values: number[] = [];
  #isSorted = true;

  get size(): number {
    return this.#values.length;
  }

  add(value: number): void {
    this.#values.push(value);
    this.#isSorted = false;
  }

  /** The percentile by nearest rank, for a share from 0 to 1; `undefined` if there are no values. */
  percentile(share: number): number | undefined {
    this.#sort();
    return this.#values[Math.max(0, Math.ceil(share * this.#values.length) - 1)];
  }

  /** Counts the values in each of at most `rows` ranges of equal width that cover all values, in ascending order. */
  histogram(rows: number): { from: number; to: number; count: number }[] {
    this.#sort();
    const least = this.#values[0];
    const greatest = this.#values.at(-1);
    if (least === undefined || greatest === undefined) {
      return [];
    }
    const width = roundUp((greatest - least) / rows || greatest / rows || 1);
    const first = Math.floor(least / width);
    const counts = Array.from({ length: Math.floor(greatest / width) - first + 1 }, () => 0);
    for (const value of this.#values) {
      counts[Math.floor(value / width) - first]!++;
    }
    return counts.map((count, row) => ({ from: (first + row) * width, to: (first + row + 1) * width, count }));
  }

  #sort(): void {
    if (!this.#isSorted) {
      this.#values.sort((a, b) => a - b);
      this.#isSorted = true;
    }
  }
}

/** The next number of the form 1, 2 or 5 times a power of ten, for readable borders. */
function roundUp(number: number): number {
  const power = 10 ** Math.floor(Math.log10(number));
  return (([1, 2, 5].find((step) => step * power >= number) ?? 10) as number) * power;
}
