/** What a {@link Pacer} drives. */
interface Paced {
  /** Where simulated time stands. */
  cycles(): number;
  /**
   * The cycle at which there is something to do next: now, or later for a board that is asleep; infinity if nothing
   * will happen by itself.
   */
  nextCycles(): number;
  /** `true` while somebody waits for what happens next; otherwise it may come some milliseconds late. */
  urgent(): boolean;
  /** Simulates up to `targetCycles`, or until `performance.now()` reaches `deadlineMs`. */
  run(targetCycles: number, deadlineMs: number): void;
}

/** The longest a slice may hold the event loop is 2 ms; the rest is for handing over what the slice brought. */
const SLICE_MS = 1.5;

/** The shortest timer that Node has; also how far apart the slices of a busy board are. */
const TICK_MS = 1;

/** How far apart the slices of a sleeping board are when nobody is waiting. */
const RELAXED_TICK_MS = 10;

/** The most that simulated time tries to make up for; it stays behind for good by what goes beyond. */
const MAX_LAG_MS = 20;

/** The longest delay of a Node timer. */
const FOREVER_MS = 2 ** 31 - 1;

/** Lets simulated time follow real time, in short slices, never ahead of it. */
export class Pacer {
  readonly #paced: Paced;
  readonly #cyclesPerMs: number;
  #originMs = 0;
  #originCycles = 0;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #keepAlive: NodeJS.Timeout | undefined;
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(paced: Paced, clockHz: number) {
    this.#paced = paced;
    this.#cyclesPerMs = clockHz / 1000;
  }

  /** The cycle that simulated time should have reached by now. */
  get targetCycles(): number {
    return Math.floor(this.#originCycles + (performance.now() - this.#originMs) * this.#cyclesPerMs);
  }

  /** Lets simulated time go on from where it stands. Until {@link stop}, the process stays alive. */
  start(): void {
    this.#originMs = performance.now();
    this.#originCycles = this.#paced.cycles();
    this.#keepAlive = setInterval(() => {}, FOREVER_MS);
    this.wake();
  }

  /** Simulated time stands still, and nothing keeps the process alive. */
  stop(): void {
    clearInterval(this.#keepAlive);
    this.#keepAlive = undefined;
    this.#cancel();
  }

  /** Something has happened that may give the board work earlier than expected. */
  wake(): void {
    if (this.#keepAlive) {
      this.#schedule(TICK_MS);
    }
  }

  #cancel(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  /** Makes sure that a slice comes within `delayMs`; one that is due earlier stays. */
  #schedule(delayMs: number): void {
    const dueMs = performance.now() + delayMs;
    if (dueMs >= this.#dueMs) {
      return;
    }
    this.#cancel();
    this.#dueMs = dueMs;
    if (delayMs === 0) {
      this.#immediate = setImmediate(() => this.#slice());
    } else {
      this.#timer = setTimeout(() => this.#slice(), delayMs);
    }
  }

  #slice(): void {
    this.#cancel();
    const startMs = performance.now();
    const target = this.targetCycles;
    this.#paced.run(target, startMs + SLICE_MS);
    const excessCycles = this.targetCycles - this.#paced.cycles() - MAX_LAG_MS * this.#cyclesPerMs;
    if (excessCycles > 0) {
      this.#originCycles -= excessCycles;
    }
    if (this.#paced.cycles() < target) {
      this.#schedule(0);
      return;
    }
    const nextCycles = this.#paced.nextCycles();
    if (nextCycles !== Number.POSITIVE_INFINITY) {
      const waitMs = (nextCycles - this.targetCycles) / this.#cyclesPerMs;
      const isAsleep = nextCycles > this.#paced.cycles();
      const shortestMs = isAsleep && !this.#paced.urgent() ? RELAXED_TICK_MS : TICK_MS;
      this.#schedule(Math.min(Math.max(Math.ceil(waitMs), shortestMs), FOREVER_MS));
    }
  }
}
