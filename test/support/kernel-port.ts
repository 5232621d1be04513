import type { Binding, BindingOpenOptions, WatchfulPort } from '../../src/index.js';

interface Read {
  buffer: Buffer;
  offset: number;
  length: number;
  resolve(bytesRead: number): void;
  reject(error: Error): void;
}

interface Write {
  buffer: Buffer;
  endsAt: number;
  resolve(): void;
  reject(error: Error): void;
}

/** A port whose operating system takes and gives bytes when the test says, and as many; it tells how far a write is. */
export class KernelPort implements WatchfulPort {
  readonly openOptions: Required<BindingOpenOptions>;
  isOpen = true;
  writtenBytes = 0;
  /** How many bytes of all writes it has taken. */
  takenBytes = 0;
  onHangUp?: (error: Error) => void;
  onWriteProgress?: () => void;
  readonly #taken: Buffer[] = [];
  #arrived = Buffer.alloc(0);
  #read: Read | undefined;
  #write: Write | undefined;
  #failure: Error | undefined;

  constructor(options: BindingOpenOptions) {
    this.openOptions = options as Required<BindingOpenOptions>;
  }

  /** All that it has taken. */
  get taken(): Buffer {
    return Buffer.concat(this.#taken);
  }

  get isWriting(): boolean {
    return this.#write !== undefined;
  }

  /** How many bytes have arrived that nobody has read. */
  get unreadBytes(): number {
    return this.#arrived.length;
  }

  /** Takes at most so many bytes of the write that is pending. */
  take(atMostBytes: number): void {
    const write = this.#write;
    if (write !== undefined) {
      const part = write.buffer.subarray(this.writtenBytes, Math.min(this.writtenBytes + atMostBytes, write.endsAt));
      this.#taken.push(Buffer.from(part));
      this.takenBytes += part.length;
      this.writtenBytes += part.length;
      this.#finishWrite();
      if (this.#write !== undefined) {
        this.onWriteProgress?.();
      }
    }
  }

  /** Bytes of the device's arrive. */
  give(bytes: Uint8Array): void {
    this.#arrived = Buffer.concat([this.#arrived, bytes]);
    this.#finishRead();
  }

  /** The device is gone. */
  hangUp(): void {
    const error = Object.assign(new Error('the port hung up'), { disconnect: true });
    this.#failure = error;
    const isTold = this.#read !== undefined || this.#write !== undefined;
    this.#rejectPending(error);
    if (!isTold) {
      this.onHangUp?.(error);
    }
  }

  shortenWrite(bytes: number): void {
    if (this.#write !== undefined) {
      if (bytes < this.writtenBytes || bytes > this.#write.endsAt) {
        throw new Error(`shortenWrite(${bytes}): written are ${this.writtenBytes} of ${this.#write.endsAt}`);
      }
      this.#write.endsAt = bytes;
      this.#finishWrite();
    }
  }

  read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    return new Promise((resolve, reject) => {
      this.#assertUsable(this.#read);
      this.#read = { buffer, offset, length, resolve: (bytesRead) => resolve({ buffer, bytesRead }), reject };
      this.#finishRead();
    });
  }

  write(buffer: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#assertUsable(this.#write);
      this.writtenBytes = 0;
      this.#write = { buffer, endsAt: buffer.length, resolve, reject };
      this.#finishWrite();
    });
  }

  async close(): Promise<void> {
    this.isOpen = false;
    this.#rejectPending(Object.assign(new Error('Port is closed'), { canceled: true }));
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

  #finishRead(): void {
    const read = this.#read;
    if (read !== undefined && this.#arrived.length > 0) {
      const bytesRead = this.#arrived.copy(read.buffer, read.offset, 0, Math.min(read.length, this.#arrived.length));
      this.#arrived = this.#arrived.subarray(bytesRead);
      this.#read = undefined;
      read.resolve(bytesRead);
    }
  }

  #finishWrite(): void {
    const write = this.#write;
    if (write !== undefined && this.writtenBytes >= write.endsAt) {
      this.#write = undefined;
      write.resolve();
    }
  }

  #rejectPending(error: Error): void {
    this.#read?.reject(error);
    this.#write?.reject(error);
    this.#read = undefined;
    this.#write = undefined;
  }

  #assertUsable(pending: unknown): void {
    if (!this.isOpen || pending !== undefined) {
      throw new Error(this.isOpen ? 'the call before is pending' : 'Port is not open');
    }
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
  }
}

/**
 * A binding of such ports: every path is there. `ports` are those opened so far. Without `tells`, they do not say how
 * far a write is, as those of most bindings.
 */
export function kernelBinding({ tells = true } = {}): { binding: Binding; ports: KernelPort[] } {
  const ports: KernelPort[] = [];
  return {
    ports,
    binding: {
      list: async () => [],
      async open(options) {
        const port = new KernelPort(options);
        ports.push(port);
        if (!tells) {
          Object.defineProperty(port, 'shortenWrite', { value: undefined });
        }
        return port;
      },
    },
  };
}
