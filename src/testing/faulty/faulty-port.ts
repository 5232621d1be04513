import type { BindingOpenOptions, BindingPort, WatchfulPort } from '../../serial/binding.js';
import type { LineNoise, Piece } from './line-noise.js';

/** The most that is on the way in one piece: a stall or an unplugging comes after so many bytes at the latest. */
const PIECE_BYTES = 4_096;

/** What a port needs of its line. */
export interface LineEnds {
  readonly toDevice: LineNoise;
  readonly toHost: LineNoise;
  readonly isStalled: boolean;
}

/** Something that the host waits for, and that may itself have to wait. */
interface Pending {
  /** Ends the wait early. */
  wake?: (() => void) | undefined;
  reject(error: Error): void;
}

interface PendingRead extends Pending {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly length: number;
  resolve(result: { buffer: Buffer; bytesRead: number }): void;
}

interface Write extends Pending {
  readonly buffer: Buffer;
  /** Where in the buffer it ends. */
  endsAt: number;
  /** Up to there it has gone, and then as far as the port has taken of the piece. */
  position: number;
  piece: Piece | undefined;
  isPending: boolean;
  resolve(): void;
}

/**
 * A port of a binding with a faulty line behind it.
 *
 * @internal
 */
export class FaultyPort implements WatchfulPort {
  readonly openOptions: Required<BindingOpenOptions>;
  readonly #inner: WatchfulPort;
  readonly #line: LineEnds;
  readonly #closed: () => void;
  readonly #scratch = Buffer.allocUnsafe(PIECE_BYTES);
  #isOpen = true;
  #failure: Error | undefined;
  #innerClosed: Promise<void> | undefined;
  #reading: PendingRead | undefined;
  /** The latest one. */
  #write: Write | undefined;
  #written: Promise<void> | undefined;
  /** What has arrived, before anything has happened to it. */
  #arrived: Buffer = Buffer.alloc(0);
  /** What the next reads give. */
  #ready: Buffer = Buffer.alloc(0);

  onHangUp?: (error: Error) => void;
  /** Only where the inner port tells it: nobody else knows. */
  declare readonly writtenBytes?: number;
  onWriteProgress?: () => void;
  shortenWrite?: (bytes: number) => void;

  /** @param closed - called once, when the host closes it */
  constructor(inner: WatchfulPort, path: string, line: LineEnds, closed: () => void) {
    this.#inner = inner;
    this.openOptions = { ...inner.openOptions, path };
    this.#line = line;
    this.#closed = closed;
    inner.onHangUp = (error) => this.#fail(error);
    if (inner.shortenWrite !== undefined) {
      this.shortenWrite = (bytes) => this.#shorten(bytes);
      Object.defineProperty(this, 'writtenBytes', { get: () => this.#writtenBytes });
      inner.onWriteProgress = () => this.#progressed();
    }
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    return new Promise((resolve, reject) => {
      const error = this.#unusable(this.#reading !== undefined);
      if (error !== undefined) {
        reject(error);
        return;
      }
      this.#reading = { buffer, offset, length, resolve, reject };
      void this.#serveRead(this.#reading);
    });
  }

  write(buffer: Buffer): Promise<void> {
    this.#written = new Promise((resolve, reject) => {
      const error = this.#unusable(this.#write?.isPending);
      if (error !== undefined) {
        reject(error);
        return;
      }
      this.#write = { buffer, endsAt: buffer.length, position: 0, piece: undefined, isPending: true, resolve, reject };
      void this.#serveWrite(this.#write);
    });
    return this.#written;
  }

  /** The line takes bytes again. */
  resume(): void {
    this.#write?.wake?.();
  }

  /** The line was unplugged. What the operating system has not passed on is lost with it. */
  unplug(error: Error): void {
    if (this.#isOpen && this.#innerClosed === undefined) {
      this.#fail(error);
      // The host has just been told how much was written: no more may follow.
      this.#inner.shortenWrite?.(this.#inner.writtenBytes ?? 0);
      this.#innerClosed = this.#discardInner();
    }
  }

  /** Resolves when the device is free; pending after an unplugging only. Never rejects. */
  get released(): Promise<void> | undefined {
    return this.#innerClosed;
  }

  async close(): Promise<void> {
    if (!this.#isOpen) {
      throw new Error('Port is not open');
    }
    this.#isOpen = false;
    this.#rejectPending(Object.assign(new Error('Port is closed'), { canceled: true }));
    this.#discardArrived();
    this.#closed();
    await (this.#innerClosed ?? this.#inner.close());
  }

  async flush(): Promise<void> {
    this.#assertUsable();
    this.#discardArrived();
    await this.#inner.flush();
  }

  async drain(): Promise<void> {
    this.#assertUsable();
    await this.#written;
    await this.#inner.drain();
  }

  async update(options: { baudRate: number }): Promise<void> {
    this.#assertUsable();
    await this.#inner.update(options);
  }

  async set(options: Parameters<BindingPort['set']>[0]): Promise<void> {
    this.#assertUsable();
    await this.#inner.set(options);
  }

  async get(): Promise<Awaited<ReturnType<BindingPort['get']>>> {
    this.#assertUsable();
    return this.#inner.get();
  }

  async getBaudRate(): Promise<{ baudRate: number }> {
    this.#assertUsable();
    return this.#inner.getBaudRate();
  }

  async #serveRead(reading: PendingRead): Promise<void> {
    const { toHost } = this.#line;
    const isPending = () => reading === this.#reading;
    try {
      while (this.#ready.length === 0) {
        if (this.#arrived.length === 0) {
          const { bytesRead } = await this.#inner.read(this.#scratch, 0, this.#scratch.length);
          toHost.stats.bytesIn += bytesRead;
          if (!isPending()) {
            toHost.stats.lostBytes += bytesRead;
            return;
          }
          if (bytesRead === 0) {
            // Some bindings tell a hang-up so.
            break;
          }
          this.#arrived = this.#scratch.subarray(0, bytesRead);
        }
        await pause(reading, toHost.delayMs);
        if (!isPending()) {
          return;
        }
        const piece = toHost.next(this.#arrived);
        toHost.pass(piece);
        this.#arrived = this.#arrived.subarray(piece.sourceBytes);
        this.#ready = piece.bytes;
      }
      const { buffer, offset, length, resolve } = reading;
      const bytesRead = this.#ready.copy(buffer, offset, 0, Math.min(length, this.#ready.length));
      toHost.stats.bytesOut += bytesRead;
      this.#ready = this.#ready.subarray(bytesRead);
      this.#reading = undefined;
      resolve({ buffer, bytesRead });
    } catch (error) {
      if (isPending()) {
        this.#failed(error, () => {
          this.#reading = undefined;
          reading.reject(error as Error);
        });
      }
    }
  }

  async #serveWrite(write: Write): Promise<void> {
    const { toDevice } = this.#line;
    try {
      while (write.isPending && write.position < write.endsAt) {
        await pause(write, toDevice.delayMs);
        while (write.isPending && this.#line.isStalled && write.position < write.endsAt) {
          await pause(write);
        }
        if (write.isPending && write.position < write.endsAt) {
          await this.#passOn(write);
        }
      }
      if (write.isPending) {
        write.isPending = false;
        write.resolve();
      }
    } catch (error) {
      if (write.isPending) {
        this.#failed(error, () => {
          write.isPending = false;
          write.reject(error as Error);
        });
      }
    }
  }

  /** One piece. */
  async #passOn(write: Write): Promise<void> {
    const { toDevice } = this.#line;
    const { position } = write;
    const piece = toDevice.next(write.buffer.subarray(position, Math.min(write.endsAt, position + PIECE_BYTES)));
    write.piece = piece;
    let innerBytes = 0;
    try {
      if (piece.bytes.length > 0) {
        await this.#inner.write(piece.bytes);
        innerBytes = this.#inner.writtenBytes ?? piece.bytes.length;
      }
    } catch (error) {
      innerBytes = this.#inner.writtenBytes ?? 0;
      throw error;
    } finally {
      const isWhole = innerBytes === piece.bytes.length;
      const taken = Math.min(isWhole ? piece.sourceBytes : piece.sourceOf(innerBytes), write.endsAt - position);
      toDevice.pass(piece, taken);
      toDevice.stats.bytesIn += taken;
      toDevice.stats.bytesOut += innerBytes;
      toDevice.stats.lostBytes += piece.outputOf(taken) - innerBytes;
      write.position += taken;
      write.piece = undefined;
    }
    this.#progressed();
  }

  /** Something of a write was taken, and more is to come. */
  #progressed(): void {
    if (this.writtenBytes !== undefined && this.#write?.isPending && this.writtenBytes < this.#write.endsAt) {
      this.onWriteProgress?.();
    }
  }

  get #writtenBytes(): number {
    const { position = 0, piece } = this.#write ?? {};
    return position + (piece?.sourceOf(this.#inner.writtenBytes ?? 0) ?? 0);
  }

  #shorten(bytes: number): void {
    const write = this.#write;
    if (!write?.isPending) {
      return;
    }
    write.endsAt = bytes;
    const { position, piece } = write;
    if (piece !== undefined) {
      if (bytes < position + piece.sourceBytes) {
        this.#inner.shortenWrite?.(piece.outputOf(bytes - position));
      }
    } else if (position >= bytes) {
      write.isPending = false;
      write.wake?.();
      write.resolve();
    }
  }

  /** A read or write of the inner port has failed. */
  #failed(error: unknown, reject: () => void): void {
    if (error instanceof Error && 'disconnect' in error && error.disconnect === true) {
      this.#fail(error);
    } else {
      reject();
    }
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined || !this.#isOpen) {
      return;
    }
    this.#failure = error;
    const isTold = this.#reading !== undefined || this.#write?.isPending === true;
    this.#rejectPending(error);
    this.#discardArrived();
    if (!isTold) {
      this.onHangUp?.(error);
    }
  }

  #rejectPending(error: Error): void {
    const reading = this.#reading;
    this.#reading = undefined;
    reading?.wake?.();
    reading?.reject(error);
    const write = this.#write;
    if (write?.isPending) {
      write.isPending = false;
      write.wake?.();
      write.reject(error);
    }
  }

  #discardArrived(): void {
    this.#line.toHost.stats.lostBytes += this.#arrived.length + this.#ready.length;
    this.#arrived = Buffer.alloc(0);
    this.#ready = Buffer.alloc(0);
  }

  async #discardInner(): Promise<void> {
    for (const end of ['flush', 'close'] as const) {
      try {
        await this.#inner[end]();
      } catch {
        // A port that is gone cannot be closed properly, and nobody can do anything about it.
      }
    }
  }

  #assertUsable(): void {
    const error = this.#unusable(false);
    if (error !== undefined) {
      throw error;
    }
  }

  #unusable(isBusy: boolean | undefined): Error | undefined {
    if (!this.#isOpen) {
      return new Error('Port is not open');
    }
    return this.#failure ?? (isBusy ? new Error('the call before is still pending') : undefined);
  }
}

/** Waits so long, without a time for ever, or until it is woken. */
async function pause(pending: Pending, ms?: number): Promise<void> {
  if (ms === 0) {
    return;
  }
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    pending.wake = resolve;
    if (ms !== undefined) {
      timer = setTimeout(resolve, ms);
    }
  });
  clearTimeout(timer);
  pending.wake = undefined;
}
