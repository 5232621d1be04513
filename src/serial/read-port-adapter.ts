import { continueEachTurn } from '../timing/continue-promises.js';
import type { Port, PortListener, PortOpenOptions, ReadPort } from './port.js';
import { PortState } from './port-state.js';

/** Size of the first reads: most devices send little at a time, and there may be hundreds of ports. */
const FIRST_READ_BYTES = 256;

/** Maximum size of a read. Linux returns at most 4 KiB from a tty at once. */
const MAX_READ_BYTES = 16_384;

/** Returns the port itself if it pushes its chunks, otherwise an adapter that reads it. */
export function asPort(port: Port | ReadPort): Port {
  return 'start' in port ? port : new ReadPortAdapter(port);
}

/**
 * Makes a {@link Port} of a {@link ReadPort}. Such a port notices a hang-up only by a read or a write, so while its
 * listener is not ready and nothing is written, none is reported.
 */
class ReadPortAdapter implements Port {
  readonly #port: ReadPort;
  readonly #state = new PortState();
  /** What reads and writes resolve may settle in callbacks of native code. */
  readonly #stopContinuing = continueEachTurn();
  #isReading = false;
  #buffer = Buffer.allocUnsafeSlow(FIRST_READ_BYTES);

  constructor(port: ReadPort) {
    this.#port = port;
  }

  get openOptions(): Required<PortOpenOptions> {
    return this.#port.openOptions;
  }

  get isOpen(): boolean {
    return this.#state.isOpen;
  }

  start(listener: PortListener): void {
    this.#state.start(listener);
  }

  resume(): void {
    this.#state.resume();
    if (!this.#isReading) {
      void this.#read();
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#state.assertCanWrite(bytes);
    const written = this.#state.beginWrite();
    const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#port.write(buffer).then(
      () => this.#state.endWrite(),
      (error) => this.#fail(error),
    );
    return written;
  }

  flush(): Promise<void> {
    return this.#port.flush();
  }

  async drain(): Promise<void> {
    await this.#state.drainWrite();
    await this.#port.drain();
  }

  update(options: { baudRate: number }): Promise<void> {
    return this.#port.update(options);
  }

  set(options: Parameters<Port['set']>[0]): Promise<void> {
    return this.#port.set(options);
  }

  get(): ReturnType<Port['get']> {
    return this.#port.get();
  }

  getBaudRate(): Promise<{ baudRate: number }> {
    return this.#port.getBaudRate();
  }

  async close(): Promise<void> {
    this.#state.close();
    try {
      await this.#port.close();
    } finally {
      this.#stopContinuing();
    }
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#state.isReady) {
        const { bytesRead } = await this.#port.read(this.#buffer, 0, this.#buffer.length);
        if (bytesRead === 0) {
          throw new Error('the port hung up');
        }
        // Also if the port was closed or failed during the read: the listener counts these bytes.
        this.#state.receive(this.#buffer.subarray(0, bytesRead));
        if (bytesRead === this.#buffer.length && bytesRead < MAX_READ_BYTES) {
          this.#buffer = Buffer.allocUnsafeSlow(8 * bytesRead);
        }
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#isReading = false;
  }

  #fail(cause: unknown): void {
    this.#state.fail(cause instanceof Error ? cause : new Error(String(cause)));
  }
}
