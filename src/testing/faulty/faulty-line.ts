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
import type { Binding, BindingOpenOptions, BindingPort } from '../../serial/binding.js';
import { knownPaths, withKnownPaths } from '../known-paths.js';
import { noSuchPort } from '../mock/mock-device.js';
import { FaultyPort } from './faulty-port.js';
import { completeFaults, type LineFaults, LineNoise, type LineStats, randomAt } from './line-noise.js';

/** Options of a {@link FaultyLine}. */
export interface FaultyLineOptions {
  /** The port of the binding that the line leads to, as it is opened. The binding's other ports are left as they are. */
  path: string;
  /**
   * What the faults are drawn from: a whole number, of which the lowest 32 bits count. Default: the environment
   * variable `TEST_SEED`, or, without it, another one each time.
   */
  seed?: number;
  /** What happens to the bytes of the host. Default: nothing. */
  toDevice?: LineFaults;
  /** What happens to the bytes of the device. Default: nothing. */
  toHost?: LineFaults;
}

/** What has happened on a {@link FaultyLine} so far, over all openings of its port. */
export interface FaultyLineStats {
  toDevice: LineStats;
  toHost: LineStats;
  /** Times that it was stalled. */
  stalls: number;
  /** Times that it was unplugged. */
  unplugs: number;
}

const aSeed: OptionRule = { expected: 'an integer', accepts: Number.isSafeInteger };

const FAULTS_RULES: OptionRules<Pick<FaultyLineOptions, 'toDevice' | 'toHost'>> = {
  toDevice: anObject,
  toHost: anObject,
};

const RULES: OptionRules<FaultyLineOptions> = { path: required(aName), seed: aSeed, ...FAULTS_RULES };

/**
 * A line on which things go wrong, between the host and a port of any binding: bytes are dropped, flipped, inserted and
 * duplicated, chunks are cut and delayed, all as its {@link seed} has it; on command it stalls, is unplugged, and comes
 * back, under the same path or another.
 *
 * What becomes of the n-th byte that goes one way depends on the seed and on n alone, not on time or chunks: the same
 * traffic meets the same faults again. Give {@link binding} to the `SerialCommunicator`, or to another line, if several
 * ports of one binding are to have one each.
 */
export class FaultyLine {
  /** What the faults are drawn from: a run is repeated by a line with the same one. Show it where a test fails. */
  readonly seed: number;
  /** The binding with the line in it. */
  readonly binding: Binding;
  readonly #inner: Binding;
  readonly #innerPath: string;
  readonly #toDevice: LineNoise;
  readonly #toHost: LineNoise;
  readonly #ports = new Set<FaultyPort>();
  #path: string;
  #isPlugged = true;
  #isStalled = false;
  /** Whether its port was ever seen. If not, its path may be misspelt. */
  #isSeen: boolean;
  /** Another port that was opened while that of the line had never been seen. */
  #passedBy: string | undefined;
  #stalls = 0;
  #unplugs = 0;

  /**
   * @throws InvalidArgumentError (`INVALID_OPTION`) if an option cannot be used, or the binding is one of this
   * module and none of its devices has that path
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
      const there = paths.map(describeValue).join(', ') || 'it has none';
      throw invalidOption(`FaultyLine: path is ${describeValue(path)}; expected a port of the binding: ${there}`);
    }
    this.#isSeen = paths !== undefined;
    this.seed = seed >>> 0;
    this.#inner = binding;
    this.#innerPath = path;
    this.#path = path;
    this.#toDevice = new LineNoise(this.seed, completeFaults('FaultyLine: toDevice', toDevice));
    // A sequence of its own: faults of both ways at the same places would be odd.
    const hostSeed = Math.floor(randomAt(this.seed, 0) * 4_294_967_296);
    this.#toHost = new LineNoise(hostSeed, completeFaults('FaultyLine: toHost', toHost));
    this.binding = { list: () => this.#list(), open: (openOptions) => this.#open(openOptions) };
    if (paths !== undefined) {
      withKnownPaths(this.binding, () => [...new Set([...paths, this.#path])]);
    }
  }

  /** The path of its port now, or, while it is unplugged, before. */
  get path(): string {
    return this.#path;
  }

  /** Whether it is plugged in: its port is in `list()` and can be opened. */
  get isPlugged(): boolean {
    return this.#isPlugged;
  }

  /** What has happened so far: a copy. */
  get stats(): FaultyLineStats {
    return {
      toDevice: { ...this.#toDevice.stats },
      toHost: { ...this.#toHost.stats },
      stalls: this.#stalls,
      unplugs: this.#unplugs,
    };
  }

  /**
   * Changes what happens to the bytes from now on; a way that is left out becomes clean. `setFaults({})` mends the
   * line.
   *
   * @throws InvalidArgumentError (`INVALID_OPTION`) if a fault cannot be used; nothing has changed then
   * @throws Error if its path seems to be wrong, as {@link stall} does
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
   * Takes no more bytes of the host, as if the device had stopped it: its writes stay pending.
   *
   * @throws Error if its path seems to be wrong: another port was opened through the line, while its own was neither
   * opened nor listed
   */
  stall(): void {
    this.#requireSeen('stall');
    if (!this.#isStalled) {
      this.#isStalled = true;
      this.#stalls++;
    }
  }

  /** Takes bytes again after {@link stall}, first those of the write that is pending. */
  resume(): void {
    this.#isStalled = false;
    for (const port of this.#ports) {
      port.resume();
    }
  }

  /**
   * Pulls the plug at the host's end: pending reads and writes reject with an error whose `disconnect` is true, and so
   * does everything later but `close`; the path leaves `list()`, and opening it fails with "No such file or
   * directory". The port behind the line is closed: what was on its way is lost. Does nothing when unplugged.
   *
   * @throws Error if its path seems to be wrong, as {@link stall} does
   */
  unplug(): void {
    this.#requireSeen('unplug');
    if (!this.#isPlugged) {
      return;
    }
    this.#isPlugged = false;
    this.#unplugs++;
    const message = `ENXIO: no such device or address, ${this.#path} was unplugged (FaultyLine seed ${this.seed})`;
    for (const port of this.#ports) {
      port.unplug(Object.assign(new Error(message), { code: 'ENXIO', disconnect: true }));
    }
  }

  /**
   * Plugs it in again; the host has to open it anew. Does nothing when plugged in.
   *
   * @param path - the path that its port has from now on; default: that of before
   * @throws Error if it is plugged in under another path
   */
  plug(path: string = this.#path): void {
    if (this.#isPlugged && path !== this.#path) {
      throw new Error(`FaultyLine: cannot plug it in as ${path}, it is plugged in as ${this.#path}; unplug it first`);
    }
    this.#isPlugged = true;
    this.#path = path;
  }

  async #list(): Promise<Awaited<ReturnType<Binding['list']>>> {
    const ports = await this.#inner.list();
    this.#isSeen ||= ports.some((port) => port.path === this.#innerPath);
    return ports
      .filter((port) => this.#isPlugged || port.path !== this.#innerPath)
      .map((port) => (port.path === this.#innerPath ? { ...port, path: this.#path } : port));
  }

  async #open(options: BindingOpenOptions): Promise<BindingPort> {
    if (!this.#leadsTo(options.path)) {
      if (options.path === this.#innerPath || options.path === this.#path) {
        throw noSuchPort(options.path);
      }
      return this.#passBy(options);
    }
    // Else the device might still be busy with the port of before.
    await Promise.all([...this.#ports].map((port) => port.released));
    const inner = await this.#inner.open({ ...options, path: this.#innerPath });
    this.#isSeen = true;
    if (!this.#leadsTo(options.path)) {
      await inner.close();
      throw noSuchPort(options.path);
    }
    const line = this;
    const ends = {
      toDevice: this.#toDevice,
      toHost: this.#toHost,
      get isStalled() {
        return line.#isStalled;
      },
    };
    const port: FaultyPort = new FaultyPort(inner, options.path, ends, () => this.#ports.delete(port));
    this.#ports.add(port);
    return port;
  }

  /** Opens a port that is not the line's. */
  async #passBy(options: BindingOpenOptions): Promise<BindingPort> {
    const port = await this.#inner.open(options);
    if (!this.#isSeen) {
      // A list that fails says nothing about the path.
      await this.#list().then(
        () => {
          this.#passedBy = options.path;
        },
        () => {},
      );
    }
    return port;
  }

  #requireSeen(call: string): void {
    if (!this.#isSeen && this.#passedBy !== undefined) {
      throw new Error(
        `FaultyLine: ${call} does nothing, the binding does not list ${describeValue(this.#innerPath)} and nobody has opened it; ` +
          `${describeValue(this.#passedBy)} was opened past the line, is that the path to give to it?`,
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
    throw invalidOption(`FaultyLine: the seed in TEST_SEED is ${describeValue(TEST_SEED)}; expected ${aSeed.expected}`);
  }
  return seed;
}
