interface Group {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

/**
 * Watches signals for many promises, with one listener for each signal: an application may give the same signal to
 * every `send`, and Node warns of a leak where a signal has more than ten listeners.
 */
export class AbortWatch {
  readonly #groups = new Map<AbortSignal, Group>();

  /**
   * Calls `onAbort` when the signal, which is not aborted yet, is.
   *
   * @returns what ends the watch; to be called once, also after `onAbort` was called
   */
  add(signal: AbortSignal, onAbort: () => void): () => void {
    const group = this.#groups.get(signal) ?? this.#newGroup(signal);
    group.callbacks.add(onAbort);
    return () => {
      group.callbacks.delete(onAbort);
      if (group.callbacks.size === 0 && this.#groups.get(signal) === group) {
        this.#groups.delete(signal);
        signal.removeEventListener('abort', group.listener);
      }
    };
  }

  #newGroup(signal: AbortSignal): Group {
    const callbacks = new Set<() => void>();
    const listener = () => {
      this.#groups.delete(signal);
      for (const callback of callbacks) {
        callback();
      }
    };
    const group = { callbacks, listener };
    this.#groups.set(signal, group);
    signal.addEventListener('abort', listener, { once: true });
    return group;
  }
}
