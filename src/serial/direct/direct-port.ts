import type { Port, PortListener, PortOpenOptions, ReadPort } from '../port.js';
import { PortState } from '../port-state.js';
import { type DirectIo, hangUp, reasonOf } from './direct-io.js';
import type { DirectReader } from './direct-reader.js';
import { DirectWriter } from './direct-writer.js';
import { holdOpen, mayWaitInClose } from './held-descriptor.js';
import { type Poller, PollMask } from './poll-mask.js';
import { PolledReader } from './polled-reader.js';
import { TtyReader } from './tty-reader.js';
import { Turn } from './turn.js';

/** Maximum bytes and calls to write before the event loop runs. */
const MAX_TURN_BYTES = 65_536;
const MAX_TURN_WRITES = 16;

/** How long closing waits for the device to accept what was written. */
const ACCEPTED_MS = 50;

/** A port of `@serialport/bindings-cpp` on Linux or macOS, as far as it is used. */
export interface PolledPort extends ReadPort {
  readonly fd: number | null;
  readonly poller: Poller;
}

/**
 * A port that is read and written by non-blocking calls on the thread of the event loop, when the kernel reports bytes
 * to read or room to write. The thread pool, and whatever keeps it busy, has no part in them.
 */
export class DirectPort implements Port {
  readonly #port: PolledPort;
  readonly #fd: number;
  readonly #state = new PortState();
  readonly #mask: PollMask;
  readonly #reader: DirectReader;
  readonly #writer: DirectWriter;

  /**
   * @param port - a port that was just opened. From now on, only this object uses it
   * @param readingFd - the same terminal, opened a second time. Without it, the poller reports when to read
   */
  constructor(port: PolledPort, readingFd: number | undefined) {
    this.#port = port;
    this.#fd = port.fd!;
    const io: DirectIo = {
      fd: this.#fd,
      state: this.#state,
      writeTurn: new Turn(MAX_TURN_BYTES, MAX_TURN_WRITES),
      fail: (error) => this.#fail(error),
    };
    // It may throw, so polling starts later.
    const ttyReader = readingFd === undefined ? undefined : new TtyReader(io, readingFd);
    this.#mask = new PollMask(port.poller);
    this.#mask.onHangUp = (error) => this.#hungUp(error);
    this.#reader = ttyReader ?? new PolledReader(io, this.#mask);
    this.#writer = new DirectWriter(io, this.#mask);
  }

  get openOptions(): Required<PortOpenOptions> {
    return this.#port.openOptions;
  }

  get isOpen(): boolean {
    return this.#state.isOpen;
  }

  get writtenBytes(): number {
    return this.#writer.writtenBytes;
  }

  start(listener: PortListener): void {
    this.#state.start(listener);
  }

  resume(): void {
    this.#state.resume();
    if (this.#state.isReady) {
      this.#reader.resume();
    }
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    return this.#writer.write(bytes);
  }

  shortenWrite(bytes: number): void {
    this.#writer.shorten(bytes);
  }

  flush(): Promise<void> {
    this.#reader.passOnRest();
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
    this.#mask.release();
    this.#reader.close();
    const release = (await this.#isAccepted()) ? undefined : holdOpen(this.#fd);
    try {
      await this.#port.close();
    } finally {
      release?.();
    }
  }

  /**
   * Whether the device has accepted all but a few of the bytes written: Linux reports room to write when fewer than 256
   * are left. If the port hung up, none are left.
   */
  async #isAccepted(): Promise<boolean> {
    if (!this.#writer.hasWritten || this.#state.failure !== undefined || !mayWaitInClose(this.#fd)) {
      return true;
    }
    return this.#mask.becomesWritable(ACCEPTED_MS);
  }

  #hungUp(error: Error | null): void {
    if (error !== null) {
      this.#fail(hangUp(`the port hung up: ${reasonOf(error)}`, error));
    } else if (this.#state.wasResumed) {
      // Ends in a failed read, after what was received before.
      this.#reader.readRest();
    } else {
      this.#fail(hangUp('the port hung up'));
    }
  }

  #fail(error: Error): void {
    if (this.#state.isUsable) {
      this.#mask.stop();
      this.#reader.close();
      this.#state.fail(error);
    }
  }
}
