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
type OnPort = <Result>(what: string, call: (port: Port) => Promise<Result>) => Promise<Result>;

/** The control lines of one connection. They outlive its ports. */
export class ControlLines {
  readonly #initial: Required<SignalSettings>;
  readonly #onPort: OnPort;
  /** The latest settings: a binding can only set all lines at once. */
  #settings: Required<SignalSettings>;
  #allSet: Promise<void> = Promise.resolve();

  constructor({ dtr = true, rts = true }: CompleteSerialConnection, onPort: OnPort) {
    this.#initial = { dtr, rts, brk: false };
    this.#settings = this.#initial;
    this.#onPort = onPort;
  }

  /** Notes that a port was opened, with its lines as the connection says. */
  opened(): void {
    this.#settings = this.#initial;
  }

  /** Sets lines one at a time, in the order of the fields, after those of earlier calls. Resolves when all are set. */
  set(settings: SignalSettings): Promise<void> {
    const changes = Object.entries(settings).filter(([, value]) => value !== undefined);
    const set = this.#allSet.then(async () => {
      for (const [line, value] of changes) {
        const settings = { ...this.#settings, [line]: value };
        await this.#onPort('setSignals of', (port) => port.set(settings));
        this.#settings = settings;
      }
    });
    this.#allSet = set.catch(() => undefined);
    return set;
  }

  /** Reads the lines that the device sets. */
  async get(): Promise<Signals> {
    const { cts, dsr, dcd } = await this.#onPort('signals of', (port) => port.get());
    return { cts, dsr, dcd };
  }
}
