import { IllegalStateAction } from './errors.js';

/** The states of a communicator, in their order. It never goes back to an earlier one. */
export enum CommunicatorState {
  UNINITIALIZED = 1,
  STARTED = 2,
  STOPPED = 3,
}

/** The state of a communicator, and which calls are legal in it. */
export class LifeCycle {
  #state = CommunicatorState.UNINITIALIZED;
  #isInitializing = false;

  get state(): CommunicatorState {
    return this.#state;
  }

  get isStarted(): boolean {
    return this.#state === CommunicatorState.STARTED;
  }

  /** While `open` runs, `initialize` is in progress. When it has resolved, the state is STARTED. */
  async start(open: () => Promise<void>): Promise<void> {
    this.requireUninitialized('initialize', 'only once');
    this.#isInitializing = true;
    try {
      await open();
      this.#state = CommunicatorState.STARTED;
    } finally {
      this.#isInitializing = false;
    }
  }

  stop(): void {
    this.#state = CommunicatorState.STOPPED;
  }

  /** @throws IllegalStateAction (`ILLEGAL_STATE`) unless UNINITIALIZED, and while `initialize` is in progress */
  requireUninitialized(call: string, when: string): void {
    if (this.#isInitializing || this.#state !== CommunicatorState.UNINITIALIZED) {
      throw this.illegal(call, when);
    }
  }

  /** Why a call is not allowed now. */
  illegal(call: string, when = 'after initialize has resolved and before shutdown'): IllegalStateAction {
    if (this.#isInitializing) {
      return new IllegalStateAction(`${call}: initialize is in progress; await it first`);
    }
    const state = CommunicatorState[this.#state];
    const advice = state === 'STOPPED' ? ', which is final; create a new communicator' : `; call it ${when}`;
    return new IllegalStateAction(`${call}: the state is ${state}${advice}`);
  }
}
