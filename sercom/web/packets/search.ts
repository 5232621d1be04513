import type { PageContext } from '../context.js';
import { count } from '../format/quantities.js';
import { keyOf } from '../keys.js';

const SLOW_MS = 300;

export interface SearchOptions {
  /** The position of the match. */
  onFound(position: number): void;
  /** How the search is doing or how it ended; undefined if there is nothing to say. */
  onNote(note: string | undefined): void;
}

/** Finding in the table: one search at a time, which can be given up, since it may look at a million rows. */
export class Search {
  readonly #context: PageContext;
  readonly #options: SearchOptions;
  #running: AbortController | undefined;

  constructor(context: PageContext, options: SearchOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Ends the search that is running. False if there is none. */
  giveUp(): boolean {
    const isRunning = this.#running !== undefined;
    this.#running?.abort();
    return isRunning;
  }

  /** Finds the next match, from a position on. Takes the place of a search that is running. Never rejects. */
  async find(what: string, position: number, isBackward: boolean): Promise<void> {
    this.giveUp();
    const search = new AbortController();
    this.#running = search;
    this.#options.onNote(undefined);
    // Most searches are over before anybody could read it.
    const note = setTimeout(() => this.#options.onNote('searching…'), SLOW_MS);
    const outcome = await this.#look(what, position, isBackward, search.signal);
    clearTimeout(note);
    if (this.#running === search) {
      this.#running = undefined;
      this.#options.onNote(outcome);
    }
  }

  async #look(what: string, position: number, backward: boolean, signal: AbortSignal): Promise<string | undefined> {
    const { server, hello } = this.#context;
    try {
      const request = { what, position, backward, feed: hello.feed };
      const answer = await server.ask('find', request, { purpose: 'find', signal });
      if (answer === undefined) {
        return undefined;
      }
      if (answer.problem !== undefined) {
        return `✖ ${answer.problem}`;
      }
      if (answer.position === undefined) {
        return noneText(backward);
      }
      this.#options.onFound(answer.position);
      this.#context.announce(answer.row === undefined ? 'found' : `found in row ${count(answer.row)}`);
      return undefined;
    } catch (error) {
      return `✖ ${(error as Error).message}`;
    }
  }
}

/** With what to do next: the match may be the other way. */
function noneText(backward: boolean): string {
  return backward
    ? `✖ none above: ${keyOf('find-next')} looks below`
    : `✖ none below: ${keyOf('find-previous')} looks above`;
}
