import type { PageContext } from '../context.js';

/** A row or a time, to be in the middle of the table or at its upper edge. */
export interface Place {
  readonly row?: number;
  readonly timeUs?: number;
  readonly isTop?: boolean;
}

export interface NavigationOptions {
  /** The position of the place, or of what is nearest to it. `selected`: of the very row, which is the selected one. */
  onLocated(position: number, align: 'center' | 'selected' | 'top'): void;
  /** A row that was to be shown is not among those that match. */
  onMissing(row: number): void;
}

/** Finds the position of a row or a time. With a new filter, positions are known when all rows have been looked at. */
export class Navigation {
  readonly #context: PageContext;
  readonly #options: NavigationOptions;
  #wanted: Place | undefined;
  #isComplete = false;

  constructor(context: PageContext, options: NavigationOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Goes to a place, in place of one that is still waited for. */
  go(place: Place): void {
    this.#wanted = place;
    this.#goOn();
  }

  /** @param isComplete - whether all rows have been looked at */
  matchingChanged(isComplete: boolean): void {
    this.#isComplete = isComplete;
    this.#goOn();
  }

  #goOn(): void {
    const place = this.#wanted;
    if (place !== undefined && this.#isComplete) {
      this.#wanted = undefined;
      void this.#locate(place);
    }
  }

  /** Never rejects. */
  async #locate({ isTop = false, ...place }: Place): Promise<void> {
    const { server, hello } = this.#context;
    try {
      const answer = await server.ask('locate', { ...place, feed: hello.feed }, { purpose: 'locate' });
      if (answer === undefined) {
        return;
      }
      // Without a row, the place is after the last row that matches.
      const position = answer.row === undefined ? answer.position - 1 : answer.position;
      const isFound = place.row !== undefined && answer.row === place.row;
      this.#options.onLocated(Math.max(0, position), isTop ? 'top' : isFound ? 'selected' : 'center');
      if (!isTop && place.row !== undefined && !isFound) {
        this.#options.onMissing(place.row);
      }
    } catch (error) {
      this.#context.tell((error as Error).message);
    }
  }
}
