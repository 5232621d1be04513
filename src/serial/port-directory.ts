import { within } from '../timing/patient-timer.js';
import type { Binding, PortInfo } from './binding.js';
import { type DeviceSelector, matches } from './device-selector.js';
import { type DeviceChange, deviceWatch } from './device-watch.js';
import { isNetworkPath } from './network/network-address.js';

/** A listing that takes longer than this is not waited for by others. */
const HUNG_MS = 1_000;

/** A listing is shared for at most this many times as long as it took: one that is quickly made is made more often. */
const SHARE_FACTOR = 1_000;

/** How long after a device was added udev may still make the link that `pnpId` is read from. */
const UDEV_MS = 2_000;

/** A listing made before the end of that time is shared for a fraction of the time. */
const EARLY_FRACTION = 5;

/** How long after a device was added or removed the waiting selectors are compared with the ports. */
const COMPARE_DELAY_MS = 20;

/** Shortest time between two such comparisons. */
const COMPARE_INTERVAL_MS = 100;

interface Listing {
  readonly ports: Promise<PortInfo[]>;
  readonly startedAt: number;
  /** Undefined while it is in progress. */
  tookMs: number | undefined;
  /** Undefined while it is in progress, and if it failed. */
  result: PortInfo[] | undefined;
}

/** How long a listing shows which devices are away, if no device was added or removed since. */
const AWAY_LISTING_MS = 5_000;

type OnChange = (change: DeviceChange) => void;

/** The port for which a connection waits. */
export interface AwaitedPort {
  /**
   * Calls `onChange` when the port may have appeared.
   *
   * @returns a function that ends the watch
   */
  watch(onChange: OnChange): () => void;
  /** Whether it is known, without a search, that there is no such port. */
  isAway(): boolean;
}

/**
 * What the connections of a process share about the ports of one binding: one listing, and one watch that wakes only the
 * connections whose device may have returned.
 */
class PortDirectory {
  readonly #binding: Binding;
  #latest: Listing | undefined;
  /** A listing that starts when the one in progress ends. */
  #next: Promise<PortInfo[]> | undefined;
  /** The connections that wait for a device, whatever its path is. */
  readonly #selectors = new Map<OnChange, DeviceSelector>();
  /** Number of connections that wait. Without any, it is unknown whether a listing is outdated. */
  #watchers = 0;
  /** When a device was last added or removed. */
  #changedAt = Number.NEGATIVE_INFINITY;
  #unwatch: (() => void) | undefined;
  #compareTimer: NodeJS.Timeout | undefined;
  #comparedAt = Number.NEGATIVE_INFINITY;

  constructor(binding: Binding) {
    this.#binding = binding;
  }

  /**
   * The same binding, whose `list` returns a shared listing.
   *
   * @param maxAgeMs - the oldest listing to return. 0: one that starts after the call
   */
  sharing(maxAgeMs: number): Binding {
    const { describe, hasNode, opening } = this.#binding;
    return {
      list: () => this.#list(maxAgeMs),
      open: (options) => this.#binding.open(options),
      ...(opening && { opening }),
      ...(describe && { describe: (path: string) => describe.call(this.#binding, path) }),
      ...(hasNode && { hasNode: (path: string) => hasNode.call(this.#binding, path) }),
    };
  }

  /** The port of a connection that has a path or a selector. */
  awaited(path: string | undefined, selector: DeviceSelector = {}): AwaitedPort {
    if (isNetworkPath(path)) {
      return { watch: () => () => undefined, isAway: () => false };
    }
    return path === undefined
      ? {
          watch: (onChange) => {
            this.#selectors.set(onChange, selector);
            return this.#watch(() => this.#selectors.delete(onChange));
          },
          isAway: () => this.#isAway(selector),
        }
      : {
          watch: (onChange) => this.#watch(deviceWatch.addPath(path, onChange)),
          isAway: () => this.#binding.hasNode?.(path) === false,
        };
  }

  /** Counts a connection that waits. Returns a function that ends its watch. */
  #watch(end: () => void): () => void {
    if (this.#watchers++ === 0) {
      this.#latest = undefined;
      this.#unwatch = deviceWatch.addAll(() => this.#changed());
    }
    return () => {
      end();
      if (--this.#watchers === 0) {
        this.#unwatch?.();
        clearTimeout(this.#compareTimer);
        this.#compareTimer = undefined;
      }
    };
  }

  /** Whether a listing that must be up to date shows no port that may match. */
  #isAway(selector: DeviceSelector): boolean {
    const latest = this.#latest;
    return (
      this.#binding.hasNode !== undefined &&
      latest?.result !== undefined &&
      latest.startedAt > this.#changedAt &&
      performance.now() - latest.startedAt < AWAY_LISTING_MS &&
      !latest.result.some((port) => mayMatch(port, selector))
    );
  }

  #list(maxAgeMs: number): Promise<PortInfo[]> {
    const latest = this.#latest;
    if (latest === undefined) {
      return this.#start();
    }
    const ageMs = performance.now() - latest.startedAt;
    const { tookMs } = latest;
    const isEarly = latest.startedAt < this.#changedAt + UDEV_MS;
    const limitMs = Math.min(maxAgeMs, SHARE_FACTOR * (tookMs ?? HUNG_MS)) / (isEarly ? EARLY_FRACTION : 1);
    if (ageMs < limitMs) {
      return latest.ports;
    }
    if (tookMs !== undefined || ageMs >= HUNG_MS) {
      return this.#start();
    }
    this.#next ??= within(HUNG_MS, settled(latest.ports)).then(() => {
      this.#next = undefined;
      return this.#start();
    });
    return this.#next;
  }

  #start(): Promise<PortInfo[]> {
    const startedAt = performance.now();
    const ports = (async () => this.#binding.list())();
    const listing: Listing = { ports, startedAt, tookMs: undefined, result: undefined };
    this.#latest = listing;
    void settled(ports).then((result) => {
      listing.tookMs = performance.now() - startedAt;
      listing.result = result;
      if (result === undefined && this.#latest === listing) {
        this.#latest = undefined;
      }
    });
    return ports;
  }

  /** A device was added or removed. */
  #changed(): void {
    this.#changedAt = performance.now();
    if (this.#selectors.size > 0) {
      const restMs = COMPARE_INTERVAL_MS - (performance.now() - this.#comparedAt);
      this.#compareTimer ??= setTimeout(() => void this.#compare(), Math.max(COMPARE_DELAY_MS, restMs));
    }
  }

  /** Wakes the connections whose selectors may match a port. */
  async #compare(): Promise<void> {
    this.#compareTimer = undefined;
    this.#comparedAt = performance.now();
    const ports = await settled(this.#list(0));
    for (const [onChange, selector] of [...this.#selectors]) {
      if (ports === undefined || ports.some((port) => mayMatch(port, selector))) {
        onChange('appeared');
      }
    }
  }
}

export type { PortDirectory };

const directories = new WeakMap<Binding, PortDirectory>();

/** The directory that all connections over this binding share. */
export function portDirectory(binding: Binding): PortDirectory {
  const directory = directories.get(binding) ?? new PortDirectory(binding);
  directories.set(binding, directory);
  return directory;
}

/** Whether a port has a node and matches, or may do so when udev has made its link in `/dev/serial/by-id`. */
function mayMatch(port: PortInfo, { pnpId, ...known }: DeviceSelector): boolean {
  return port.hasNode !== false && matches(port, known);
}

/** Resolves with what the promise resolves with, or undefined if it rejects. */
function settled<Result>(promise: Promise<Result>): Promise<Result | undefined> {
  return promise.catch(() => undefined);
}
