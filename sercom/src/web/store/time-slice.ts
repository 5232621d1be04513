/** What looking at a row costs besides its bytes, in bytes. */
const ROW_COST = 256;

/** How much work is done between looks at the clock: reading it for every row would take longer than the work. */
const COST_BETWEEN_LOOKS = 65_536;

/** A limited time for work on rows, after which the event loop gets its turn. */
export class TimeSlice {
  readonly #endMs: number;
  #cost = 0;

  constructor(budgetMs: number) {
    this.#endMs = performance.now() + budgetMs;
  }

  /** Accounts for a row that was looked at. */
  spend(bytes: number): void {
    this.#cost += ROW_COST + bytes;
  }

  /** Whether the time is over. */
  isOver(): boolean {
    if (this.#cost < COST_BETWEEN_LOOKS) {
      return false;
    }
    this.#cost = 0;
    return performance.now() >= this.#endMs;
  }
}
