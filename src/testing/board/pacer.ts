import { clearImmediate, setImmediate } from 'node:timers';

/** The simulation that a {@link Pacer} runs. */
interface Paced {
  /** Simulated time now. */
  cycles(): number;
  /** The cycle of the next event: now, or later if the board sleeps; infinity if none is scheduled. */
  nextCycles(): number;
  /** Whether the host waits for the next event. If not, it may come some milliseconds late. */
  urgent(): boolean;
  /** Simulates until `targetCycles`, or until `performance.now()` reaches `deadlineMs`. */
  run(targetCycles: number, deadlineMs: number): void;
}

/** Time limit of a slice. A slice may block the event loop for 2 ms; the rest is for passing on what it received. */
const SLICE_MS = 1.5;

/** The shortest timer of Node, and the interval between the slices of a busy board. */
const TICK_MS = 1;

/** Interval between the slices of a sleeping board while the host waits for nothing. */
const RELAXED_TICK_MS = 10;

/** Simulated time catches up on this much at most. It never catches up on a longer lag. */
const MAX_LAG_MS = 20;

/** The longest timer of Node. */
const FOREVER_MS = 2 ** 31 - 1;

/** Makes simulated time follow real time in short slices, never further ahead of it than at its start. */
export class Pacer {
  readonly #paced: Paced;
  readonly #cyclesPerMs: number;
  #originMs = 0;
  #originCycles = 0;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #keepAlive: NodeJS.Timeout | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #lostCycles = 0;

  constructor(paced: Paced, clockHz: number) {
    this.#paced = paced;
    this.#cyclesPerMs = clockHz / 1000;
  }

  /** The cycle that simulated time should have reached now. */
  get targetCycles(): number {
    return Math.floor(this.#originCycles + (performance.now() - this.#originMs) * this.#cyclesPerMs);
  }

  /** How far simulated time has fallen behind real time, and will not catch up. */
  get lagMs(): number {
    return this.#lostCycles / this.#cyclesPerMs;
  }

  /**
   * Starts simulated time, or continues it, as if that had been done `elapsedMs` ago. The process stays alive until
   * {@link stop}.
   */
  start(elapsedMs: number): void {
    this.#originMs = performance.now() - elapsedMs;
    this.#originCycles = this.#paced.cycles();
    this.#keepAlive = setInterval(() => {}, FOREVER_MS);
    this.wake();
  }

  /** Stops simulated time, and keeps the process alive no longer. */
  stop(): void {
    clearInterval(this.#keepAlive);
    this.#keepAlive = undefined;
    this.#cancel();
  }

  /** Call this after anything that may give the board work earlier than expected. */
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

  /** Makes sure that a slice runs within `delayMs`. A slice that is due earlier stays. */
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
    if (!this.#keepAlive) {
      return;
    }
    const excessCycles = this.targetCycles - this.#paced.cycles() - MAX_LAG_MS * this.#cyclesPerMs;
    if (excessCycles > 0) {
      this.#originCycles -= excessCycles;
      this.#lostCycles += excessCycles;
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
