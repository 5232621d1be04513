/** Does something at once when it is asked for, but not again before an interval has passed: then once for all requests. */
export class Pace {
  readonly #intervalMs: number;
  readonly #run: () => void;
  #ranAtMs = Number.NEGATIVE_INFINITY;
  #waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(intervalMs: number, run: () => void) {
    this.#intervalMs = intervalMs;
    this.#run = run;
  }

  request(): void {
    const waitMs = this.#ranAtMs + this.#intervalMs - performance.now();
    if (waitMs <= 0) {
      this.#runNow();
    } else {
      this.#waiting ??= setTimeout(() => this.#runNow(), waitMs);
    }
  }

  /** Forgets a request that waits. */
  cancel(): void {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
  }

  #runNow(): void {
    this.cancel();
    this.#ranAtMs = performance.now();
    this.#run();
  }
}
