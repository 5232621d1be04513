import type { Batch, ViewRequest } from '../../src/web/protocol.js';
import type { FilterOutcome } from '../context.js';
import { type Server, ServerProblem } from '../server.js';

type Wish = Pick<ViewRequest, 'follow'> & { readonly filter: string; readonly kinds: boolean };

/** What was so before a request. */
interface Before {
  readonly told: Wish | undefined;
  readonly filterView: number;
  readonly isConfirmed: boolean;
}

/** A request that failed is sent again after this delay. */
const RETRY_MS = 1_000;

export interface ViewRequestsOptions {
  onFiltered(outcome: FilterOutcome): void;
  /** The request failed for another reason than its filter. */
  onProblem(problem: string): void;
}

/**
 * Tells the server what the feed is to send: the latest wish, one request at a time. Knows which batches are about it: they
 * come on another connection than the answers, so a batch may still be about the filter before, or already about the new one
 * before its answer has come.
 */
export class ViewRequests {
  readonly #server: Server;
  readonly #options: ViewRequestsOptions;
  #feed: string | undefined;
  #wish: Wish = { filter: '', follow: 0, kinds: false };
  /** The wish that the server has been told. */
  #told: Wish | undefined;
  #isAsking = false;
  /** The number of the latest request. */
  #view = 0;
  /** The number of the request that set the filter of the feed. */
  #filterView = 0;
  /** Whether the server is known to have accepted that filter. */
  #isConfirmed = false;
  /** The number of the request that the batches obey. */
  #batchView = 0;
  /** Of the latest batch that said it. */
  #matching: Batch['matching'];
  #hasFailed = false;

  constructor(server: Server, options: ViewRequestsOptions) {
    this.#server = server;
    this.#options = options;
  }

  /** A feed has begun, which knows nothing of what was wished from the one before. */
  begin(feed: string): void {
    this.#feed = feed;
    this.#told = undefined;
    this.#batchView = 0;
    this.#matching = undefined;
    void this.#send();
  }

  /** The feed has ended: nothing is asked for until the next one begins. */
  end(): void {
    this.#feed = undefined;
  }

  want(change: Partial<Wish>): void {
    this.#wish = { ...this.#wish, ...change };
    void this.#send();
  }

  /** The batch, without what is about another filter than the one that was asked for last. */
  current(batch: Batch): Batch {
    this.#matching = batch.matching ?? this.#matching;
    if (batch.view === undefined) {
      return this.#isCurrent ? batch : withoutRows(batch);
    }
    this.#batchView = batch.view;
    if (batch.view >= this.#filterView) {
      this.#confirm();
    }
    if (!this.#isCurrent) {
      return withoutRows(batch);
    }
    // What is the same as before the filter changed is not sent again.
    return this.#matching === undefined ? batch : { ...batch, matching: this.#matching };
  }

  /** Whether batches are about the filter that was asked for last. */
  get #isCurrent(): boolean {
    return this.#isConfirmed && this.#batchView >= this.#filterView;
  }

  /** Never rejects. */
  async #send(): Promise<void> {
    const feed = this.#feed;
    const wish = this.#wish;
    if (this.#isAsking || feed === undefined || isSame(wish, this.#told)) {
      return;
    }
    const view = ++this.#view;
    const before = { told: this.#told, filterView: this.#filterView, isConfirmed: this.#isConfirmed };
    if (this.#told?.filter !== wish.filter) {
      this.#filterView = view;
      this.#isConfirmed = false;
    }
    this.#told = wish;
    this.#isAsking = true;
    try {
      const answer = await this.#server.ask('view', { ...wish, feed, view });
      this.#hasFailed = false;
      if (feed !== this.#feed) {
        // The answer is about a feed that has ended.
      } else if (answer?.problem === undefined) {
        this.#confirm();
      } else {
        this.#rejected(wish, before, answer.problem);
      }
    } catch (error) {
      if (feed === this.#feed) {
        this.#failed(error);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    } finally {
      this.#isAsking = false;
    }
    void this.#send();
  }

  /** Nothing of the wish was done. */
  #rejected(wish: Wish, before: Before, problem: string): void {
    this.#told = before.told;
    this.#filterView = before.filterView;
    this.#isConfirmed = before.isConfirmed;
    // A newer wish may have another filter, which is asked for next.
    if (this.#wish.filter === wish.filter) {
      this.#wish = { ...this.#wish, filter: before.told?.filter ?? '' };
      this.#options.onFiltered({ isApplied: false, problem });
    }
  }

  #failed(error: unknown): void {
    this.#told = undefined;
    const isLost = error instanceof ServerProblem && (error.status === 0 || error.status === 404);
    if (!isLost && !this.#hasFailed) {
      this.#options.onProblem((error as Error).message);
    }
    this.#hasFailed = true;
  }

  #confirm(): void {
    if (this.#isConfirmed) {
      return;
    }
    this.#isConfirmed = true;
    this.#options.onFiltered({ isApplied: true, filter: this.#told?.filter ?? '' });
  }
}

function isSame(a: Wish, b: Wish | undefined): boolean {
  return b !== undefined && a.filter === b.filter && a.follow === b.follow && a.kinds === b.kinds;
}

function withoutRows({ rows, matching, ...rest }: Batch): Batch {
  return rest;
}
