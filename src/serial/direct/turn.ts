/**
 * Counts the work done since the event loop last ran, so that a port that always has more to read, or a caller that
 * always has more to write, cannot keep the loop from running.
 */
export class Turn {
  readonly #maxBytes: number;
  readonly #maxCalls: number;
  #bytes = 0;
  #calls = 0;

  constructor(maxBytes: number, maxCalls: number) {
    this.#maxBytes = maxBytes;
    this.#maxCalls = maxCalls;
  }

  /** The event loop has run. */
  begin(): void {
    this.#bytes = 0;
    this.#calls = 0;
  }

  /** Counts one call. Returns whether another may follow. If not, the caller waits for the event loop: a turn begins. */
  spend(bytes: number): boolean {
    this.#bytes += bytes;
    this.#calls++;
    if (this.#bytes < this.#maxBytes && this.#calls < this.#maxCalls) {
      return true;
    }
    this.begin();
    return false;
  }
}
