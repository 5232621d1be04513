import type { Binding, PortInfo } from '../serial/binding.js';
import type { Port, PortOpenOptions, ReadPort } from '../serial/port.js';

/**
 * A binding as `serialport` uses it, whose ports are read: the `BindingInterface` of `@serialport/bindings-interface`.
 */
export interface SerialPortBinding {
  list(): Promise<PortInfo[]>;
  open(options: PortOpenOptions): Promise<ReadPort>;
}

/**
 * Makes a binding usable by `serialport` itself. It works for every binding of this package, `directBinding` included.
 *
 * @example
 * ```ts
 * // In a variable, because the types of `SerialPort` leave out `binding`.
 * const options = { binding: serialPortBinding(mockBinding(device)), path: device.path, baudRate: 115_200 };
 * const port = new SerialPort(options);
 * ```
 */
export function serialPortBinding(binding: Binding): SerialPortBinding {
  return {
    list: () => binding.list(),
    async open(options) {
      const port = await binding.open(options);
      return 'start' in port ? new PortReader(port) : port;
    },
  };
}

interface PendingRead {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly length: number;
  resolve(result: { buffer: Buffer; bytesRead: number }): void;
  reject(error: Error): void;
}

/** Makes a {@link ReadPort} of a {@link Port}: it asks for a chunk only when a read needs one. */
class PortReader implements ReadPort {
  readonly #port: Port;
  /** Received and not yet read. */
  #unread: Buffer = Buffer.alloc(0);
  #read: PendingRead | undefined;
  #isAsked = false;
  #failure: Error | undefined;

  constructor(port: Port) {
    this.#port = port;
    port.start({
      received: (chunk) => {
        this.#unread = Buffer.concat([this.#unread, chunk]);
        this.#isAsked = false;
        this.#serveRead();
        return false;
      },
      writeProgressed: () => {},
      hungUp: (error) => {
        this.#failure = disconnected(error);
        this.#serveRead();
      },
    });
  }

  get openOptions(): Required<PortOpenOptions> {
    return this.#port.openOptions;
  }

  get isOpen(): boolean {
    return this.#port.isOpen;
  }

  read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    return new Promise((resolve, reject) => {
      assertBuffer(buffer);
      if (!Number.isInteger(offset) || offset < 0) {
        throw new TypeError(`"offset" is not a valid integer, got ${offset}`);
      }
      if (!Number.isInteger(length) || length < 1) {
        throw new TypeError(`"length" is not a positive integer, got ${length}`);
      }
      if (buffer.length < offset + length) {
        throw new RangeError('buffer is too small');
      }
      if (!this.isOpen) {
        throw new Error('Port is not open');
      }
      if (this.#read !== undefined) {
        throw new Error('a read is already pending');
      }
      this.#read = { buffer, offset, length, resolve, reject };
      this.#serveRead();
    });
  }

  async write(buffer: Buffer): Promise<void> {
    assertBuffer(buffer);
    await this.#port.write(buffer);
  }

  async close(): Promise<void> {
    if (!this.isOpen) {
      throw new Error('Port is not open');
    }
    const read = this.#read;
    this.#read = undefined;
    const closed = this.#port.close();
    read?.reject(Object.assign(new Error('Port is closed'), { canceled: true }));
    await closed;
  }

  async update(options: Parameters<ReadPort['update']>[0]): Promise<void> {
    if (typeof options?.baudRate !== 'number' || !(options.baudRate > 0)) {
      throw new TypeError('"options.baudRate" is not a positive number');
    }
    await this.#port.update(options);
  }

  async set(options: Parameters<ReadPort['set']>[0]): Promise<void> {
    if (typeof options !== 'object' || options === null) {
      throw new TypeError('"options" is not an object');
    }
    await this.#port.set(options);
  }

  get(): ReturnType<ReadPort['get']> {
    return this.#port.get();
  }

  getBaudRate(): Promise<{ baudRate: number }> {
    return this.#port.getBaudRate();
  }

  async flush(): Promise<void> {
    this.#unread = Buffer.alloc(0);
    await this.#port.flush();
  }

  drain(): Promise<void> {
    return this.#port.drain();
  }

  /** Settles the pending read if possible, otherwise asks the port for a chunk. */
  #serveRead(): void {
    const read = this.#read;
    if (read === undefined) {
      return;
    }
    if (this.#unread.length > 0) {
      const bytesRead = this.#unread.copy(read.buffer, read.offset, 0, Math.min(read.length, this.#unread.length));
      this.#unread = this.#unread.subarray(bytesRead);
      this.#read = undefined;
      read.resolve({ buffer: read.buffer, bytesRead });
    } else if (this.#failure !== undefined) {
      this.#read = undefined;
      read.reject(this.#failure);
    } else if (!this.#isAsked) {
      this.#isAsked = true;
      this.#port.resume();
    }
  }
}

function assertBuffer(value: unknown): void {
  if (!Buffer.isBuffer(value)) {
    throw new TypeError('"buffer" is not a Buffer');
  }
}

/** Marks an error as `serialport` expects of a lost port. */
function disconnected(error: Error): Error {
  return 'disconnect' in error
    ? error
    : Object.assign(new Error(error.message, { cause: error }), { disconnect: true });
}
