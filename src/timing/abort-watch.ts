interface Watched {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

/**
 * Watches abort signals for many promises, with one listener for each signal: an application may pass the same signal to
 * every `send`, and Node warns of a leak when a signal has more than ten listeners.
 */
export class AbortWatch {
  readonly #watched = new Map<AbortSignal, Watched>();

  /**
   * Calls `onAbort` when the signal aborts. It must not be aborted yet.
   *
   * @returns a function that stops watching. Call it once, after `onAbort` too
   */
  add(signal: AbortSignal, onAbort: () => void): () => void {
    const watched = this.#watched.get(signal) ?? this.#watch(signal);
    watched.callbacks.add(onAbort);
    return () => {
      watched.callbacks.delete(onAbort);
      if (watched.callbacks.size === 0 && this.#watched.get(signal) === watched) {
        this.#watched.delete(signal);
        signal.removeEventListener('abort', watched.listener);
      }
    };
  }

  #watch(signal: AbortSignal): Watched {
    const callbacks = new Set<() => void>();
    const listener = () => {
      this.#watched.delete(signal);
      for (const callback of callbacks) {
        callback();
      }
    };
    const watched = { callbacks, listener };
    this.#watched.set(signal, watched);
    signal.addEventListener('abort', listener, { once: true });
    return watched;
  }
}
