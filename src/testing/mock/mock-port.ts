import type { SerialPortMock } from 'serialport';
import type { BindingOpenOptions, BindingPort, WatchfulPort } from '../../serial/binding.js';

/** Control lines as the host sets them: DTR, RTS, break. */
export type PortSignals = Parameters<BindingPort['set']>[0];

/** A port of serialport's mock binding. */
type InnerPort = Awaited<ReturnType<typeof SerialPortMock.binding.open>>;

/** What the device behind a {@link MockPort} is told and asked. */
export interface MockPortHooks {
  /** `write` was called. */
  written(bytes: Buffer): void;
  /** Whether the device takes bytes now. If not, a write waits for {@link MockPort.retryWrite}. */
  takesBytes(): boolean;
  /** The bytes of a write have reached the device; they are only lent. */
  taken(bytes: Buffer): void;
  /** The host has read: there is room in the buffer. */
  read(): void;
  /** The host has set control lines. */
  signalsSet(signals: PortSignals): void;
  /** The host has thrown bytes away that it had not read. */
  flushed(unreadBytes: number): void;
  /** The port is closed. */
  closed(unreadBytes: number): void;
}

/** As much as the line discipline of a Linux tty holds. */
const BUFFER_BYTES = 4_096;

/**
 * A port of serialport's mock binding with a device behind it. It adds what that lacks: somebody is told of a write,
 * the device can stall and be lost, and what is pending when the port is closed rejects with `canceled`, as the
 * interface demands.
 *
 * @internal
 */
export class MockPort implements WatchfulPort {
  readonly openOptions: Required<BindingOpenOptions>;
  readonly #inner: InnerPort;
  readonly #hooks: MockPortHooks;
  #lost = false;
  #rejectRead: ((error: Error) => void) | undefined;
  #writing: Promise<void> | undefined;
  #rejectWrite: ((error: Error) => void) | undefined;
  #retryWrite: (() => void) | undefined;

  constructor(inner: InnerPort, openOptions: Required<BindingOpenOptions>, hooks: MockPortHooks) {
    this.#inner = inner;
    this.openOptions = openOptions;
    this.#hooks = hooks;
  }

  onHangUp?: (error: Error) => void;

  get isOpen(): boolean {
    return this.#inner.isOpen;
  }

  /** Bytes that are in the buffer and the host has not read. */
  get unreadBytes(): number {
    return this.isOpen ? this.#inner.port.data.length : 0;
  }

  /** How many bytes the buffer still takes. */
  get roomBytes(): number {
    return BUFFER_BYTES - this.unreadBytes;
  }

  /** Puts bytes of the device's in the buffer: no more than there is room for. */
  receive(bytes: Buffer): void {
    this.#inner.emitData(bytes);
  }

  /** Offers the write that is pending, if any, to the device again. */
  retryWrite(): void {
    this.#retryWrite?.();
  }

  /** The device is gone: what is pending rejects with `disconnect`, and so does everything later but `close`. */
  lose(): void {
    this.#lost = true;
    if (this.#rejectRead === undefined && this.#rejectWrite === undefined) {
      this.onHangUp?.(disconnected('poll'));
    }
    this.#rejectRead?.(disconnected('read'));
    this.#rejectWrite?.(disconnected('write'));
    this.#retryWrite?.();
  }

  async read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    this.#throwIfLost('read');
    const { promise, resolve, reject } = withResolvers<{ buffer: Buffer; bytesRead: number }>();
    this.#rejectRead = reject;
    this.#inner.read(buffer, offset, length).then(resolve, reject);
    const wasOpen = this.isOpen;
    try {
      const result = await promise;
      this.#hooks.read();
      return result;
    } catch (error) {
      // The mock leaves the flag out where the closing meets data that has just come.
      throw wasOpen && !this.isOpen && !this.#lost ? canceled('read') : error;
    } finally {
      this.#rejectRead = undefined;
    }
  }

  write(buffer: Buffer): Promise<void> {
    if (this.#writing !== undefined) {
      return Promise.reject(new Error('Overlapping writes are not supported: await the write before'));
    }
    const writing = this.#write(buffer).finally(() => {
      this.#writing = undefined;
    });
    this.#writing = writing;
    return writing;
  }

  async #write(buffer: Buffer): Promise<void> {
    this.#throwIfLost('write');
    if (!this.isOpen || !Buffer.isBuffer(buffer)) {
      // It throws what serialport's users know.
      return this.#inner.write(buffer);
    }
    this.#hooks.written(buffer);
    const { promise, resolve, reject } = withResolvers<void>();
    this.#rejectWrite = reject;
    this.#handOver(buffer).then(resolve, reject);
    try {
      await promise;
    } catch (error) {
      throw this.isOpen || this.#lost ? error : canceled('write');
    } finally {
      this.#rejectWrite = undefined;
    }
  }

  async #handOver(buffer: Buffer): Promise<void> {
    while (!this.#hooks.takesBytes()) {
      await new Promise<void>((resolve) => {
        this.#retryWrite = resolve;
      });
      this.#retryWrite = undefined;
      if (this.#lost || !this.isOpen) {
        return;
      }
    }
    await this.#inner.write(buffer);
    if (!this.#lost) {
      this.#hooks.taken(buffer);
    }
  }

  async close(): Promise<void> {
    const unreadBytes = this.unreadBytes;
    // Settles at once, but for a port that is not open: it rejects.
    await this.#inner.close();
    this.#rejectWrite?.(canceled('write'));
    this.#retryWrite?.();
    this.#hooks.closed(unreadBytes);
  }

  async update(options: Parameters<BindingPort['update']>[0]): Promise<void> {
    this.#throwIfLost('update');
    await this.#inner.update(options);
  }

  async set(options: PortSignals): Promise<void> {
    this.#throwIfLost('set');
    await this.#inner.set(options);
    this.#hooks.signalsSet(options);
  }

  async get(): Promise<Awaited<ReturnType<BindingPort['get']>>> {
    this.#throwIfLost('get');
    return this.#inner.get();
  }

  async getBaudRate(): Promise<{ baudRate: number }> {
    this.#throwIfLost('getBaudRate');
    return this.#inner.getBaudRate();
  }

  async flush(): Promise<void> {
    this.#throwIfLost('flush');
    const unreadBytes = this.unreadBytes;
    await this.#inner.flush();
    this.#hooks.flushed(unreadBytes);
  }

  async drain(): Promise<void> {
    this.#throwIfLost('drain');
    await this.#writing;
    await this.#inner.drain();
  }

  #throwIfLost(call: string): void {
    if (this.#lost) {
      throw disconnected(call);
    }
  }
}

function canceled(call: string): Error {
  return Object.assign(new Error(`Port is closed: ${call} canceled`), { canceled: true });
}

/** As `@serialport/bindings-cpp` has it when a USB device is gone. */
function disconnected(call: string): Error {
  return Object.assign(new Error(`ENXIO: no such device or address, ${call}`), { code: 'ENXIO', disconnect: true });
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
