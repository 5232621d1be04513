import { randomInt } from 'node:crypto';
import type { Binding, BindingOpenOptions, BindingPort } from '../serial/binding.js';
import { type LineFaults, LineNoise, type LineStats, randomAt } from './faulty-line-noise.js';
import { FaultyPort } from './faulty-line-port.js';
import { noSuchPort } from './mock-device.js';

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
  #stalls = 0;
  #unplugs = 0;

  /** @throws RangeError if the seed or a fault is out of its range */
  constructor(binding: Binding, options: FaultyLineOptions) {
    const { path, seed = defaultSeed(), toDevice, toHost } = options;
    if (!Number.isSafeInteger(seed)) {
      throw new RangeError(`FaultyLine: the seed is ${seed}; it takes a whole number`);
    }
    this.seed = seed >>> 0;
    this.#inner = binding;
    this.#innerPath = path;
    this.#path = path;
    this.#toDevice = new LineNoise(this.seed, toDevice);
    // A sequence of its own: faults of both ways at the same places would be odd.
    this.#toHost = new LineNoise(Math.floor(randomAt(this.seed, 0) * 4_294_967_296), toHost);
    this.binding = { list: () => this.#list(), open: (openOptions) => this.#open(openOptions) };
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
   * @throws RangeError if a fault is out of its range
   */
  setFaults({ toDevice = {}, toHost = {} }: Pick<FaultyLineOptions, 'toDevice' | 'toHost'>): void {
    this.#toDevice.faults = toDevice;
    this.#toHost.faults = toHost;
  }

  /** Takes no more bytes of the host, as if the device had stopped it: its writes stay pending. */
  stall(): void {
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
   */
  unplug(): void {
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
    return ports
      .filter((port) => this.#isPlugged || port.path !== this.#innerPath)
      .map((port) => (port.path === this.#innerPath ? { ...port, path: this.#path } : port));
  }

  async #open(options: BindingOpenOptions): Promise<BindingPort> {
    if (!this.#leadsTo(options.path)) {
      if (options.path === this.#innerPath || options.path === this.#path) {
        throw noSuchPort(options.path);
      }
      return this.#inner.open(options);
    }
    // Else the device might still be busy with the port of before.
    await Promise.all([...this.#ports].map((port) => port.released));
    const inner = await this.#inner.open({ ...options, path: this.#innerPath });
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

  #leadsTo(path: string): boolean {
    return this.#isPlugged && path === this.#path;
  }
}

function defaultSeed(): number {
  const { TEST_SEED } = process.env;
  return TEST_SEED === undefined ? randomInt(2 ** 32) : Number(TEST_SEED);
}
