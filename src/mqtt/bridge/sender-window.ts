/** Numbers up to this far below the highest one of a sender are told apart. Lower ones count as done. */
const WINDOW = 1_024;

/** Senders of one connection that are remembered. Beyond that, the one that was silent the longest is forgotten. */
const MAX_SENDERS = 1_024;

const WORDS = WINDOW / 32;

/** Which numbers of one sender were received, and which of them are known to have succeeded. */
class SenderWindow {
  #highest = 0;
  readonly #seen = new Uint32Array(WORDS);
  readonly #succeeded = new Uint32Array(WORDS);

  /** Returns whether the number is new, and remembers it. */
  take(number: number): boolean {
    if (number > this.#highest) {
      this.#advance(number);
    } else if (number <= this.#highest - WINDOW || this.#has(this.#seen, number)) {
      return false;
    }
    this.#set(this.#seen, number);
    return true;
  }

  succeed(number: number): void {
    if (number > this.#highest - WINDOW) {
      this.#set(this.#succeeded, number);
    }
  }

  hasSucceeded(number: number): boolean {
    return number > this.#highest - WINDOW && this.#has(this.#succeeded, number);
  }

  #advance(number: number): void {
    if (number - this.#highest >= WINDOW) {
      this.#seen.fill(0);
      this.#succeeded.fill(0);
    } else {
      for (let next = this.#highest + 1; next <= number; next++) {
        const word = (next % WINDOW) >> 5;
        const others = ~(1 << (next & 31));
        this.#seen[word]! &= others;
        this.#succeeded[word]! &= others;
      }
    }
    this.#highest = number;
  }

  #has(bits: Uint32Array, number: number): boolean {
    return ((bits[(number % WINDOW) >> 5]! >>> (number % 32)) & 1) === 1;
  }

  #set(bits: Uint32Array, number: number): void {
    bits[(number % WINDOW) >> 5]! |= 1 << (number % 32);
  }
}

/** The windows of all senders of one connection. */
export class SenderWindows {
  /** The sender that was silent the longest is the first. */
  readonly #windows = new Map<string, SenderWindow>();

  of(sender: string): SenderWindow {
    let window = this.#windows.get(sender);
    if (window === undefined) {
      window = new SenderWindow();
      if (this.#windows.size === MAX_SENDERS) {
        this.#windows.delete(this.#windows.keys().next().value as string);
      }
    } else {
      this.#windows.delete(sender);
    }
    this.#windows.set(sender, window);
    return window;
  }
}
