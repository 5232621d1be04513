import { closeSync, constants, fstatSync, openSync } from 'node:fs';

/** A command that is done sooner need not load the code that polls. */
const START_MS = 200;

/** Other runtimes would crash in the native code that polls. */
const CAN_POLL = process.platform === 'linux' && !('bun' in process.versions) && !('deno' in process.versions);

/**
 * Watches a pipe for the moment when the last reader closes it. Until the next write, nothing else reports that. Does
 * nothing for what is not a pipe, and where pipes cannot be polled.
 *
 * @param fd - the end to write to
 * @param onLeft - called at most once, not after the returned function
 * @returns stops watching. Until then the process stays alive
 */
export function watchReader(fd: number, onLeft: () => void): () => void {
  const stopping = new AbortController();
  if (CAN_POLL && fstatSync(fd).isFIFO()) {
    const timer = setTimeout(() => void poll(fd, stopping.signal).then((hasLeft) => hasLeft && onLeft()), START_MS);
    stopping.signal.addEventListener('abort', () => clearTimeout(timer));
  }
  return () => stopping.abort();
}

/** Resolves with true when the pipe has no reader, or with false when the signal aborts or the pipe cannot be polled. */
async function poll(fd: number, signal: AbortSignal): Promise<boolean> {
  let own: number;
  try {
    // libuv may be polling the original, and can poll each descriptor only once.
    own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    // A named pipe without a reader cannot be opened.
    return (error as NodeJS.ErrnoException).code === 'ENXIO';
  }
  try {
    const { Poller } = await import('@serialport/bindings-cpp/dist/poller.js');
    const poller = new Poller(own);
    const left = new Promise<void>((resolve) => poller.once('disconnect', () => resolve()));
    signal.addEventListener('abort', () => poller.stop());
    if (signal.aborted) {
      poller.stop();
    }
    await left;
  } catch {
    // No native code for this platform.
    return false;
  } finally {
    closeSync(own);
  }
  return !signal.aborted;
}
