import { within } from '../../../timing/patient-timer.js';

/** Waits for what a server answers. */
export class Answers<What extends string> {
  readonly #waiting = new Map<What, (() => void)[]>();
  readonly #neverAnswered = new Set<What>();

  /** Whether an answer is waited for. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * Waits until everything is answered.
   *
   * @param limitMs - undefined: wait until {@link end}
   * @returns what was not answered in time
   */
  async wait(expected: readonly What[], limitMs: number | undefined): Promise<What[]> {
    const missing = new Set(expected.filter((what) => !this.#neverAnswered.has(what)));
    const answered = Promise.all([...missing].map((what) => this.#next(what).then(() => missing.delete(what))));
    await (limitMs === undefined ? answered : within(limitMs, answered));
    for (const what of missing) {
      this.#waiting.delete(what);
    }
    return [...missing];
  }

  /** Some servers never answer certain commands. These are not waited for again, unless they are answered after all. */
  giveUp(missing: readonly What[]): void {
    for (const what of missing) {
      this.#neverAnswered.add(what);
    }
  }

  /** Something was answered. */
  answered(what: What): void {
    this.#neverAnswered.delete(what);
    const waiting = this.#waiting.get(what);
    this.#waiting.delete(what);
    for (const resolve of waiting ?? []) {
      resolve();
    }
  }

  /** There will be no more answers. Ends all waiting, as if everything were answered. */
  end(): void {
    for (const what of this.#waiting.keys()) {
      this.answered(what);
    }
  }

  #next(what: What): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.set(what, [...(this.#waiting.get(what) ?? []), resolve]);
    });
  }
}
