import type { DeviceChange } from '../device-watch.js';
import type { AwaitedPort } from '../port-directory.js';
import type { ReconnectOptions } from '../serial-settings.js';

/** Shortest time between two attempts when device nodes appear. A device that returns makes several. */
const NODE_RETRY_MS = 20;

/** How long after that udev may still change permissions and links, in directories that are not watched. */
const FAST_RETRY_WINDOW_MS = 2_000;

/** Longest delay within that window. Also the shortest time between two attempts when a node was only changed. */
const FAST_RETRY_MS = 100;

/** A port that is known to be away is tried this rarely, so that its error lists the ports that are there now. */
const MAX_AWAY_MS = 30_000;

/** Long delays end at multiples of this time: waking the process once for many connections costs less. */
const TICK_MS = 250;

/**
 * When to try to open the port of one connection again: after a delay that doubles with each attempt, or sooner if a
 * change in the device directory suggests that the device is back.
 */
export class RetrySchedule {
  readonly #reconnect: Required<ReconnectOptions>;
  readonly #port: AwaitedPort;
  readonly #onDue: () => void;
  #attempts = 0;
  #attemptedAt = 0;
  #fastUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #unwatch: (() => void) | undefined;

  /**
   * @param onDue - called when it is time for the next attempt, once for each {@link plan}
   */
  constructor(reconnect: Required<ReconnectOptions>, port: AwaitedPort, onDue: () => void) {
    this.#reconnect = reconnect;
    this.#port = port;
    this.#onDue = onDue;
  }

  /** Starts to watch the devices. A change during an attempt counts for the next one. */
  watch(): void {
    this.#unwatch ??= this.#port.watch((change) => this.#deviceChanged(change));
  }

  /** Plans the next attempt. */
  plan(): void {
    const { minDelayMs, maxDelayMs } = this.#reconnect;
    const isFast = performance.now() < this.#fastUntil;
    const delayMs = Math.min(isFast ? FAST_RETRY_MS : maxDelayMs, minDelayMs * 2 ** this.#attempts);
    // Between half and all of the delay, so that the ports of a lost hub are not all tried at once.
    const restMs = delayMs * (0.5 + Math.random() / 2);
    this.#planIn(delayMs < 4 * TICK_MS ? restMs : onTick(restMs, delayMs));
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
    const now = performance.now();
    if (this.#attempts > 1 && now - this.#attemptedAt < MAX_AWAY_MS && this.#port.isAway()) {
      this.plan();
      return;
    }
    this.#attemptedAt = now;
    this.#onDue();
  }

  #deviceChanged(change: DeviceChange): void {
    const now = performance.now();
    const isNode = change === 'appeared';
    this.#fastUntil = Math.max(this.#fastUntil, now + (isNode ? FAST_RETRY_WINDOW_MS : FAST_RETRY_MS));
    if (this.#timer !== undefined) {
      const restMs = (isNode ? NODE_RETRY_MS : FAST_RETRY_MS) - (now - this.#attemptedAt);
      this.#planIn(Math.max(0, restMs));
    }
  }
}

/** The delay, made a little shorter or longer so that it ends on a tick, and is at least half of `maxMs`. */
function onTick(delayMs: number, maxMs: number): number {
  const now = performance.now();
  const shorter = Math.floor((now + delayMs) / TICK_MS) * TICK_MS - now;
  return shorter < maxMs / 2 ? shorter + TICK_MS : shorter;
}
