/** Virtual time: actions at given times, in order. Those of the same time keep the order in which they were planned. */
export class EventQueue {
  nowMs = 0;
  #planned = 0;
  /** A binary heap. */
  readonly #heap: { atMs: number; order: number; action: () => void }[] = [];

  at(atMs: number, action: () => void): void {
    const heap = this.#heap;
    heap.push({ atMs: Math.max(atMs, this.nowMs), order: this.#planned++, action });
    for (let index = heap.length - 1; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (this.#isOrdered(parent, index)) {
        break;
      }
      this.#swap(parent, index);
      index = parent;
    }
  }

  after(delayMs: number, action: () => void): void {
    this.at(this.nowMs + delayMs, action);
  }

  /** Runs the next action. Returns false if there is none. */
  step(): boolean {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined) {
      return false;
    }
    const last = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = last;
      for (let index = 0; ; ) {
        let least = index;
        for (const child of [2 * index + 1, 2 * index + 2]) {
          if (child < heap.length && !this.#isOrdered(least, child)) {
            least = child;
          }
        }
        if (least === index) {
          break;
        }
        this.#swap(least, index);
        index = least;
      }
    }
    this.nowMs = first.atMs;
    first.action();
    return true;
  }

  #isOrdered(one: number, other: number): boolean {
    const a = this.#heap[one]!;
    const b = this.#heap[other]!;
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
  }

  #swap(one: number, other: number): void {
    const heap = this.#heap;
    [heap[one], heap[other]] = [heap[other]!, heap[one]!];
  }
}

/** Calls an action at the earliest of the times that were planned since the last call. */
export class VirtualTimer {
  readonly #events: EventQueue;
  readonly #action: () => void;
  #dueAtMs = Number.POSITIVE_INFINITY;

  constructor(events: EventQueue, action: () => void) {
    this.#events = events;
    this.#action = action;
  }

  plan(atMs: number): void {
    if (atMs < this.#dueAtMs) {
      this.#dueAtMs = atMs;
      this.#events.at(atMs, () => {
        if (this.#dueAtMs === atMs) {
          this.#dueAtMs = Number.POSITIVE_INFINITY;
          this.#action();
        }
      });
    }
  }
}
