import type { PortState } from '../serial/port-state.js';

/**
 * Calls `deliver` for one chunk per tick, while the listener of the port is ready. So a chunk never arrives within a
 * call of the host or of the test, just as with a real port. Ticks are no timers: fake timers do not stop them.
 */
export class Delivery {
  readonly #state: PortState;
  readonly #deliver: () => void;
  #isPlanned = false;

  /** @param deliver - passes the next chunk on, if there is one, and calls {@link plan} again */
  constructor(state: PortState, deliver: () => void) {
    this.#state = state;
    this.#deliver = deliver;
  }

  /** Plans the next chunk. Call it when bytes have arrived, and when the listener is ready again. */
  plan(): void {
    if (!this.#isPlanned && this.#state.isReady) {
      this.#isPlanned = true;
      process.nextTick(this.#run);
    }
  }

  readonly #run = (): void => {
    this.#isPlanned = false;
    if (this.#state.isReady) {
      this.#deliver();
    }
  };
}
