import type { Binding } from './binding.js';
import { isNetworkPath } from './network/network-address.js';
import type { Port } from './port.js';
import type { CompleteSerialConnection } from './serial-connection.js';

/** The control lines that the host sets. */
export interface SignalSettings {
  /** Data terminal ready. On most boards a change resets the processor. */
  dtr?: boolean;
  /** Request to send. With `rtscts` the driver sets it, so leave it out. */
  rts?: boolean;
  /** Break: holds the line to the device low. */
  brk?: boolean;
}

/** The control lines that the device sets. */
export interface Signals {
  /** Clear to send. */
  cts: boolean;
  /** Data set ready. */
  dsr: boolean;
  /** Data carrier detect. */
  dcd: boolean;
}

/** Calls the port of a connection. Rejects with a ConnectionError if there is no open port, or if the call fails. */
type OnPort = <Result>(call: (port: Port) => Promise<Result>) => Promise<Result>;

/** Matches the error of a port without control lines, for example a pseudo-terminal. */
const NO_CONTROL_LINES = /inappropriate ioctl|ENOTTY/i;

/** Matches the error of a driver without break, which `serialport` sets or clears before the lines. */
const NO_BREAK = /not supported|EOPNOTSUPP/i;

/** Why the control lines of a port cannot be set or read, in words that follow the connection. */
export function describeSignalsError(error: unknown): string {
  const text = textOf(error);
  if (NO_CONTROL_LINES.test(text)) {
    return 'this port has no control lines';
  }
  const why = NO_BREAK.test(text) ? ' (the driver does not support break, and serialport then sets no line)' : '';
  return `the control lines do not work: ${text.replace(/^Error:? /, '')}${why}`;
}

/** Whether setting the control lines failed because the port or its driver cannot do it. */
export function areLinesUnsupported(error: unknown): boolean {
  const text = textOf(error);
  return NO_CONTROL_LINES.test(text) || NO_BREAK.test(text);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The control lines that the host sets, right after a port was opened. */
export function openedLines(
  { dtr = true, rts, path }: Pick<CompleteSerialConnection, 'dtr' | 'rts' | 'path'>,
  { opening }: Pick<Binding, 'opening'>,
): Required<SignalSettings> {
  return { dtr, rts: rts ?? (opening !== 'windows' || isNetworkPath(path)), brk: false };
}

/** The control lines of one connection. They outlive its ports. */
export class ControlLines {
  readonly #initial: Required<SignalSettings>;
  readonly #onPort: OnPort;
  /** The latest settings: a binding can only set all lines at once. */
  #settings: Required<SignalSettings>;
  #allSet: Promise<void> = Promise.resolve();

  constructor(connection: CompleteSerialConnection, binding: Binding, onPort: OnPort) {
    this.#initial = openedLines(connection, binding);
    this.#settings = this.#initial;
    this.#onPort = onPort;
  }

  /** Notes that a port was opened, with its lines as the connection says. */
  opened(): void {
    this.#settings = this.#initial;
  }

  /**
   * Sets lines with one call of the port, after those of earlier calls: circuits that reset a board react to a state in
   * between.
   */
  set({ dtr, rts, brk }: SignalSettings): Promise<void> {
    const set = this.#allSet.then(async () => {
      const before = this.#settings;
      const settings = { dtr: dtr ?? before.dtr, rts: rts ?? before.rts, brk: brk ?? before.brk };
      await this.#onPort((port) => port.set(settings));
      this.#settings = settings;
    });
    this.#allSet = set.catch(() => undefined);
    return set;
  }

  /** Reads the lines that the device sets. */
  async get(): Promise<Signals> {
    const { cts, dsr, dcd } = await this.#onPort((port) => port.get());
    return { cts, dsr, dcd };
  }
}
