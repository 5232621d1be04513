import type {
  Binding,
  Port,
  PortOpenOptions,
  ReadPort,
  SerialCommunicator,
  SerialStats,
  SignalSettings,
  Signals,
} from 'serial-communicator';
import type { SessionPort } from '../../ports/open-ports.js';
import { communicatorFor, initialize, watchConnections } from '../../session/connections.js';
import { type LineSettings, lineSettingsOf } from './line-settings.js';

/** A larger share of the requested baud rate is too much for a receiver to follow, as the library has it. */
const MAX_BAUD_RATE_ERROR = 0.03;

/** How long opening the port again may take before it counts as failed. */
const REOPEN_MS = 5_000;

/** An open port, as far as it is used past the communicator. */
export type RawPort = Pick<Port | ReadPort, 'flush' | 'update' | 'getBaudRate'> & {
  write(bytes: Uint8Array): Promise<void> | undefined;
  readonly writtenBytes?: number;
  shortenWrite?(bytes: number): void;
};

/** Gets what happens on a shared port. */
export interface SharedPortListener {
  /** Bytes arrived. They are valid until it returns. */
  received(chunk: Uint8Array): void;
  /** The port is open, and its device has settled. */
  opened(port: RawPort): void;
  /** The port is not open any more. */
  closed(): void;
}

/**
 * The serial port that clients share. A communicator opens it, reads it, and opens it again after a disconnect. What
 * clients send is written past it, because it is frames, or plain bytes, and not packets.
 */
export class SharedPort {
  readonly #port: SessionPort;
  readonly #listener: SharedPortListener;
  readonly #closing = new AbortController();
  #communicator: SerialCommunicator | undefined;
  /** What the open port has, and the next opening uses. */
  #settings: LineSettings;
  /** The latest port that was opened, and its settings. */
  #raw: RawPort | undefined;
  #rawSettings: LineSettings;
  /** Reads its baud rate. */
  #readBaudRate: RawPort['getBaudRate'] = () => Promise.resolve({ baudRate: this.#settings.baudRate });

  constructor(port: SessionPort, listener: SharedPortListener) {
    this.#port = port;
    this.#listener = listener;
    this.#settings = lineSettingsOf(port.connection);
    this.#rawSettings = this.#settings;
  }

  /** The settings of the line now. */
  get settings(): Readonly<LineSettings> {
    return this.#settings;
  }

  get stats(): SerialStats {
    return this.#open.stats(this.#port.name);
  }

  get isConnected(): boolean {
    return this.#open.connectionState(this.#port.name) === 'connected';
  }

  /**
   * Opens the port.
   *
   * @returns what rejects when the port is lost for good
   * @throws InitializeError if it cannot be opened
   */
  async open(): Promise<{ lost: Promise<never> }> {
    const { name } = this.#port;
    const communicator = await communicatorFor([this.#port], (binding) => this.#tapped(binding));
    this.#communicator = communicator;
    // Packets matter to the clients only.
    communicator.setReceiveHandler(() => {});
    communicator.on('chunk', ({ bytes }) => this.#listener.received(bytes));
    communicator.on('connected', () => {
      const port = this.#raw!;
      this.#settings = this.#rawSettings;
      const opened = () => {
        if (this.#raw === port && this.isConnected) {
          this.#listener.opened(port);
        }
      };
      communicator.ready(name, { signal: this.#closing.signal }).then(opened, () => {});
    });
    communicator.on('disconnected', () => this.#listener.closed());
    const lost = watchConnections(communicator, [this.#port], this.#closing.signal);
    await initialize(communicator, [this.#port]);
    return { lost };
  }

  /** Closes the port. Resolves when it is closed. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#communicator?.[Symbol.asyncDispose]();
  }

  /** Opens the port again: it does not do what it should. */
  async restart(): Promise<void> {
    await this.#open.connection(this.#port.name).release();
    await this.#reopen();
  }

  /**
   * Changes settings of the line. The baud rate changes at once; for the others, the port is closed and opened again.
   *
   * @throws an error if the port cannot do it; the settings are then as before
   */
  async change(changes: Partial<LineSettings>): Promise<void> {
    const before = this.#settings;
    const after = { ...before, ...changes };
    if (isSameButBaudRate(before, after)) {
      if (after.baudRate !== before.baudRate) {
        await this.#changeBaudRate(after.baudRate);
      }
      return;
    }
    this.#settings = after;
    try {
      await this.restart();
    } catch (error) {
      // Each attempt to open it takes the settings when it starts.
      this.#settings = before;
      this.#reopen().catch(() => {});
      throw error;
    }
  }

  /** Rejects if it takes too long. Unless reconnecting is off, the port is still opened then, as soon as that is possible. */
  #reopen(): Promise<void> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(REOPEN_MS)]);
    return this.#open.connection(this.#port.name).reopen({ signal });
  }

  async #changeBaudRate(baudRate: number): Promise<void> {
    const before = this.#settings;
    const port = this.#raw;
    if (port !== undefined && this.isConnected) {
      await port.update({ baudRate });
      const actual = (await this.#readBaudRate().catch(() => undefined))?.baudRate || baudRate;
      if (Math.abs(actual - baudRate) > baudRate * MAX_BAUD_RATE_ERROR) {
        await port.update({ baudRate: before.baudRate });
        throw new Error(`the driver cannot do ${baudRate} bit/s, and has set ${actual} bit/s`);
      }
    }
    this.#settings = { ...before, baudRate };
  }

  /** Sets control lines. */
  setSignals(signals: SignalSettings): Promise<void> {
    return this.#open.setSignals(this.#port.name, signals);
  }

  /** Reads the control lines that the device sets. */
  signals(): Promise<Signals> {
    return this.#open.signals(this.#port.name);
  }

  get #open(): SerialCommunicator {
    return this.#communicator!;
  }

  /** The binding, with the settings of now, and noting what it opens. */
  #tapped(binding: Binding): Binding {
    return {
      ...binding,
      open: async (options: PortOpenOptions) => {
        const settings = this.#settings;
        const { baudRate } = settings;
        const port = await binding.open({ ...options, ...settings });
        const read = port.getBaudRate.bind(port);
        this.#readBaudRate = read;
        if (baudRate !== options.baudRate) {
          // The communicator compares it with the rate that it has asked for.
          port.getBaudRate = async () => ({
            baudRate: Math.round(((await read()).baudRate / baudRate) * options.baudRate),
          });
        }
        this.#raw = port;
        this.#rawSettings = settings;
        return port;
      },
    };
  }
}

function isSameButBaudRate(one: LineSettings, other: LineSettings): boolean {
  return (Object.keys(one) as (keyof LineSettings)[]).every((name) => name === 'baudRate' || one[name] === other[name]);
}
