/** As a queue, but any item can be removed, in constant time. The items are distinct. */
export class Fifo<Item> {
  readonly #items = new Set<Item>();
  /** Kept, since a new iterator would pass over everything that was removed before it. */
  #iterator = this.#items.values();
  /** Number of items deleted since the iterator is new. */
  #deleted = 0;

  add(item: Item): void {
    this.#items.add(item);
  }

  delete(item: Item): void {
    this.#items.delete(item);
    if (++this.#deleted > this.#items.size) {
      // An iterator that is not used keeps a trace of each item.
      this.#renewIterator();
    }
  }

  /** Removes and returns the first item. */
  shift(): Item | undefined {
    let next = this.#iterator.next();
    if (next.done) {
      this.#renewIterator();
      next = this.#iterator.next();
    }
    if (next.done) {
      return undefined;
    }
    this.#items.delete(next.value);
    return next.value;
  }

  #renewIterator(): void {
    this.#iterator = this.#items.values();
    this.#deleted = 0;
  }
}
