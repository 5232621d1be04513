import { writeSync } from 'node:fs';
import { holdOpen, mayWaitInClose } from './held-descriptor.js';
import type { Port, PortListener, PortOpenOptions, ReadPort } from './port.js';
import { readNow, TtyReader } from './tty-reader.js';

/** What the poller of `@serialport/bindings-cpp` waits for. */
const READABLE = 1;
const WRITABLE = 2;
const DISCONNECT = 4;

/** What Linux gives of a full tty buffer at most. */
const FULL_TTY_BYTES = 4_095;

/** After so many bytes that were there at once, the event loop gets its turn. */
const TURN_READ_BYTES = 16_384;

/** How long a port that is closed may take to say that the device has taken what was written. */
const TAKEN_MS = 50;

/** After so many bytes or writes that the kernel took at once, the event loop gets its turn. */
const TURN_BYTES = 65_536;
const TURN_WRITES = 16;

/** A port of `@serialport/bindings-cpp` on Linux or macOS, as far as it is needed here. */
export interface PolledPort extends ReadPort {
  readonly fd: number | null;
  readonly poller: {
    /** Replaces what is waited for; it is waited for once. */
    poll(events: number): void;
    on(event: 'readable' | 'writable' | 'disconnect', listener: (error: Error | null) => void): unknown;
    removeAllListeners(): unknown;
  };
}

interface PendingWrite {
  buffer: Buffer;
  /** Where in the buffer the write ends. */
  endsAt: number;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * A port whose reads and writes are non-blocking calls on the thread of the event loop, made when the kernel says that
 * there is something to read, or room to write: the thread pool, and whatever else it is busy with, has no part in them.
 *
 * The port is the one owner of what the poller waits for. Each `poll` replaces the kernel's mask, and each event takes
 * away what fired and puts back all that was ever asked for, so the whole of the wanted mask is set anew after every
 * event. `DISCONNECT` is in it from the opening to the end: that is how a hang-up is noticed while nobody reads.
 */
export class DirectPort implements Port, ReadPort {
  readonly #port: PolledPort;
  readonly #fd: number;
  /** Without it, the poller says when there is something to read. */
  readonly #reader: TtyReader | undefined;
  #wanted = DISCONNECT;
  /** Takes what is read: once, for {@link read}, or all, for {@link startReading}. */
  #taker: ((chunk: Uint8Array) => boolean) | undefined;
  #takerIsReady = false;
  #rejectRead: ((error: Error) => void) | undefined;
  /** Bytes that were read while nobody was ready for them: at most what one read gives. */
  #unread: Uint8Array | undefined;
  #pendingWrite: PendingWrite | undefined;
  #writtenBytes = 0;
  #hasWritten = false;
  #failure: Error | undefined;
  #isTold = false;
  #isOpen = true;
  #bytesThisTurn = 0;
  #writesThisTurn = 0;

  onHangUp?: (error: Error) => void;
  onWriteProgress?: () => void;

  /**
   * @param port - just opened, and from now on driven by this object alone
   * @param readingFd - the same terminal, opened once more, if it could be
   */
  constructor(port: PolledPort, readingFd: number | undefined) {
    this.#port = port;
    this.#fd = port.fd!;
    if (readingFd !== undefined) {
      this.#reader = new TtyReader(
        readingFd,
        (chunk) => this.#take(chunk),
        (error) => this.#readingEnded(error),
      );
    }
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

  get openOptions(): Required<PortOpenOptions> {
    return this.#port.openOptions;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    return new Promise((resolve, reject) => {
      const error = this.#unusable(this.#taker && 'read');
      const hasRest = this.#unread !== undefined && error === this.#failure;
      if (error !== undefined && !hasRest) {
        reject(error);
        return;
      }
      this.#rejectRead = reject;
      this.#taker = (chunk) => {
        const bytesRead = Math.min(chunk.length, length);
        buffer.set(chunk.subarray(0, bytesRead), offset);
        this.#taker = undefined;
        this.#rejectRead = undefined;
        this.#unread = bytesRead < chunk.length ? chunk.slice(bytesRead) : undefined;
        resolve({ buffer, bytesRead });
        return false;
      };
      this.resume();
    });
  }

  start(listener: PortListener): void {
    this.#taker = (chunk) => listener.received(chunk);
    this.onHangUp = (error) => listener.hungUp(error);
    this.onWriteProgress = () => listener.writeProgressed();
    if (this.#failure !== undefined) {
      queueMicrotask(() => this.#tellHangUp());
    }
  }

  resume(): void {
    this.#takerIsReady = true;
    this.#giveUnread();
    if (!this.#takerIsReady || this.#failure !== undefined) {
      return;
    }
    if (this.#reader === undefined) {
      this.#want(READABLE);
    } else {
      this.#reader.start();
    }
  }

  write(buffer: Buffer): Promise<void> {
    const error = this.#unusable(this.#pendingWrite && 'write');
    if (this.#pendingWrite === undefined) {
      this.#writtenBytes = 0;
    }
    if (error !== undefined) {
      return Promise.reject(error);
    }
    let failure: Error | undefined;
    try {
      if (this.#handOver(buffer, buffer.length) && this.#mayGoOn()) {
        return Promise.resolve();
      }
    } catch (error) {
      failure = error as Error;
    }
    return new Promise((resolve, reject) => {
      this.#pendingWrite = { buffer, endsAt: buffer.length, resolve, reject };
      if (failure === undefined) {
        this.#awaitWrite(this.#pendingWrite);
      } else {
        this.#fail(failure);
      }
    });
  }

  async close(): Promise<void> {
    if (!this.#isOpen) {
      throw new Error('Port is not open');
    }
    this.#isOpen = false;
    this.#reader?.close();
    this.#giveUnread();
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

  set(options: Parameters<ReadPort['set']>[0]): Promise<void> {
    return this.#port.set(options);
  }

  get(): ReturnType<ReadPort['get']> {
    return this.#port.get();
  }

  getBaudRate(): Promise<{ baudRate: number }> {
    return this.#port.getBaudRate();
  }

  flush(): Promise<void> {
    this.#giveUnread();
    this.#unread = undefined;
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
      if (this.#pendingWrite !== undefined) {
        this.#continueWrite(this.#pendingWrite);
      }
    } else if (event === READABLE) {
      this.#takeNow();
    } else if (this.#taker !== undefined) {
      this.#takeLast();
    } else {
      this.#fail(hangUp('the port hung up'));
    }
    this.#arm();
  }

  /** @returns whether to read on */
  #take(chunk: Uint8Array): boolean {
    this.#newTurn();
    if (!this.#takerIsReady) {
      this.#unread = chunk.slice();
      return false;
    }
    this.#give(chunk);
    this.#takeMore(chunk.length);
    // Mostly the taker is ready again before the next bytes are there; else those are kept for it.
    return this.#unread === undefined;
  }

  /** The poller says that there is something to read. */
  #takeNow(): void {
    if (!this.#takerIsReady) {
      // Only now is it taken out of the mask: mostly the taker is ready again before this comes.
      this.#wanted &= ~READABLE;
      return;
    }
    const chunk = this.#readOrFail();
    if (chunk !== undefined) {
      this.#take(chunk);
    }
  }

  /**
   * A read that gave all that a tty's buffer holds has made room there, and mostly the next bytes are in it already: to
   * ask for them at once saves a turn of the event loop.
   */
  #takeMore(bytes: number): void {
    let last = bytes;
    for (let sum = bytes; this.#takerIsReady && last >= FULL_TTY_BYTES && sum < TURN_READ_BYTES; sum += last) {
      const chunk = this.#readOrFail();
      if (chunk === undefined) {
        return;
      }
      last = chunk.length;
      this.#give(chunk);
    }
  }

  #give(chunk: Uint8Array): void {
    const isReady = this.#taker?.(chunk) ?? false;
    // It may have closed the port.
    this.#takerIsReady = isReady && this.#taker !== undefined;
  }

  #giveUnread(): void {
    const unread = this.#unread;
    if (unread !== undefined && this.#taker !== undefined) {
      this.#unread = undefined;
      this.#give(unread);
    }
  }

  /** After a hang-up, what is left of what had arrived before: for whoever reads, be it ready or not. */
  #takeLast(): void {
    this.#giveUnread();
    while (this.#taker !== undefined) {
      const chunk = this.#readOrFail();
      if (chunk === undefined) {
        return;
      }
      this.#give(chunk);
    }
  }

  /** libuv reads no more, whatever the reason is: what there is now is the last. */
  #readingEnded(error: Error | undefined): void {
    this.#takeLast();
    if (this.#isOpen && this.#failure === undefined) {
      this.#fail(hangUp(`the port hung up: ${error?.message ?? 'read gave no bytes'}`, error));
    }
  }

  /** What there is to read, if anything. The port has failed if there will never be more. */
  #readOrFail(): Uint8Array | undefined {
    try {
      const chunk = readNow(this.#fd);
      if (chunk.length > 0) {
        return chunk;
      }
      this.#fail(hangUp('the port hung up: read gave no bytes'));
    } catch (error) {
      if (!isTryAgain(error)) {
        this.#fail(hangUp(`read failed: ${(error as Error).message}`, error));
      }
    }
    return undefined;
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

  #continueWrite(write: PendingWrite): void {
    try {
      if (this.#handOver(write.buffer, write.endsAt) && this.#mayGoOn()) {
        this.#pendingWrite = undefined;
        write.resolve();
      } else {
        this.#awaitWrite(write);
      }
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /**
   * One call for the kernel.
   *
   * @returns whether it has taken all now
   * @throws what marks the loss of the port
   */
  #handOver(buffer: Buffer, endsAt: number): boolean {
    if (this.#writtenBytes < endsAt) {
      try {
        const bytes = writeSync(this.#fd, buffer, this.#writtenBytes, endsAt - this.#writtenBytes, null);
        this.#writtenBytes += bytes;
        this.#hasWritten = true;
        this.#bytesThisTurn += bytes;
      } catch (error) {
        if (!isTryAgain(error)) {
          throw hangUp(`write failed: ${(error as Error).message}`, error);
        }
      }
    }
    return this.#writtenBytes >= endsAt;
  }

  /** A caller that writes again and again would otherwise keep the event loop from ever turning. */
  #mayGoOn(): boolean {
    this.#writesThisTurn++;
    if (this.#bytesThisTurn < TURN_BYTES && this.#writesThisTurn < TURN_WRITES) {
      return true;
    }
    this.#newTurn();
    return false;
  }

  #newTurn(): void {
    this.#bytesThisTurn = 0;
    this.#writesThisTurn = 0;
  }

  /** For the poller to say that the kernel takes more, or, if it has taken all, for a turn of the event loop. */
  #awaitWrite(write: PendingWrite): void {
    if (this.#writtenBytes < write.endsAt) {
      this.#want(WRITABLE);
      this.onWriteProgress?.();
      return;
    }
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
    this.#reader?.close();
    this.#giveUnread();
    this.#wanted = 0;
    this.#arm();
    const told = this.#rejectRead !== undefined || this.#pendingWrite !== undefined;
    this.#rejectPending(error);
    if (told) {
      this.#isTold = true;
    } else {
      this.#tellHangUp();
    }
  }

  #tellHangUp(): void {
    if (!this.#isTold && this.#failure !== undefined && this.onHangUp !== undefined) {
      this.#isTold = true;
      this.onHangUp(this.#failure);
    }
  }

  #rejectPending(error: Error): void {
    const rejectRead = this.#rejectRead;
    const write = this.#pendingWrite;
    this.#taker = undefined;
    this.#takerIsReady = false;
    this.#rejectRead = undefined;
    this.#pendingWrite = undefined;
    rejectRead?.(error);
    write?.reject(error);
  }

  #unusable(pending: string | undefined): Error | undefined {
    if (!this.#isOpen) {
      return new Error('Port is not open');
    }
    return this.#failure ?? (pending !== undefined ? new Error(`a ${pending} is pending already`) : undefined);
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
