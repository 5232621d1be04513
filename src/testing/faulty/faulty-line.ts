import { randomInt } from 'node:crypto';
import {
  aName,
  anObject,
  checkOptions,
  describeValue,
  invalidOption,
  type OptionRule,
  type OptionRules,
  required,
} from '../../options.js';
import type { Binding, PortInfo, PushBinding } from '../../serial/binding.js';
import type { Port, PortOpenOptions } from '../../serial/port.js';
import { asPort } from '../../serial/read-port-adapter.js';
import { knownPaths, withKnownPaths } from '../known-paths.js';
import { noSuchPort, unplugged } from '../linux-errors.js';
import { completeOpenOptions } from '../open-options.js';
import { FaultyPort, type LineOfPort } from './faulty-port.js';
import { completeFaults, type LineFaults, LineNoise, type LineStats, randomAt } from './line-noise.js';

/** Options of a {@link FaultyLine}. */
export interface FaultyLineOptions {
  /** Path of the port that the line leads to. Other ports of the binding are not affected. */
  path: string;
  /**
   * Seed of the random faults, an integer. Only its lowest 32 bits count. Default: the environment variable `TEST_SEED`,
   * or a random number if it is not set.
   */
  seed?: number;
  /** Faults of the bytes that the host sends. Default: none. */
  toDevice?: LineFaults;
  /** Faults of the bytes that the device sends. Default: none. */
  toHost?: LineFaults;
}

/** Counts of a {@link FaultyLine} since it was created. */
export interface FaultyLineStats {
  toDevice: LineStats;
  toHost: LineStats;
  /** Number of times it was stalled. */
  stalls: number;
  /** Number of times it was unplugged. */
  unplugs: number;
}

const aSeed: OptionRule = { expected: 'an integer', accepts: Number.isSafeInteger };

const FAULTS_RULES: OptionRules<Pick<FaultyLineOptions, 'toDevice' | 'toHost'>> = {
  toDevice: anObject,
  toHost: anObject,
};

const RULES: OptionRules<FaultyLineOptions> = { path: required(aName), seed: aSeed, ...FAULTS_RULES };

/**
 * A serial line with faults, between the host and a port of any binding. It drops, flips, inserts and duplicates bytes,
 * and cuts and delays chunks, at random but repeatably. On command it stalls, is unplugged, and is plugged in again under
 * the same path or another.
 *
 * The fault that hits the n-th byte in one direction depends on the {@link seed} and on n only, not on time or chunks: a
 * line with the same seed applies the same faults to the same traffic. Pass {@link binding} to the `SerialCommunicator`,
 * or to another `FaultyLine` for a second port of the same binding.
 */
export class FaultyLine {
  /** Seed of the random faults. A line with the same seed repeats a run. Print it when a test fails. */
  readonly seed: number;
  /** The inner binding, with this line in front of its port. */
  readonly binding: PushBinding;
  readonly #inner: Binding;
  readonly #innerPath: string;
  readonly #toDevice: LineNoise;
  readonly #toHost: LineNoise;
  readonly #ports = new Set<FaultyPort>();
  #path: string;
  #isPlugged = true;
  #isStalled = false;
  /** Whether its port was ever listed or opened. If not, its path may be misspelled. */
  #isSeen: boolean;
  /** Path of another port, opened while that of the line had never been seen. */
  #otherPath: string | undefined;
  #stalls = 0;
  #unplugs = 0;

  /**
   * @param binding - any binding
   * @throws InvalidArgumentError (`INVALID_OPTION`) if an option is invalid, or the binding is one of this module and
   * no device of it has the path
   */
  constructor(binding: Binding, options: FaultyLineOptions) {
    if (typeof binding?.list !== 'function' || typeof binding.open !== 'function') {
      throw invalidOption(
        `FaultyLine: the binding is ${describeValue(binding)}; expected one such as mockBinding(device)`,
      );
    }
    const { path, seed = defaultSeed(), toDevice = {}, toHost = {} } = checkOptions('FaultyLine', options, RULES);
    const paths = knownPaths(binding);
    if (paths?.includes(path) === false) {
      const available = paths.map(describeValue).join(', ') || 'none';
      throw invalidOption(
        `FaultyLine: no port of the binding has the path ${describeValue(path)}; available: ${available}`,
      );
    }
    this.#isSeen = paths !== undefined;
    this.seed = seed >>> 0;
    this.#inner = binding;
    this.#innerPath = path;
    this.#path = path;
    this.#toDevice = new LineNoise(this.seed, completeFaults('FaultyLine: toDevice', toDevice));
    // A different sequence, so that the faults of both directions do not hit the same positions.
    const hostSeed = Math.floor(randomAt(this.seed, 0) * 4_294_967_296);
    this.#toHost = new LineNoise(hostSeed, completeFaults('FaultyLine: toHost', toHost));
    this.binding = { list: () => this.#list(), open: (openOptions) => this.#open(openOptions) };
    if (paths !== undefined) {
      withKnownPaths(this.binding, () => [...new Set([...paths, this.#path])]);
    }
  }

  /** The current path of its port. While it is unplugged, its last path. */
  get path(): string {
    return this.#path;
  }

  /** Whether it is plugged in: its port is in `list()` and can be opened. */
  get isPlugged(): boolean {
    return this.#isPlugged;
  }

  /** A copy of the counts. */
  get stats(): FaultyLineStats {
    return {
      toDevice: { ...this.#toDevice.stats },
      toHost: { ...this.#toHost.stats },
      stalls: this.#stalls,
      unplugs: this.#unplugs,
    };
  }

  /**
   * Replaces the faults from now on. A direction that is left out has no faults: `setFaults({})` repairs the line.
   *
   * @throws InvalidArgumentError (`INVALID_OPTION`) if a fault is invalid; then nothing changes
   * @throws Error if the path seems to be wrong, as {@link stall} does
   */
  setFaults(faults: Pick<FaultyLineOptions, 'toDevice' | 'toHost'>): void {
    const { toDevice = {}, toHost = {} } = checkOptions('FaultyLine: setFaults', faults, FAULTS_RULES);
    const completeToDevice = completeFaults('FaultyLine: toDevice', toDevice);
    const completeToHost = completeFaults('FaultyLine: toHost', toHost);
    this.#requireSeen('setFaults');
    this.#toDevice.faults = completeToDevice;
    this.#toHost.faults = completeToHost;
  }

  /**
   * Stops accepting bytes from the host: its writes stay pending.
   *
   * @throws Error if the path seems to be wrong: another port was opened through {@link binding}, but the port of the
   * line was never listed or opened
   */
  stall(): void {
    this.#requireSeen('stall');
    if (!this.#isStalled) {
      this.#isStalled = true;
      this.#stalls++;
    }
  }

  /** Accepts bytes again after {@link stall}, beginning with those of the pending write. */
  resume(): void {
    this.#isStalled = false;
    for (const port of this.#ports) {
      port.resumeWriting();
    }
  }

  /**
   * Unplugs the line at the host's end. Its open port hangs up: pending calls, and all later ones except `close`, reject
   * with an error whose `disconnect` is true. The path disappears from `list()`, and opening it fails with "No such file
   * or directory". The inner port is closed, and bytes in flight are lost. Does nothing if it is unplugged.
   *
   * @throws Error if the path seems to be wrong, as {@link stall} does
   */
  unplug(): void {
    this.#requireSeen('unplug');
    if (!this.#isPlugged) {
      return;
    }
    this.#isPlugged = false;
    this.#unplugs++;
    for (const port of this.#ports) {
      port.unplug(unplugged(this.#path, ` (FaultyLine seed ${this.seed})`));
    }
  }

  /**
   * Plugs the line in again. The host has to open its port again. Does nothing if it is plugged in.
   *
   * @param path - path of its port from now on. Default: the last one
   * @throws Error if it is plugged in under another path
   */
  plug(path: string = this.#path): void {
    if (this.#isPlugged && path !== this.#path) {
      throw new Error(`FaultyLine: cannot plug in as ${path}: plugged in as ${this.#path}; unplug it first`);
    }
    this.#isPlugged = true;
    this.#path = path;
  }

  async #list(): Promise<PortInfo[]> {
    const ports = await this.#inner.list();
    this.#isSeen ||= ports.some((port) => port.path === this.#innerPath);
    return ports
      .filter((port) => this.#isPlugged || port.path !== this.#innerPath)
      .map((port) => (port.path === this.#innerPath ? { ...port, path: this.#path } : port));
  }

  async #open(options: PortOpenOptions): Promise<Port> {
    completeOpenOptions(options);
    if (!this.#leadsTo(options.path)) {
      if (options.path === this.#innerPath || options.path === this.#path) {
        throw noSuchPort(options.path);
      }
      return this.#openOther(options);
    }
    // The device may still be busy with the port that was open before.
    await Promise.all([...this.#ports].map((port) => port.released));
    const inner = asPort(await this.#inner.open({ ...options, path: this.#innerPath }));
    this.#isSeen = true;
    if (!this.#leadsTo(options.path)) {
      await inner.close();
      throw noSuchPort(options.path);
    }
    const line = this;
    const lineOfPort: LineOfPort = {
      toDevice: this.#toDevice,
      toHost: this.#toHost,
      get isStalled() {
        return line.#isStalled;
      },
    };
    const port: FaultyPort = new FaultyPort(inner, options.path, lineOfPort, () => this.#ports.delete(port));
    this.#ports.add(port);
    return port;
  }

  /** Opens a port that is not the line's. */
  async #openOther(options: PortOpenOptions): Promise<Port> {
    const port = asPort(await this.#inner.open(options));
    if (!this.#isSeen) {
      // If the ports cannot be listed, the path may be right.
      await this.#list().then(
        () => {
          this.#otherPath = options.path;
        },
        () => {},
      );
    }
    return port;
  }

  #requireSeen(call: string): void {
    if (!this.#isSeen && this.#otherPath !== undefined) {
      throw new Error(
        `FaultyLine: ${call} would have no effect: ${describeValue(this.#innerPath)} was never listed or opened. Did you mean ` +
          `${describeValue(this.#otherPath)}, which was opened through this binding?`,
      );
    }
  }

  #leadsTo(path: string): boolean {
    return this.#isPlugged && path === this.#path;
  }
}

function defaultSeed(): number {
  const { TEST_SEED } = process.env;
  if (TEST_SEED === undefined) {
    return randomInt(2 ** 32);
  }
  const seed = Number(TEST_SEED);
  if (!aSeed.accepts(seed)) {
    throw invalidOption(`FaultyLine: TEST_SEED is ${describeValue(TEST_SEED)}; expected ${aSeed.expected}`);
  }
  return seed;
}
