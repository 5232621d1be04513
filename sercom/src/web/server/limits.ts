/** What clients can occupy at most. */
export interface Limits {
  readonly connections: number;
  readonly feeds: number;
  /** For each address of clients, those with and those without the token by themselves: on average, and at once. */
  readonly requestsPerSecond: number;
  readonly requestsAtOnce: number;
  readonly headerBytes: number;
  readonly bodyBytes: number;
  /** Packets that are being sent, files that are being saved, and searches in progress. */
  readonly sends: number;
  readonly saves: number;
  readonly searches: number;
  /** How long the headers of a request may take, and all of it. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How long a connection may wait for its next request. */
  readonly keepAliveTimeoutMs: number;
  /** How long a client may take nothing of an answer. */
  readonly stallTimeoutMs: number;
  /** How often a feed without news shows that it is alive. */
  readonly keepAliveMs: number;
}

export const LIMITS: Limits = {
  connections: 64,
  feeds: 8,
  // A page asks a few times for each frame while the user scrolls, and there may be several pages.
  requestsPerSecond: 250,
  requestsAtOnce: 500,
  headerBytes: 8_192,
  bodyBytes: 65_536,
  sends: 8,
  saves: 4,
  // One for each feed, and the one before, which ends soon.
  searches: 16,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 5_000,
  stallTimeoutMs: 30_000,
  keepAliveMs: 10_000,
};

/** With more clients than this, those that have sent nothing for the longest time are forgotten. */
const MAX_CLIENTS = 1_000;

/** Limits how often each client may send a request. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #atOnce: number;
  readonly #now: () => number;
  readonly #clients = new Map<string, { left: number; atMs: number }>();

  constructor(perSecond: number, atOnce: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#atOnce = atOnce;
    this.#now = now;
  }

  /** Takes a request of a client. Returns whether it is within the limit. */
  take(client: string): boolean {
    const atMs = this.#now();
    const before = this.#clients.get(client) ?? { left: this.#atOnce, atMs };
    const left = Math.min(this.#atOnce, before.left + ((atMs - before.atMs) / 1_000) * this.#perSecond);
    const isWithin = left >= 1;
    // Moves it to the end.
    this.#clients.delete(client);
    this.#clients.set(client, { left: isWithin ? left - 1 : left, atMs });
    if (this.#clients.size > MAX_CLIENTS) {
      const [oldest] = this.#clients.keys();
      this.#clients.delete(oldest!);
    }
    return isWithin;
  }
}

/** Limits how much of something is in progress. */
export class Slots {
  readonly #max: number;
  #used = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get used(): number {
    return this.#used;
  }

  /** Takes a slot. Returns whether there was one. */
  take(): boolean {
    if (this.#used >= this.#max) {
      return false;
    }
    this.#used++;
    return true;
  }

  free(): void {
    this.#used--;
  }
}
