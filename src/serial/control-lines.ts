import type { Port } from './port.js';
import type { CompleteSerialConnection } from './serial-connection.js';

/** The control lines that the host sets. */
export interface SignalSettings {
  /** Data terminal ready. On most boards a change resets the processor. */
  dtr?: boolean;
  /** Request to send. Leave it alone with `rtscts`. */
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

/** Calls the port of a connection; rejects with a ConnectionError if there is none, or if it does not do that. */
type OnPort = <Result>(what: string, call: (port: Port) => Promise<Result>) => Promise<Result>;

/** The control lines of one connection, over all of its openings. */
export class ControlLines {
  readonly #atOpening: Required<SignalSettings>;
  readonly #onPort: OnPort;
  /** As they were set last: a binding can only set all of them at once. */
  #settings: Required<SignalSettings>;
  #allSet: Promise<void> = Promise.resolve();

  constructor({ dtr = true, rts = true }: CompleteSerialConnection, onPort: OnPort) {
    this.#atOpening = { dtr, rts, brk: false };
    this.#settings = this.#atOpening;
    this.#onPort = onPort;
  }

  /** A port was opened: its lines are as the connection says. */
  opened(): void {
    this.#settings = this.#atOpening;
  }

  /** Sets lines: one after the other, in the order of the fields, and after those of earlier calls. */
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

  /** Asks for the lines that the device sets. */
  async get(): Promise<Signals> {
    const { cts, dsr, dcd } = await this.#onPort('signals of', (port) => port.get());
    return { cts, dsr, dcd };
  }
}
