import type { Binding, Port, PortListener, PortOpenOptions } from '../../src/index.js';
import { PortState } from '../../src/serial/port-state.js';

interface Write {
  bytes: Uint8Array;
  endsAt: number;
}

/** A port whose operating system accepts and receives bytes on the command of the test. */
export class KernelPort implements Port {
  readonly openOptions: Required<PortOpenOptions>;
  /** Undefined if the port does not know, like those of most bindings. */
  declare readonly writtenBytes?: number;
  shortenWrite?: (bytes: number) => void;
  /** Number of bytes accepted, of all writes. */
  takenBytes = 0;
  /** Whether a packet was written before the first byte was read. */
  sentFirst = false;
  #hasBeenRead = false;
  readonly #state = new PortState();
  readonly #taken: Buffer[] = [];
  #arrived = Buffer.alloc(0);
  #write: Write | undefined;
  #writtenBytes = 0;

  /** @param reportsProgress - whether the port knows how much of a write is accepted, and can shorten it */
  constructor(options: PortOpenOptions, reportsProgress = true) {
    this.openOptions = options as Required<PortOpenOptions>;
    if (reportsProgress) {
      this.shortenWrite = (bytes) => this.#shorten(bytes);
      Object.defineProperty(this, 'writtenBytes', { get: () => this.#writtenBytes });
    }
  }

  get isOpen(): boolean {
    return this.#state.isOpen;
  }

  /** All bytes accepted. */
  get taken(): Buffer {
    return Buffer.concat(this.#taken);
  }

  get isWriting(): boolean {
    return this.#state.isWriting;
  }

  /** Number of bytes received and not passed to the listener. */
  get unreadBytes(): number {
    return this.#arrived.length;
  }

  /** Accepts bytes of the pending write, at most this many. */
  take(atMostBytes: number): void {
    const write = this.#write;
    if (write !== undefined && this.#state.isWriting) {
      const part = write.bytes.subarray(this.#writtenBytes, Math.min(this.#writtenBytes + atMostBytes, write.endsAt));
      this.#taken.push(Buffer.from(part));
      this.takenBytes += part.length;
      this.#writtenBytes += part.length;
      this.#finishWrite(write);
      if (this.#state.isWriting) {
        this.#state.progressWrite();
      }
    }
  }

  /** Receives bytes of the device. */
  give(bytes: Uint8Array): void {
    this.#arrived = Buffer.concat([this.#arrived, bytes]);
    this.#deliver();
  }

  /** The device is gone. */
  hangUp(): void {
    this.#state.fail(Object.assign(new Error('the port hung up'), { disconnect: true }));
  }

  start(listener: PortListener): void {
    this.#state.start(listener);
  }

  resume(): void {
    this.#state.resume();
    queueMicrotask(() => this.#deliver());
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#state.assertCanWrite(bytes);
    const written = this.#state.beginWrite();
    this.sentFirst ||= !this.#hasBeenRead && holdsPacket(bytes);
    this.#writtenBytes = 0;
    this.#write = { bytes, endsAt: bytes.length };
    this.#finishWrite(this.#write);
    return written;
  }

  async close(): Promise<void> {
    this.#state.close();
  }

  async flush(): Promise<void> {}
  async drain(): Promise<void> {}
  async update(): Promise<void> {}
  async set(): Promise<void> {}

  async get(): Promise<{ cts: boolean; dsr: boolean; dcd: boolean }> {
    return { cts: true, dsr: true, dcd: true };
  }

  async getBaudRate(): Promise<{ baudRate: number }> {
    return { baudRate: this.openOptions.baudRate };
  }

  #deliver(): void {
    while (this.#state.isReady && this.#arrived.length > 0) {
      const chunk = this.#arrived;
      this.#arrived = Buffer.alloc(0);
      this.#hasBeenRead = true;
      this.#state.receive(chunk);
    }
  }

  #shorten(bytes: number): void {
    const write = this.#write;
    if (write !== undefined && this.#state.isWriting) {
      if (bytes < this.#writtenBytes || bytes > write.endsAt) {
        throw new Error(`shortenWrite(${bytes}): ${this.#writtenBytes} of ${write.endsAt} bytes are written`);
      }
      write.endsAt = bytes;
      this.#finishWrite(write);
    }
  }

  #finishWrite(write: Write): void {
    if (this.#writtenBytes >= write.endsAt) {
      this.#state.endWrite();
    }
  }
}

/** Whether a write is more than the delimiter, or the sequence that ends a cut frame, with which an opening begins. */
function holdsPacket(bytes: Uint8Array): boolean {
  const isResync = bytes.length === 256 && bytes[0] === 1 && bytes[1] === 255;
  return bytes.length > 1 && !isResync;
}

/** A binding of such ports. It opens any path, and adds each port to `ports`. */
export function kernelBinding({ reportsProgress = true } = {}): { binding: Binding; ports: KernelPort[] } {
  const ports: KernelPort[] = [];
  return {
    ports,
    binding: {
      list: async () => [],
      async open(options) {
        const port = new KernelPort(options, reportsProgress);
        ports.push(port);
        return port;
      },
    },
  };
}
