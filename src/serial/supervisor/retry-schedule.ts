import type { DeviceChange, DeviceWatch } from '../device-watch.js';
import type { ReconnectOptions } from '../serial-settings.js';

/** Shortest time between two attempts when device nodes appear or vanish. A device that returns makes several. */
const NODE_RETRY_MS = 20;

/** How long after that udev may still change permissions and links, in directories that are not watched. */
const FAST_RETRY_WINDOW_MS = 2_000;

/** Longest delay within that window. Also the shortest time between two attempts when a node was only changed. */
const FAST_RETRY_MS = 100;

/**
 * When to try to open the port of one connection again: after a delay that doubles with each attempt, or sooner if a
 * change in the device directory suggests that the device is back.
 */
export class RetrySchedule {
  readonly #reconnect: Required<ReconnectOptions>;
  readonly #path: string | undefined;
  readonly #watch: DeviceWatch;
  readonly #onDue: () => void;
  #attempts = 0;
  #attemptedAt = 0;
  #fastUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #unwatch: (() => void) | undefined;

  /** @param onDue - called when it is time for the next attempt, once for each {@link plan} */
  constructor(reconnect: Required<ReconnectOptions>, path: string | undefined, watch: DeviceWatch, onDue: () => void) {
    this.#reconnect = reconnect;
    this.#path = path;
    this.#watch = watch;
    this.#onDue = onDue;
  }

  /** Starts to watch the devices. A change during an attempt counts for the next one. */
  watch(): void {
    this.#unwatch ??= this.#watch.add(this.#path, (change) => this.#deviceChanged(change));
  }

  /** Plans the next attempt. */
  plan(): void {
    const { minDelayMs, maxDelayMs } = this.#reconnect;
    const isFast = performance.now() < this.#fastUntil;
    const delayMs = Math.min(isFast ? FAST_RETRY_MS : maxDelayMs, minDelayMs * 2 ** this.#attempts);
    // Between half and all of the delay, so that the ports of a lost hub are not all tried at once.
    this.#planIn(delayMs * (0.5 + Math.random() / 2));
    this.watch();
  }

  /** Cancels the next attempt, stops watching, and begins again with the shortest delay. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#attempts = 0;
  }

  #planIn(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#due(), delayMs);
  }

  #due(): void {
    this.#timer = undefined;
    this.#attempts++;
    this.#attemptedAt = performance.now();
    this.#onDue();
  }

  #deviceChanged(change: DeviceChange): void {
    const now = performance.now();
    const isNode = change === 'added-or-removed';
    this.#fastUntil = Math.max(this.#fastUntil, now + (isNode ? FAST_RETRY_WINDOW_MS : FAST_RETRY_MS));
    if (this.#timer !== undefined) {
      const restMs = (isNode ? NODE_RETRY_MS : FAST_RETRY_MS) - (now - this.#attemptedAt);
      this.#planIn(Math.max(0, restMs));
    }
  }
}
