/** Keeps the latest items of a sequence, and a position up to which they were taken one by one. */
export class History<Item> {
  readonly #limit: number;
  readonly #items: Item[] = [];
  #count = 0;
  #taken = 0;

  /** @param limit - number of items to keep, at least 1 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A copy of the kept items, oldest first. */
  get items(): readonly Item[] {
    return this.#items.slice(-this.#limit);
  }

  /** Number of items added so far. */
  get count(): number {
    return this.#count;
  }

  add(item: Item): void {
    this.#count++;
    this.#items.push(item);
    // Moving the rest only at twice the limit spreads the cost over many items.
    if (this.#items.length > 2 * this.#limit) {
      this.#items.splice(0, this.#items.length - this.#limit);
    }
  }

  /** Replaces the latest item. */
  replaceLatest(change: (latest: Item) => Item): void {
    const latest = this.#items.pop();
    if (latest !== undefined) {
      this.#items.push(change(latest));
    }
  }

  /**
   * Takes the first item that was not taken yet. Returns undefined if there is none.
   *
   * @throws Error if that item is no longer kept
   */
  take(): Item | undefined {
    if (this.#taken === this.#count) {
      return undefined;
    }
    const untaken = this.#count - this.#taken;
    if (untaken > this.#limit) {
      throw new Error(
        `${untaken} packets are unread, but only the latest ${this.#limit} are kept; ` +
          'read them sooner, or raise historyLength',
      );
    }
    this.#taken++;
    return this.#items[this.#items.length - untaken];
  }
}
