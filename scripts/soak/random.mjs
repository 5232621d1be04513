/** Reproducible choices: the generator mulberry32 (public domain). */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed | 0;
  }

  /** A whole number from 0 up to but not including `limit`. */
  below(limit) {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * limit);
  }

  /** True once in so many times. */
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
