import { randomInt } from 'node:crypto';
import { Queue } from './queue.js';

/**
 * The ids from 1 to a maximum. The first one is random, so that a reply to an earlier run of the program cannot match. A
 * returned id goes to the end of the line: it is used again after all others that are free.
 */
export class IdPool {
  readonly #max: number;
  #next: number;
  /** Number of ids that have never been taken. */
  #fresh: number;
  readonly #returned = new Queue<number>();

  constructor(max: number) {
    this.#max = max;
    this.#fresh = max;
    this.#next = randomInt(1, max + 1);
  }

  /** An id that is not in use, or undefined if all are. */
  take(): number | undefined {
    if (this.#fresh === 0) {
      return this.#returned.shift();
    }
    this.#fresh--;
    const id = this.#next;
    this.#next = id === this.#max ? 1 : id + 1;
    return id;
  }

  giveBack(id: number): void {
    this.#returned.add(id);
  }
}
