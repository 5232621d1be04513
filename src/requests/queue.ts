/** A longer array is made shorter when more than half of it has been taken. */
const KEPT_LENGTH = 64;

/** Items in the order in which they were added. All calls take constant time. */
export class Queue<Item> {
  #items: Item[] = [];
  #next = 0;

  get length(): number {
    return this.#items.length - this.#next;
  }

  /** The first item. */
  get first(): Item | undefined {
    return this.#items[this.#next];
  }

  add(item: Item): void {
    this.#items.push(item);
  }

  /** Removes and returns the first item. */
  shift(): Item | undefined {
    if (this.length === 0) {
      return undefined;
    }
    const item = this.#items[this.#next++];
    if (this.length === 0) {
      this.clear();
    } else if (this.#next > KEPT_LENGTH && 2 * this.#next > this.#items.length) {
      this.#items = this.#items.slice(this.#next);
      this.#next = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#next = 0;
  }
}
