import { PatientTimer } from '../timing/patient-timer.js';

/** What a time limit is for. */
export interface Timed {
  /** When it is over, by the timer. Infinite while it does not run. */
  dueMs: number;
}

/** The timer waits in eighths of this. Time in which the event loop is blocked for longer does not count. */
const PATIENCE_MS = 200;

/**
 * The time limits of many requests, with one timer that goes on from one request to the next: starting a timer for each
 * costs more than a quick reply does.
 */
export class ReplyTimer<Item extends Timed> {
  readonly #timer = new PatientTimer(PATIENCE_MS);
  readonly #items: Iterable<Item>;
  readonly #expire: (item: Item) => void;
  #plannedMs = Number.POSITIVE_INFINITY;

  /** @param items - all whose limits may run */
  constructor(items: Iterable<Item>, expire: (item: Item) => void) {
    this.#items = items;
    this.#expire = expire;
  }

  start(item: Item, limitMs: number): void {
    item.dueMs = this.#timer.watchedMs + limitMs;
    if (item.dueMs < this.#plannedMs) {
      this.#plan(item.dueMs);
    }
  }

  /** Sets whether anyone waits: if not, the timer does not keep the process alive. */
  set isNeeded(isNeeded: boolean) {
    this.#timer.keepsAlive = isNeeded;
  }

  stop(): void {
    this.#timer.stop();
    this.#plannedMs = Number.POSITIVE_INFINITY;
  }

  #plan(dueMs: number): void {
    this.#timer.stop();
    this.#plannedMs = dueMs;
    this.#timer.start(dueMs, () => this.#due());
  }

  #due(): void {
    const nowMs = this.#timer.watchedMs;
    this.#plannedMs = Number.POSITIVE_INFINITY;
    for (const item of [...this.#items]) {
      if (item.dueMs <= nowMs) {
        this.#expire(item);
      }
    }
    let nextMs = Number.POSITIVE_INFINITY;
    for (const item of this.#items) {
      nextMs = Math.min(nextMs, item.dueMs);
    }
    if (nextMs < this.#plannedMs) {
      this.#plan(nextMs);
    }
  }
}
