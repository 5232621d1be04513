import { randomUUID } from 'node:crypto';
import { EventStream } from './event-stream.js';
import type { Exchange } from './exchange.js';
import { BATCH_INTERVAL_MS, Feed, type Statuses } from './feed.js';
import type { End, PageModel } from './page-model.js';
import { Refusal } from './refusal.js';

/** How often the state of the connections is looked at. */
const SAMPLE_INTERVAL_MS = 500;

/** All open pages. */
export class Feeds {
  readonly #model: PageModel;
  readonly #feeds = new Map<string, Feed>();
  #statuses: Statuses = [];
  #statusText = '';
  #sampling: NodeJS.Timeout | undefined;
  #planned: NodeJS.Timeout | undefined;
  /** When it is planned. Infinite if it is not. */
  #plannedAtMs = Number.POSITIVE_INFINITY;
  #updatedAtMs = 0;
  #earlierSkippedRows = 0;
  #isClosed = false;

  constructor(model: PageModel) {
    this.#model = model;
  }

  get count(): number {
    return this.#feeds.size;
  }

  /** Rows that pages did not get because they were slow. */
  get skippedRows(): number {
    return [...this.#feeds.values()].reduce((sum, feed) => sum + feed.skippedRows, this.#earlierSkippedRows);
  }

  /**
   * Opens a feed.
   *
   * @throws Refusal if there are too many
   */
  open({ response, limits }: Exchange): void {
    if (this.#isClosed || this.#feeds.size >= limits.feeds) {
      throw new Refusal('busy', `${this.#feeds.size} pages are open already; close one`, { 'Retry-After': '5' });
    }
    const id = randomUUID();
    const stream = new EventStream(response, limits.keepAliveMs, this.changed, () => this.#remove(id));
    const feed = new Feed(id, this.#model, stream);
    this.#feeds.set(id, feed);
    if (this.#sampling === undefined) {
      this.#sampling = setInterval(() => this.#sample(), SAMPLE_INTERVAL_MS);
      this.#sample();
    }
    this.changed();
  }

  /**
   * The feed with this id.
   *
   * @throws Refusal if there is none
   */
  get(id: string): Feed {
    const feed = this.#feeds.get(id);
    if (feed === undefined) {
      throw new Refusal('gone', 'this feed has ended; open a new one');
    }
    return feed;
  }

  /** Something has changed that feeds may show. */
  readonly changed = (): void => {
    // Called many times a second, so an update that is planned for soon is enough.
    if (this.#feeds.size > 0 && this.#plannedAtMs > this.#updatedAtMs + BATCH_INTERVAL_MS) {
      this.#plan(this.#updatedAtMs + BATCH_INTERVAL_MS);
    }
  };

  /** Ends all feeds with a last batch. */
  close(end: End): void {
    this.#isClosed = true;
    for (const feed of this.#feeds.values()) {
      feed.end(end);
    }
    this.#stop();
  }

  #update(): void {
    this.#plannedAtMs = Number.POSITIVE_INFINITY;
    const nowMs = performance.now();
    this.#updatedAtMs = nowMs;
    let nextMs: number | undefined;
    for (const feed of this.#feeds.values()) {
      const dueMs = feed.update(nowMs, this.#statuses);
      nextMs = dueMs === undefined ? nextMs : Math.min(dueMs, nextMs ?? dueMs);
    }
    // Filters need memory, too.
    this.#model.store.trim();
    if (nextMs !== undefined) {
      this.#plan(performance.now() + nextMs);
    }
  }

  #plan(atMs: number): void {
    clearTimeout(this.#planned);
    this.#plannedAtMs = atMs;
    this.#planned = setTimeout(() => this.#update(), Math.max(0, atMs - performance.now()));
  }

  #sample(): void {
    const { connections, counts } = this.#model;
    counts.countRows();
    connections.sample(performance.now());
    const statuses = connections.statuses();
    const text = JSON.stringify(statuses);
    if (text !== this.#statusText) {
      this.#statusText = text;
      this.#statuses = statuses;
      this.changed();
    }
  }

  #remove(id: string): void {
    const feed = this.#feeds.get(id);
    if (feed !== undefined) {
      feed.close();
      this.#earlierSkippedRows += feed.skippedRows;
      this.#feeds.delete(id);
    }
    if (this.#feeds.size === 0) {
      this.#stop();
    }
  }

  #stop(): void {
    clearInterval(this.#sampling);
    clearTimeout(this.#planned);
    this.#sampling = undefined;
    this.#plannedAtMs = Number.POSITIVE_INFINITY;
    this.#model.connections.stopSampling();
  }
}
