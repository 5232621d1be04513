import type { PlotAnswer, PlotRequest } from '../../src/web/protocol.js';

/** Between the starts of two requests. */
const MIN_INTERVAL_MS = 50;
/** After a request failed, as when sercom is restarted. */
const RETRY_MS = 1_000;

/** Asks for points; undefined if the request was aborted. */
export type Ask = (request: PlotRequest, signal: AbortSignal) => Promise<PlotAnswer | undefined>;

export interface LoaderEvents<T> {
  /** @param ticket - what was passed with the request */
  answered(answer: PlotAnswer, ticket: T): void;
  /** @returns whether it is worth asking again later */
  failed(error: unknown): boolean;
}

/**
 * Keeps plots up to date with one request at a time: the newest one replaces those that wait. At most 20 a second, and not more
 * than half of the time, so that a slow server or page is not kept busy by plots.
 */
export class PlotLoader<T> {
  readonly #ask: Ask;
  readonly #events: LoaderEvents<T>;
  readonly #now: () => number;
  #wanted: { readonly request: PlotRequest; readonly ticket: T } | undefined;
  #running: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #notBeforeMs = 0;

  constructor(ask: Ask, events: LoaderEvents<T>, now: () => number = () => performance.now()) {
    this.#ask = ask;
    this.#events = events;
    this.#now = now;
  }

  /** Asks as soon as it may. */
  want(request: PlotRequest, ticket: T): void {
    this.#wanted = { request, ticket };
    this.#schedule();
  }

  /** Forgets what is wanted and ignores what has been asked for. */
  stop(): void {
    this.#wanted = undefined;
    this.#running?.abort();
    this.#running = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    if (this.#running !== undefined || this.#timer !== undefined || this.#wanted === undefined) return;
    const waitMs = this.#notBeforeMs - this.#now();
    if (waitMs <= 0) {
      void this.#run();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#schedule();
    }, waitMs);
  }

  async #run(): Promise<void> {
    const { request, ticket } = this.#wanted!;
    const controller = new AbortController();
    this.#wanted = undefined;
    this.#running = controller;
    const startMs = this.#now();
    const result = await this.#ask(request, controller.signal).then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error }),
    );
    if (controller.signal.aborted) return;
    this.#running = undefined;
    const takenMs = this.#now() - startMs;
    this.#notBeforeMs = Math.max(startMs + MIN_INTERVAL_MS, startMs + 2 * takenMs);
    if ('error' in result) {
      this.#notBeforeMs = startMs + takenMs + RETRY_MS;
      if (this.#events.failed(result.error)) this.#wanted ??= { request, ticket };
    } else if (result.answer !== undefined) {
      this.#events.answered(result.answer, ticket);
    }
    this.#schedule();
  }
}
