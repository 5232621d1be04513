/** How long the first OPEN may remain without an answer. The time doubles with each one. */
const FIRST_MS = 250;
const LONGEST_MS = 2_000;

/** When to send OPEN, and the number in it. */
export class HandshakeTimer {
  readonly #random: () => number;
  #h = 0;
  #sentAtMs = Number.NEGATIVE_INFINITY;
  #waitMs = FIRST_MS;
  /** Infinity while OPEN waits for the port. */
  #dueAtMs = 0;
  #isDue = false;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** The number in the latest OPEN. Only its answer is valid. */
  get h(): number {
    return this.#h;
  }

  get sentAtMs(): number {
    return this.#sentAtMs;
  }

  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  /** Whether to send OPEN. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** A handshake begins: OPEN is due at once. */
  start(): void {
    this.#h = 0;
    this.#waitMs = FIRST_MS;
    this.#becomeDue();
  }

  advance(nowMs: number): void {
    if (this.#dueAtMs <= nowMs) {
      this.#becomeDue();
    }
  }

  /** The peer has just started, and may not have received the latest OPEN. */
  peerStarted(nowMs: number): void {
    // It answers with NO_SESSION to each old frame that it still has in its buffer.
    if (nowMs - this.#sentAtMs >= FIRST_MS) {
      this.start();
    }
  }

  /** OPEN is being written. Returns its number. */
  next(nowMs: number): number {
    do {
      this.#h = this.#random();
    } while (this.#h === 0);
    this.#isDue = false;
    this.#sentAtMs = nowMs;
    this.#dueAtMs = nowMs + this.#waitMs;
    this.#waitMs = Math.min(2 * this.#waitMs, LONGEST_MS);
    return this.#h;
  }

  #becomeDue(): void {
    this.#isDue = true;
    this.#dueAtMs = Number.POSITIVE_INFINITY;
  }
}
