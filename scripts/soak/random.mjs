/** Reproducible random choices (mulberry32, public domain). */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed | 0;
  }

  /** Returns an integer from 0 to `limit` - 1. */
  below(limit) {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * limit);
  }

  /** Returns true once in `times` calls on average. */
  oneIn(times) {
    return this.below(times) === 0;
  }

  pick(values) {
    return values[this.below(values.length)];
  }

  bytes(length) {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}
