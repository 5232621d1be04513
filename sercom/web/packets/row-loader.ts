import type { RowsAnswer, RowsRequest } from '../../src/web/protocol.js';
import { MAX_ROWS } from '../../src/web/request-limits.js';
import { ServerClosed } from '../server.js';

const RETRY_MS = 1_000;

export interface RowLoaderOptions {
  /** Resolves to undefined if the request was given up. */
  ask(request: Pick<RowsRequest, 'position' | 'count'>): Promise<RowsAnswer | undefined>;
  onRows(answer: RowsAnswer): void;
  onProblem(error: unknown): void;
}

/**
 * Gets the rows that the table lacks, one request at a time: while it waits for one, the table may move far, and then only the
 * last place matters.
 */
export class RowLoader {
  readonly #options: RowLoaderOptions;
  #wanted: { first: number; end: number } | undefined;
  /** What was asked for last, so that an answer with less does not make it ask again at once. */
  #asked: { first: number; end: number } | undefined;
  #isAsking = false;
  #generation = 0;

  constructor(options: RowLoaderOptions) {
    this.#options = options;
  }

  /** The positions from `first` to `end - 1` are shown and missing. */
  need(first: number, end: number): void {
    this.#wanted = { first, end: Math.min(end, first + MAX_ROWS) };
    void this.#load();
  }

  /** There may be rows now where there were none. */
  retry(): void {
    this.#asked = undefined;
  }

  /** Positions mean other rows from now on. */
  reset(): void {
    this.#generation++;
    this.#wanted = undefined;
    this.#asked = undefined;
  }

  /** Never rejects. */
  async #load(): Promise<void> {
    const wanted = this.#wanted;
    if (this.#isAsking || wanted === undefined) {
      return;
    }
    this.#wanted = undefined;
    if (wanted.first === this.#asked?.first && wanted.end === this.#asked.end) {
      return;
    }
    this.#asked = wanted;
    this.#isAsking = true;
    const generation = this.#generation;
    try {
      const answer = await this.#options.ask({ position: wanted.first, count: wanted.end - wanted.first });
      if (answer !== undefined && generation === this.#generation) {
        this.#options.onRows(answer);
      }
    } catch (error) {
      this.#options.onProblem(error);
      if (error instanceof ServerClosed) {
        // Whatever is needed next is asked for again.
        this.#asked = undefined;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      if (generation === this.#generation) {
        this.#asked = undefined;
        this.#wanted ??= wanted;
      }
    } finally {
      this.#isAsking = false;
    }
    void this.#load();
  }
}
