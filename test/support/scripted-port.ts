import type { Port, PortListener, PortOpenOptions } from '../../src/index.js';
import { OPEN_DEFAULTS } from '../../src/serial/port.js';
import { PortState } from '../../src/serial/port-state.js';

/** A port whose other end is the test: it sees each write, and gives each chunk. */
export class ScriptedPort implements Port {
  readonly openOptions: Required<PortOpenOptions> = {
    path: 'tcp://test:1',
    baudRate: 115_200,
    ...OPEN_DEFAULTS,
  };
  readonly #state = new PortState();
  /** What was written, as it was written. */
  readonly writes: Buffer[] = [];
  /** Called with each write. */
  onWrite: ((bytes: Buffer) => void) | undefined;
  /** Whether writes stay pending, until {@link accept}. */
  isStalled = false;

  get isOpen(): boolean {
    return this.#state.isOpen;
  }

  /** Whether a chunk is wanted. */
  get isReading(): boolean {
    return this.#state.isReady;
  }

  /** Gives a chunk, whose memory is used for something else afterwards. */
  give(bytes: Uint8Array): void {
    if (!this.isReading) {
      throw new Error('no chunk is wanted');
    }
    const chunk = Uint8Array.from(bytes);
    this.#state.receive(chunk);
    chunk.fill(0xee);
  }

  /** Accepts the pending write, and those that follow. */
  accept(): void {
    this.isStalled = false;
    this.#state.endWrite();
  }

  hangUp(): Error {
    const error = new Error('the port hung up');
    this.#state.fail(error);
    return error;
  }

  start(listener: PortListener): void {
    this.#state.start(listener);
  }

  resume(): void {
    this.#state.resume();
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    this.#state.assertCanWrite(bytes);
    const written = Buffer.from(bytes);
    this.writes.push(written);
    this.onWrite?.(written);
    return this.isStalled ? this.#state.beginWrite() : undefined;
  }

  async flush(): Promise<void> {
    this.#state.assertUsable();
  }

  drain(): Promise<void> {
    return this.#state.drainWrite();
  }

  async update(): Promise<void> {
    throw new Error('no line');
  }

  async set(): Promise<void> {
    throw new Error('no line');
  }

  async get(): Promise<never> {
    throw new Error('no line');
  }

  async getBaudRate(): Promise<{ baudRate: number }> {
    return { baudRate: this.openOptions.baudRate };
  }

  async close(): Promise<void> {
    this.#state.close();
  }
}
