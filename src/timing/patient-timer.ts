// Not the global: test environments replace or remove it, but only the real one runs after the loop has polled.
import { clearImmediate, setImmediate } from 'node:timers';

/** A limit is waited for in this many slices. */
const SLICES = 8;

/**
 * Times what a device or the operating system does. Its clock stands still while the application blocks the event loop,
 * since a port that could not be polled is not to blame. To that end it waits in short slices. A slice whose timer fires
 * late counts as its planned length. After the last one, the loop polls once more before the time is up.
 */
export class PatientTimer {
  readonly #sliceMs: number;
  #watchedMs = 0;
  #sliceStartedAt = 0;
  /** Length of the slice that is being waited for. */
  #currentSliceMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #dueMs = 0;
  #onDue: (() => void) | undefined;
  #keepsAlive = true;

  /** @param limitMs - the usual wait, which determines the length of a slice */
  constructor(limitMs: number) {
    this.#sliceMs = Math.max(1, Math.ceil(limitMs / SLICES));
  }

  /** Time watched so far. It advances while a call is planned, and the event loop runs. It never goes back. */
  get watchedMs(): number {
    const inSliceMs = this.#timer === undefined ? 0 : performance.now() - this.#sliceStartedAt;
    // Not more than its timer will count.
    return this.#watchedMs + Math.min(inSliceMs, this.#currentSliceMs);
  }

  /** Whether a call is planned. */
  get isRunning(): boolean {
    return this.#onDue !== undefined;
  }

  /** Sets whether a planned call keeps the process alive. Default: true. */
  set keepsAlive(keepsAlive: boolean) {
    this.#keepsAlive = keepsAlive;
    if (keepsAlive) {
      this.#timer?.ref();
    } else {
      this.#timer?.unref();
    }
  }

  /** Calls `onDue` once, when {@link watchedMs} has reached `dueMs`. No other call may be planned. */
  start(dueMs: number, onDue: () => void): void {
    this.#dueMs = dueMs;
    this.#onDue = onDue;
    this.#nextSlice();
  }

  /** Cancels the planned call, if any. */
  stop(): void {
    this.#watchedMs = this.watchedMs;
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#onDue = undefined;
  }

  #nextSlice(): void {
    const leftMs = this.#dueMs - this.#watchedMs;
    if (leftMs > 0) {
      // No timer takes less than 1 ms. If that counted as less, many calls that are due one after the other would be late.
      const sliceMs = Math.ceil(Math.min(this.#sliceMs, leftMs));
      this.#currentSliceMs = sliceMs;
      this.#sliceStartedAt = performance.now();
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#watchedMs += sliceMs;
        this.#nextSlice();
      }, sliceMs);
      if (!this.#keepsAlive) {
        this.#timer.unref();
      }
    } else {
      this.#immediate = setImmediate(() => {
        const onDue = this.#onDue;
        this.#onDue = undefined;
        onDue?.();
      });
    }
  }
}

/**
 * Waits until the promise resolves, at most `limitMs`, as a {@link PatientTimer} counts them. The promise must not
 * reject.
 *
 * @returns whether it has resolved
 */
export async function within(limitMs: number, promise: Promise<unknown> | undefined): Promise<boolean> {
  const timer = new PatientTimer(limitMs);
  const timeout = new Promise<false>((resolve) => {
    timer.start(limitMs, () => resolve(false));
  });
  const resolved = Promise.resolve(promise).then(() => true);
  const isInTime = await Promise.race([resolved, timeout]);
  timer.stop();
  return isInTime;
}
