/** By how much two clocks may drift apart, as a share. A good deal more than quartz crystals do. */
const MAX_DRIFT = 0.0005;

/**
 * What the clock of a bridge shows, judged by its results, each of which holds its time. A result takes time to arrive, so the
 * clock of the bridge is at least that far: an estimate is never ahead of it, and a deadline that follows from it never late.
 */
export class BridgeClock {
  #offsetMs = 0;
  #heardAtMs = 0;
  #isKnown = false;

  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Another bridge answers from now on: its clock is not known. */
  forget(): void {
    this.#isKnown = false;
  }

  /** @param clockMs - the time of the bridge when it published a result that has arrived now */
  heard(clockMs: number): void {
    const nowMs = performance.now();
    const offsetMs = clockMs - nowMs;
    const agedMs = this.#offsetMs - (nowMs - this.#heardAtMs) * MAX_DRIFT;
    this.#offsetMs = this.#isKnown ? Math.max(offsetMs, agedMs) : offsetMs;
    this.#heardAtMs = nowMs;
    this.#isKnown = true;
  }

  /** A time of this process as one of the bridge, or somewhat earlier. */
  atBridge(timeMs: number): number {
    return Math.max(0, Math.floor(timeMs + this.#offsetMs));
  }
}
