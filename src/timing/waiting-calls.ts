import { watchAbort } from './abort-watch.js';

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
  /** Stops watching the signal. */
  unwatch?(): void;
}

/** Calls that wait for one connection: of `ready`, or of `reopen`. */
export class WaitingCalls {
  /** Made when first needed: there can be hundreds of connections. */
  #waiters: Set<Waiter> | undefined;

  /** Settles with {@link resolveAll} or {@link rejectAll}, or rejects with `signal.reason`. */
  wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { resolve, reject };
      this.#waiters ??= new Set();
      this.#waiters.add(waiter);
      if (signal !== undefined) {
        waiter.unwatch = watchAbort(signal, () => {
          this.#remove(waiter);
          reject(signal.reason);
        });
      }
    });
  }

  resolveAll(): void {
    for (const waiter of this.#waiters ?? []) {
      this.#remove(waiter);
      waiter.resolve();
    }
  }

  rejectAll(error: Error): void {
    for (const waiter of this.#waiters ?? []) {
      this.#remove(waiter);
      waiter.reject(error);
    }
  }

  #remove(waiter: Waiter): void {
    this.#waiters?.delete(waiter);
    waiter.unwatch?.();
  }
}
