import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { MAX_TIMER_MS } from '../within.js';

/** Timers can be late by a millisecond and more, so the rest of a wait is spent in turns of the event loop. */
const FINE_MS = 2;

/** Records of several connections may be slightly out of order. What goes back further is a step of the clock. */
const MAX_DISORDER_US = 10_000;

/** Waits until records are due, so that they keep the spacing that they were recorded with. */
export class ReplayClock {
  readonly #speed: number;
  readonly #signal: AbortSignal;
  #lastUs = 0;
  #start: { recordedUs: number; atMs: number } | undefined;

  /**
   * @param speed - 2 is twice as fast as recorded; 0 does not wait
   * @param signal - ends a wait, which then rejects
   */
  constructor(speed: number, signal: AbortSignal) {
    this.#speed = speed;
    this.#signal = signal;
  }

  /** Makes the next record due at once. */
  restart(): void {
    this.#start = undefined;
  }

  /**
   * Resolves when a record is due: at once if it is late. Each time is measured from the first record, so that delays
   * do not add up. If the recorded clock stepped back, the record is due at once, and times are measured from it.
   */
  async due(timeUs: number): Promise<void> {
    this.#signal.throwIfAborted();
    if (this.#speed === 0) {
      return;
    }
    if (this.#start === undefined || timeUs < this.#lastUs - MAX_DISORDER_US) {
      this.#start = { recordedUs: timeUs, atMs: performance.now() };
    }
    this.#lastUs = timeUs;
    const { recordedUs, atMs } = this.#start;
    const dueMs = atMs + (timeUs - recordedUs) / 1_000 / this.#speed;
    for (let leftMs = dueMs - performance.now(); leftMs > 0; leftMs = dueMs - performance.now()) {
      if (leftMs > FINE_MS) {
        await delay(Math.min(leftMs - FINE_MS, MAX_TIMER_MS), undefined, { signal: this.#signal });
      } else {
        await turn(undefined, { signal: this.#signal });
      }
    }
  }
}
