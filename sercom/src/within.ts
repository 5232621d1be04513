import { setTimeout as delay } from 'node:timers/promises';

/** The longest delay that a timer of Node.js supports. */
export const MAX_TIMER_MS = 2_147_483_647;

/**
 * Waits for work to finish, but only for a limited time.
 *
 * @returns whether the work finished in time
 * @throws the reason of the signal when it is aborted, or the error of the work
 */
export async function within(ms: number, work: Promise<unknown>, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  const waiting = new AbortController();
  const stop = () => waiting.abort(signal.reason);
  signal.addEventListener('abort', stop);
  try {
    return await Promise.race([work.then(() => true), delay(ms, false, { signal: waiting.signal })]);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    waiting.abort();
  }
}
