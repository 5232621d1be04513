import { within } from '../timing/patient-timer.js';

/** How long the operating system may accept nothing before the broker counts as too slow. */
const PATIENCE_MS = 1_000;

/** Watches whether the operating system accepts what is written to the broker. */
export class DrainWatch {
  readonly #bufferedBytes: () => number;
  #drained: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;
  #drainsInTime: Promise<boolean> | undefined;

  /** @param bufferedBytes - number of bytes that the operating system has not accepted yet */
  constructor(bufferedBytes: () => number) {
    this.#bufferedBytes = bufferedBytes;
  }

  /** Resolves at the next {@link drained}. */
  untilDrained(): Promise<void> {
    this.#drained ??= new Promise((resolve) => {
      this.#onDrained = resolve;
    });
    return this.#drained;
  }

  /**
   * Resolves with true at the next {@link drained}, with false when the operating system has accepted nothing for a second. All that
   * wait at the same time share the promise.
   */
  drainsInTime(): Promise<boolean> {
    this.#drainsInTime ??= this.#watch();
    return this.#drainsInTime;
  }

  /** Everything is accepted, or the connection is lost. */
  drained(): void {
    this.#onDrained?.();
    this.#drained = undefined;
    this.#onDrained = undefined;
  }

  async #watch(): Promise<boolean> {
    const drained = this.untilDrained();
    for (;;) {
      const before = this.#bufferedBytes();
      const isDrained = await within(PATIENCE_MS, drained);
      if (isDrained || this.#bufferedBytes() >= before) {
        this.#drainsInTime = undefined;
        return isDrained;
      }
    }
  }
}
