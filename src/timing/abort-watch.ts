/** The callbacks for each signal that is watched. */
const watched = new Map<AbortSignal, Set<() => void>>();

/**
 * Calls `onAbort` when the signal aborts. It must not be aborted yet.
 *
 * All calls share one listener for each signal: an application may pass the same signal to every `send`, on every
 * connection, and Node warns of a leak when a signal has more than ten listeners.
 *
 * @returns a function that stops watching
 */
export function watchAbort(signal: AbortSignal, onAbort: () => void): () => void {
  let callbacks = watched.get(signal);
  if (callbacks === undefined) {
    callbacks = new Set();
    watched.set(signal, callbacks);
    signal.addEventListener('abort', aborted, { once: true });
  }
  callbacks.add(onAbort);
  return () => {
    callbacks.delete(onAbort);
    if (callbacks.size === 0 && watched.get(signal) === callbacks) {
      watched.delete(signal);
      signal.removeEventListener('abort', aborted);
    }
  };
}

function aborted(event: Event): void {
  const signal = event.target as AbortSignal;
  const callbacks = watched.get(signal) ?? [];
  watched.delete(signal);
  for (const callback of callbacks) {
    callback();
  }
}
