import { beginDelivery, mayDeliverNext, nextTurn } from '../../timing/delivery-turn.js';
import type { ReceiverEvents } from './link-receiver.js';

/**
 * - `idle`: everything was passed on
 * - `delivering`: items are being passed on
 * - `waiting`: the promise of a handler is pending, or the event loop has to run
 */
type Activity = 'idle' | 'delivering' | 'waiting';

/** Passes items on, one at a time: while the promise of one is pending, the next one waits. */
export class DeliveryLoop<Item> {
  readonly #next: () => Item | undefined;
  readonly #pass: (item: Item) => Promise<void> | undefined;
  readonly #events: ReceiverEvents;
  #activity: Activity = 'idle';

  /**
   * @param next - returns the next item, or `undefined` if there is none now
   * @param pass - passes an item on; the promise, if there is one, must not reject
   */
  constructor(next: () => Item | undefined, pass: (item: Item) => Promise<void> | undefined, events: ReceiverEvents) {
    this.#next = next;
    this.#pass = pass;
    this.#events = events;
  }

  get isIdle(): boolean {
    return this.#activity === 'idle';
  }

  get isDelivering(): boolean {
    return this.#activity === 'delivering';
  }

  /** Passes on what there is, unless an earlier item is still being handled. Returns whether it is idle again. */
  run(): boolean {
    if (this.#activity !== 'idle') {
      return false;
    }
    const handled = this.#deliver();
    if (handled === undefined) {
      return true;
    }
    void this.#deliverRest(handled);
    return false;
  }

  /** Passes items on until the handler of one returns a promise, the time of this turn is over, or none is left. */
  #deliver(): Promise<void> | undefined {
    if (!beginDelivery(this.#activity === 'waiting')) {
      this.#activity = 'waiting';
      return nextTurn();
    }
    this.#activity = 'delivering';
    let handled: Promise<void> | undefined;
    for (let item = this.#next(); item !== undefined; item = this.#next()) {
      handled = this.#pass(item);
      if (handled !== undefined) {
        break;
      }
      if (!mayDeliverNext()) {
        handled = nextTurn();
        break;
      }
    }
    this.#activity = handled === undefined ? 'idle' : 'waiting';
    this.#events.delivered();
    return handled;
  }

  async #deliverRest(first: Promise<void>): Promise<void> {
    for (let handled: Promise<void> | undefined = first; handled !== undefined; handled = this.#deliver()) {
      await handled;
    }
    this.#events.idle();
  }
}
