import { WaitingCalls } from '../../timing/waiting-calls.js';

/** The calls of `release` and `reopen` for one connection. The last call decides whether the port is open in the end. */
export class ReleaseCalls {
  readonly #onReopen: () => void;
  readonly #reopens = new WaitingCalls();
  /** The release in progress. */
  #releasing: Promise<void> | undefined;
  /** Whether the port is to be opened again after the release in progress. */
  #reopensNext = false;

  /** @param onReopen - called when it is time to open the port again */
  constructor(onReopen: () => void) {
    this.#onReopen = onReopen;
  }

  /**
   * Releases the port with `work`, which must not reject, or joins the release in progress.
   *
   * @param error - what the pending calls of {@link reopen} reject with
   */
  release(work: () => Promise<void>, error: Error): Promise<void> {
    this.#reopensNext = false;
    this.#reopens.rejectAll(error);
    this.#releasing ??= work().then(() => {
      this.#releasing = undefined;
      this.#startReopening(this.#reopensNext);
    });
    return this.#releasing;
  }

  /** Opens the port again, after the release in progress. Settles with {@link reopened} or {@link failReopening}. */
  reopen(signal: AbortSignal | undefined): Promise<void> {
    const reopened = this.#reopens.wait(signal);
    this.#reopensNext = true;
    this.#startReopening(this.#releasing === undefined);
    return reopened;
  }

  /** The port is open. */
  reopened(): void {
    this.#reopens.resolveAll();
  }

  failReopening(error: Error): void {
    this.#reopens.rejectAll(error);
  }

  #startReopening(isTime: boolean): void {
    if (isTime) {
      this.#reopensNext = false;
      this.#onReopen();
    }
  }
}
