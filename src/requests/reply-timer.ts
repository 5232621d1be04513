import { PatientTimer } from '../timing/patient-timer.js';

/** What a time limit is for. */
export interface Timed {
  /** When it is over, by the timer. Infinite while it does not run. */
  dueMs: number;
}

/** The timer waits in eighths of this. Time in which the event loop is blocked for longer does not count. */
const PATIENCE_MS = 200;

/** Looking for limits that are over takes time: after that, it pauses for this long for each item. */
const PAUSE_MS_PER_ITEM = 0.001;

/**
 * The time limits of many requests, with one timer that goes on from one request to the next: starting a timer for each
 * costs more than a quick reply does.
 */
export class ReplyTimer<Item extends Timed> {
  readonly #timer = new PatientTimer(PATIENCE_MS);
  readonly #items: ReadonlySet<Item>;
  readonly #expire: (item: Item) => void;
  #plannedMs = Number.POSITIVE_INFINITY;
  /** When the pause is over. */
  #earliestMs = 0;

  /** @param items - all whose limits may run */
  constructor(items: ReadonlySet<Item>, expire: (item: Item) => void) {
    this.#items = items;
    this.#expire = expire;
  }

  start(item: Item, limitMs: number): void {
    item.dueMs = this.#timer.watchedMs + limitMs;
    this.#plan(item.dueMs);
  }

  /** Sets whether anyone waits: if not, the timer does not keep the process alive. */
  set isNeeded(isNeeded: boolean) {
    this.#timer.keepsAlive = isNeeded;
  }

  stop(): void {
    this.#timer.stop();
    this.#plannedMs = Number.POSITIVE_INFINITY;
  }

  /** Looks for expired limits at that time, unless that is planned already. */
  #plan(dueMs: number): void {
    const plannedMs = Math.max(dueMs, this.#earliestMs);
    if (plannedMs < this.#plannedMs) {
      this.#timer.stop();
      this.#plannedMs = plannedMs;
      this.#timer.start(plannedMs, () => this.#due());
    }
  }

  #due(): void {
    const nowMs = this.#timer.watchedMs;
    this.#plannedMs = Number.POSITIVE_INFINITY;
    this.#earliestMs = nowMs + PAUSE_MS_PER_ITEM * this.#items.size;
    for (const item of [...this.#items]) {
      if (item.dueMs <= nowMs) {
        this.#expire(item);
      }
    }
    let nextMs = Number.POSITIVE_INFINITY;
    for (const item of this.#items) {
      nextMs = Math.min(nextMs, item.dueMs);
    }
    this.#plan(nextMs);
  }
}
