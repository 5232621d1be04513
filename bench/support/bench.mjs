import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { LineProcess } from './line-process.mjs';
import { cProgram, peerScript, tools } from './tools.mjs';

const sidesFolder = fileURLToPath(new URL('../sides/', import.meta.url));

/** Position of the byte that `--corrupt` changes: late enough that everything is running. */
const CORRUPT_AT_BYTE = 2_000;

/**
 * @typedef {object} BenchOptions
 * @property {boolean} quick run the short form
 * @property {string} [corrupt] side on which one byte is changed
 * @property {string} [base] another checkout, built, to compare with
 * @property {'default' | 'serialport' | 'direct'} binding binding that the library uses
 */

/** One run of one benchmark: its processes, and the values measured on each side in each round. */
export class Bench {
  /** @type {BenchOptions} */
  options;
  /** The reason for each skipped side. */
  skipped = new Map();
  /** Values by side and metric, in the order of the rounds. */
  values = new Map();
  /** Whether a side existed on which a byte could be changed. */
  corrupted = false;
  #processes = [];

  /** @param {BenchOptions} options */
  constructor(options) {
    this.options = options;
  }

  /** Returns `full`, or `quick` in the short form. */
  size(full, quick) {
    return this.options.quick ? quick : full;
  }

  /**
   * Calls `measure` for every side in every round, so that a temporary slowdown of the machine affects all sides. The
   * order is reversed in every other round, so that no side always follows the same one. Unless `warmUp` is false, the
   * first round does not count.
   *
   * @param {object} sides by name
   * @param {number} rounds
   * @param {(side: object, name: string) => Promise<Record<string, number>>} measure returns values by metric
   */
  async alternate(sides, rounds, measure, { warmUp = true } = {}) {
    const names = Object.keys(sides);
    for (const name of names) {
      this.values.set(name, this.values.get(name) ?? new Map());
    }
    for (let round = warmUp ? 0 : 1; round <= rounds; round++) {
      for (const name of round % 2 === 0 ? names : names.toReversed()) {
        const values = await measure(sides[name], name);
        if (round > 0) {
          this.record(name, values);
        }
      }
    }
  }

  record(side, values) {
    for (const [metric, value] of Object.entries(values)) {
      const byMetric = this.values.get(side) ?? new Map();
      this.values.set(side, byMetric);
      byMetric.set(metric, [...(byMetric.get(metric) ?? []), value]);
    }
  }

  /** Returns whether a tool is available. If not, the report lists the side as skipped. */
  has(tool, side) {
    const missing = tools[tool]();
    if (missing !== undefined) {
      this.skipped.set(side, missing);
    }
    return missing === undefined;
  }

  /** Returns whether one byte must be changed on this side. */
  corrupts(side) {
    this.corrupted ||= this.options.corrupt === side;
    return this.options.corrupt === side;
  }

  /** Starts a device: a program in `peers/`. Returns its process and the paths of its ports. */
  async device(side, mode, { size = 64, ports, program = 'device' } = {}) {
    const args = [mode, '--size', String(size)];
    if (ports !== undefined) {
      args.push('--ports', String(ports));
    }
    if (this.corrupts(side)) {
      args.push('--corrupt', String(CORRUPT_AT_BYTE));
    }
    const device = this.#start(`${side}: device`, cProgram(program), args);
    const { paths } = await device.next();
    return { device, paths };
  }

  /**
   * Starts a device, and a Node process that opens its ports with a stack in `sides/`, or with the library of the other
   * checkout, the stack `base`.
   */
  async nodeHost(stack, workload, { size, ports, gapMs = 0, deviceMode = workload, program, flags = [] }) {
    const { device, paths } = await this.device(stack, deviceMode, { size, ports, program });
    const { binding, base } = this.options;
    const other = stack === 'base' && { stack: 'ours', library: path.resolve(base, 'dist/index.js') };
    const config = { stack, workload, size, gapMs, paths, binding, ...other };
    const host = this.node(stack, 'host.mjs', [JSON.stringify(config)], flags);
    return { device, host, ready: await host.next() };
  }

  /** Starts a device, and the C program that opens its port. */
  async cHost(workload, { size, gapMs = 0, deviceMode = workload }) {
    const { device, paths } = await this.device('c', deviceMode, { size });
    const host = this.#start('c', cProgram('host'), [paths[0], workload, String(size), String(gapMs)]);
    await host.next();
    return { device, host };
  }

  /** Starts a device, and the Python program that opens its port. */
  async pythonHost({ size }) {
    const { device, paths } = await this.device('pyserial', 'echo', { size });
    const host = this.#start('pyserial', 'python3', [peerScript('echo.py'), paths[0], String(size)]);
    await host.next();
    return { device, host };
  }

  /** Starts a program in `sides/`. */
  node(name, file, args, flags = []) {
    return this.#start(name, process.execPath, [...flags, `${sidesFolder}${file}`, ...args]);
  }

  /** Starts a C program in `peers/`. */
  c(name, program, args = []) {
    return this.#start(name, cProgram(program), args);
  }

  close() {
    for (const child of this.#processes) {
      child.kill();
    }
  }

  #start(name, command, args) {
    const child = new LineProcess(name, command, args);
    this.#processes.push(child);
    return child;
  }
}

/**
 * Runs a workload of `count` packets on a host and its device.
 *
 * @param {'first' | 'then'} [deviceRuns] whether the device starts before the host or after it; an echoing device needs
 *   no command
 */
export async function runHost({ host, device }, count, deviceRuns, timeoutMs) {
  if (deviceRuns === 'first') {
    device.tell(`run ${count}`);
  }
  host.tell(`run ${count}`);
  await host.next(timeoutMs);
  if (deviceRuns === 'then') {
    device.tell(`run ${count}`);
  }
  const [result, deviceResult] = await Promise.all([
    host.next(timeoutMs),
    deviceRuns === undefined ? undefined : device.next(timeoutMs),
  ]);
  return { ...result, device: deviceResult };
}
