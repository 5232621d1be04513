import { readSync, writeSync } from 'node:fs';
import type { BindingOpenOptions, BindingPort, WatchfulPort } from './binding.js';
import { holdOpen, mayWaitInClose } from './held-descriptor.js';

/** What the poller of `@serialport/bindings-cpp` waits for. */
const READABLE = 1;
const WRITABLE = 2;
const DISCONNECT = 4;

/** What Linux gives of a full tty buffer at most. */
const FULL_TTY_BYTES = 4_095;

/** How long a port that is closed may take to say that the device has taken what was written. */
const TAKEN_MS = 50;

/** After so many bytes or writes that the kernel took at once, the event loop gets its turn. */
const TURN_BYTES = 65_536;
const TURN_WRITES = 16;

/** A port of `@serialport/bindings-cpp` on Linux or macOS, as far as it is needed here. */
export interface PolledPort extends BindingPort {
  readonly fd: number | null;
  readonly poller: {
    /** Replaces what is waited for; it is waited for once. */
    poll(events: number): void;
    on(event: 'readable' | 'writable' | 'disconnect', listener: (error: Error | null) => void): unknown;
    removeAllListeners(): unknown;
  };
}

interface PendingRead {
  buffer: Buffer;
  offset: number;
  length: number;
  resolve(result: { buffer: Buffer; bytesRead: number }): void;
  reject(error: Error): void;
}

interface PendingWrite {
  buffer: Buffer;
  /** Where in the buffer the write ends. */
  endsAt: number;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * A port whose reads and writes are non-blocking calls on the thread of the event loop, made when the poller says so:
 * the thread pool, and whatever else it is busy with, has no part in them.
 *
 * The port is the one owner of what the poller waits for. Each `poll` replaces the kernel's mask, and each event takes
 * away what fired and puts back all that was ever asked for, so the whole of the wanted mask is set anew after every
 * event. `DISCONNECT` is in it from the opening to the end: that is how a hang-up is noticed while nobody reads.
 */
export class DirectPort implements WatchfulPort {
  readonly #port: PolledPort;
  readonly #fd: number;
  #wanted = DISCONNECT;
  #pendingRead: PendingRead | undefined;
  #pendingWrite: PendingWrite | undefined;
  #writtenBytes = 0;
  #hasWritten = false;
  #failure: Error | undefined;
  #isOpen = true;
  #bytesThisTurn = 0;
  #writesThisTurn = 0;

  onHangUp?: (error: Error) => void;
  onWriteProgress?: () => void;

  /** @param port - just opened, and from now on driven by this object alone */
  constructor(port: PolledPort) {
    if (port.fd === null) {
      throw new Error('Port is not open');
    }
    this.#port = port;
    this.#fd = port.fd;
    port.poller.on('readable', (error) => this.#onPoll(error, READABLE));
    port.poller.on('writable', (error) => this.#onPoll(error, WRITABLE));
    port.poller.on('disconnect', (error) => this.#onPoll(error, DISCONNECT));
    this.#arm();
  }

  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  shortenWrite(bytes: number): void {
    const write = this.#pendingWrite;
    if (write !== undefined) {
      write.endsAt = bytes;
      if (this.#writtenBytes >= bytes) {
        this.#pendingWrite = undefined;
        write.resolve();
      }
    }
  }

  get openOptions(): Required<BindingOpenOptions> {
    return this.#port.openOptions;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    return new Promise((resolve, reject) => {
      const error = this.#unusable(this.#pendingRead && 'read');
      if (error !== undefined) {
        reject(error);
        return;
      }
      this.#pendingRead = { buffer, offset, length, resolve, reject };
      this.#want(READABLE);
    });
  }

  write(buffer: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const error = this.#unusable(this.#pendingWrite && 'write');
      if (this.#pendingWrite === undefined) {
        this.#writtenBytes = 0;
      }
      if (error !== undefined) {
        reject(error);
        return;
      }
      this.#pendingWrite = { buffer, endsAt: buffer.length, resolve, reject };
      this.#continueWrite();
    });
  }

  async close(): Promise<void> {
    if (!this.#isOpen) {
      throw new Error('Port is not open');
    }
    this.#isOpen = false;
    this.#port.poller.removeAllListeners();
    this.#rejectPending(Object.assign(new Error('Port is closed'), { canceled: true }));
    const release = (await this.#isTaken()) ? undefined : holdOpen(this.#fd);
    try {
      await this.#port.close();
    } finally {
      release?.();
    }
  }

  update(options: { baudRate: number }): Promise<void> {
    return this.#port.update(options);
  }

  set(options: Parameters<BindingPort['set']>[0]): Promise<void> {
    return this.#port.set(options);
  }

  get(): ReturnType<BindingPort['get']> {
    return this.#port.get();
  }

  getBaudRate(): Promise<{ baudRate: number }> {
    return this.#port.getBaudRate();
  }

  flush(): Promise<void> {
    return this.#port.flush();
  }

  drain(): Promise<void> {
    return this.#port.drain();
  }

  #onPoll(error: Error | null, event: number): void {
    if (!this.#isOpen || this.#failure !== undefined) {
      return;
    }
    if (error !== null) {
      this.#fail(hangUp(`the port hung up: ${error.message}`, error));
      return;
    }
    if (event === WRITABLE) {
      this.#wanted &= ~WRITABLE;
      this.#continueWrite();
    } else if (this.#pendingRead !== undefined) {
      this.#continueRead(this.#pendingRead);
    } else if (event === DISCONNECT) {
      this.#fail(hangUp('the port hung up'));
    } else {
      // Nobody reads just now. Only now is it taken out of the mask: mostly the next read is there before this comes.
      this.#wanted &= ~READABLE;
    }
    this.#arm();
  }

  #continueRead(read: PendingRead): void {
    let bytesRead: number;
    try {
      bytesRead = readSync(this.#fd, read.buffer, read.offset, read.length, null);
    } catch (error) {
      if (!isTryAgain(error)) {
        this.#fail(hangUp(`read failed: ${(error as Error).message}`, error));
      }
      return;
    }
    if (bytesRead === 0) {
      this.#fail(hangUp('the port hung up: read gave no bytes'));
      return;
    }
    this.#pendingRead = undefined;
    read.resolve({ buffer: read.buffer, bytesRead: bytesRead + this.#readOn(read, bytesRead) });
  }

  /**
   * A read that gave all that a tty's buffer holds has made room there, and mostly the next bytes are in it already: to
   * ask for them at once saves the way through the poller. What goes wrong here goes wrong again in the next read.
   *
   * @returns how many bytes there were
   */
  #readOn(read: PendingRead, bytesRead: number): number {
    let end = bytesRead;
    try {
      for (let last = bytesRead; last >= FULL_TTY_BYTES && end + FULL_TTY_BYTES <= read.length; end += last) {
        last = readSync(this.#fd, read.buffer, read.offset + end, read.length - end, null);
      }
    } catch {
      // As a rule that there is nothing yet.
    }
    return end - bytesRead;
  }

  /**
   * Whether the device has taken what was written, but for a few bytes: Linux says "writable" from fewer than 256 on.
   * If the port is gone, nothing is left to take.
   */
  async #isTaken(): Promise<boolean> {
    if (!this.#hasWritten || this.#failure !== undefined || !mayWaitInClose(this.#fd)) {
      return true;
    }
    const { poller } = this.#port;
    const taken = new Promise<boolean>((resolve) => {
      poller.on('writable', () => resolve(true));
      setTimeout(resolve, TAKEN_MS, false);
    });
    poller.poll(WRITABLE);
    return taken.finally(() => poller.removeAllListeners());
  }

  /** One call for the kernel; what it does not take waits for the poller. */
  #continueWrite(): void {
    const write = this.#pendingWrite;
    if (write === undefined) {
      return;
    }
    const { buffer, endsAt } = write;
    if (this.#writtenBytes < endsAt) {
      try {
        const bytes = writeSync(this.#fd, buffer, this.#writtenBytes, endsAt - this.#writtenBytes, null);
        this.#writtenBytes += bytes;
        this.#hasWritten = true;
        this.#bytesThisTurn += bytes;
      } catch (error) {
        if (!isTryAgain(error)) {
          this.#fail(hangUp(`write failed: ${(error as Error).message}`, error));
          return;
        }
      }
    }
    if (this.#writtenBytes < endsAt) {
      this.#want(WRITABLE);
      this.onWriteProgress?.();
      return;
    }
    this.#writesThisTurn++;
    if (this.#bytesThisTurn < TURN_BYTES && this.#writesThisTurn < TURN_WRITES) {
      this.#pendingWrite = undefined;
      write.resolve();
      return;
    }
    // A caller that writes again and again would otherwise keep the event loop from ever turning.
    this.#bytesThisTurn = 0;
    this.#writesThisTurn = 0;
    setImmediate(() => {
      if (this.#pendingWrite === write) {
        this.#pendingWrite = undefined;
        write.resolve();
      }
    });
  }

  /** The port is gone. The poller must not look at the descriptor again: a hung-up one is always ready. */
  #fail(error: Error): void {
    this.#failure = error;
    this.#wanted = 0;
    this.#arm();
    const told = this.#pendingRead !== undefined || this.#pendingWrite !== undefined;
    this.#rejectPending(error);
    if (!told) {
      this.onHangUp?.(error);
    }
  }

  #rejectPending(error: Error): void {
    const read = this.#pendingRead;
    const write = this.#pendingWrite;
    this.#pendingRead = undefined;
    this.#pendingWrite = undefined;
    read?.reject(error);
    write?.reject(error);
  }

  #unusable(pending: string | false | undefined | null): Error | undefined {
    if (!this.#isOpen) {
      return new Error('Port is not open');
    }
    return this.#failure ?? (pending ? new Error(`a ${pending} is pending already`) : undefined);
  }

  #want(event: number): void {
    if ((this.#wanted & event) === 0) {
      this.#wanted |= event;
      this.#arm();
    }
  }

  /** Not after the closing, which whoever is told of a hang-up may do at once: the poller's memory is freed then. */
  #arm(): void {
    if (this.#isOpen) {
      this.#port.poller.poll(this.#wanted);
    }
  }
}

function isTryAgain(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'EAGAIN' || code === 'EWOULDBLOCK' || code === 'EINTR';
}

/** Marked as bindings mark the loss of a port. */
function hangUp(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { disconnect: true });
}
