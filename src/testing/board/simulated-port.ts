import type { BindingOpenOptions, BindingPort, WatchfulPort } from '../../serial/binding.js';
import type { SimulatedHardware } from './simulated-hardware.js';

/** What a port needs of its board. */
interface PortBackend {
  readonly hardware: SimulatedHardware;
  setDtr(isHigh: boolean): void;
  /** The port has been closed; resolves when it may be opened again. */
  release(port: SimulatedPort): Promise<void>;
}

/** An error that tells that a request was given up because the port was closed. */
function canceledError(message: string): Error & { canceled: true } {
  return Object.assign(new Error(message), { canceled: true as const });
}

/** An open port of a simulated board, as `@serialport/bindings-interface` describes it. */
export class SimulatedPort implements WatchfulPort {
  readonly openOptions: Required<BindingOpenOptions>;
  isOpen = true;
  readonly #backend: PortBackend;
  #disconnected: Error | undefined;

  onHangUp?: (error: Error) => void;

  constructor(openOptions: Required<BindingOpenOptions>, backend: PortBackend) {
    this.openOptions = openOptions;
    this.#backend = backend;
  }

  /**
   * The board has been unplugged: what is pending, and from now on everything but {@link close}, rejects with `error`.
   */
  disconnect(error: Error): void {
    this.#disconnected = error;
    const isTold = this.#backend.hardware.tty.isAwaited(this);
    this.#backend.hardware.tty.reject(error, this);
    if (!isTold && this.isOpen) {
      this.onHangUp?.(error);
    }
  }

  async close(): Promise<void> {
    if (!this.isOpen) {
      throw new Error('Port is not open');
    }
    this.isOpen = false;
    this.#backend.hardware.tty.reject(canceledError('Port was closed'), this);
    await this.#backend.release(this);
  }

  async read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    if (!Buffer.isBuffer(buffer)) {
      throw new TypeError('"buffer" is not a Buffer');
    }
    if (!Number.isInteger(offset) || offset < 0) {
      throw new TypeError(`"offset" is not a valid integer, got ${offset}`);
    }
    if (!Number.isInteger(length) || length < 1) {
      throw new TypeError(`"length" is not a positive integer, got ${length}`);
    }
    if (buffer.length < offset + length) {
      throw new Error('buffer is too small');
    }
    this.#assertUsable();
    const bytesRead = await this.#backend.hardware.tty.read(this, buffer.subarray(offset, offset + length));
    return { buffer, bytesRead };
  }

  async write(buffer: Buffer): Promise<void> {
    if (!Buffer.isBuffer(buffer)) {
      throw new TypeError('"buffer" is not a Buffer');
    }
    this.#assertUsable();
    const accepted = this.#backend.hardware.tty.write(this, buffer);
    this.#backend.hardware.transmit();
    await accepted;
  }

  async update(options: Parameters<BindingPort['update']>[0]): Promise<void> {
    if (typeof options?.baudRate !== 'number' || !(options.baudRate > 0)) {
      throw new TypeError('"options.baudRate" is not a positive number');
    }
    this.#assertUsable();
    const { hardware } = this.#backend;
    hardware.line = { ...hardware.line, baudRate: options.baudRate };
  }

  /** Only `dtr` has an effect; as with the real binding, it falls unless it is set. */
  async set(options: Parameters<BindingPort['set']>[0]): Promise<void> {
    if (typeof options !== 'object' || options === null) {
      throw new TypeError('"options" is not an object');
    }
    this.#assertUsable();
    this.#backend.setDtr(Boolean(options.dtr));
  }

  /** What Linux reports of an Uno's USB interface, which has none of these lines. */
  async get(): ReturnType<BindingPort['get']> {
    this.#assertUsable();
    return { cts: true, dsr: false, dcd: false };
  }

  async getBaudRate(): Promise<{ baudRate: number }> {
    this.#assertUsable();
    return { baudRate: this.#backend.hardware.line.baudRate };
  }

  async flush(): Promise<void> {
    this.#assertUsable();
    this.#backend.hardware.flush();
  }

  async drain(): Promise<void> {
    this.#assertUsable();
    await this.#backend.hardware.drain(this);
  }

  #assertUsable(): void {
    if (!this.isOpen) {
      throw new Error('Port is not open');
    }
    if (this.#disconnected) {
      throw this.#disconnected;
    }
  }
}
