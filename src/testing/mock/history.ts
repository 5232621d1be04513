/** Keeps the latest items of a sequence, and a place in it up to which they have been taken one by one. */
export class History<Item> {
  readonly #limit: number;
  readonly #items: Item[] = [];
  #count = 0;
  #taken = 0;

  /** @param limit - how many items are kept: 1 or more */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The items that are kept, oldest first: a copy. */
  get items(): readonly Item[] {
    return this.#items.slice(-this.#limit);
  }

  /** How many there have been. */
  get count(): number {
    return this.#count;
  }

  add(item: Item): void {
    this.#count++;
    this.#items.push(item);
    // Twice the limit, so that the cost of moving the rest is paid once in a limit's worth of items.
    if (this.#items.length > 2 * this.#limit) {
      this.#items.splice(0, this.#items.length - this.#limit);
    }
  }

  /** The first item that has not been taken yet, or `undefined` if all have. */
  take(): Item | undefined {
    if (this.#taken === this.#count) {
      return undefined;
    }
    const behind = this.#count - this.#taken;
    if (behind > this.#limit) {
      throw new Error(
        `${behind} packets were not taken, but only the latest ${this.#limit} are kept; take them sooner or raise historyLength`,
      );
    }
    this.#taken++;
    return this.#items[this.#items.length - behind];
  }
}
