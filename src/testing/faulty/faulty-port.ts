import type { Port, PortListener, PortOpenOptions } from '../../serial/port.js';
import { PortState } from '../../serial/port-state.js';
import { Delivery } from '../delivery.js';
import type { LineNoise } from './line-noise.js';
import { type LineToDevice, LineWriter } from './line-writer.js';

/** The faulty line of a port. */
export interface LineOfPort extends LineToDevice {
  readonly toHost: LineNoise;
}

const NOTHING = Buffer.alloc(0);

/** The host's end of a faulty line. The inner port, of any binding, is at the other end. */
export class FaultyPort implements Port {
  readonly openOptions: Required<PortOpenOptions>;
  readonly #inner: Port;
  readonly #toHost: LineNoise;
  readonly #onClosed: () => void;
  readonly #state = new PortState();
  readonly #writer: LineWriter;
  readonly #delivery = new Delivery(this.#state, () => this.#deliver());
  /** Received from the inner port, and not yet passed through the line. */
  #inFlight: Buffer = NOTHING;
  /** Whether the inner port was asked for a chunk. */
  #isAsked = false;
  /** Whether the next chunk was held back already. */
  #isHeldBack = false;
  #timer: NodeJS.Timeout | undefined;
  #innerClosed: Promise<void> | undefined;

  /** Undefined if the inner port does not know. */
  declare readonly writtenBytes?: number;
  shortenWrite?: (bytes: number) => void;

  /** @param onClosed - called once, when the host closes the port */
  constructor(inner: Port, path: string, line: LineOfPort, onClosed: () => void) {
    this.#inner = inner;
    this.openOptions = { ...inner.openOptions, path };
    this.#toHost = line.toHost;
    this.#onClosed = onClosed;
    this.#writer = new LineWriter(inner, line, this.#state, (error) => this.#fail(error));
    if (inner.shortenWrite !== undefined) {
      this.shortenWrite = (bytes) => this.#writer.shorten(bytes);
      Object.defineProperty(this, 'writtenBytes', { get: () => this.#writer.writtenBytes });
    }
    inner.start({
      received: (chunk) => this.#received(chunk),
      writeProgressed: () => this.#writer.innerProgressed(),
      hungUp: (error) => this.#fail(error),
    });
  }

  get isOpen(): boolean {
    return this.#state.isOpen;
  }

  /** Resolves when the device is free after an unplug; undefined if the line was not unplugged. Never rejects. */
  get released(): Promise<void> | undefined {
    return this.#innerClosed;
  }

  start(listener: PortListener): void {
    this.#state.start(listener);
  }

  resume(): void {
    this.#state.resume();
    this.#delivery.plan();
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    return this.#writer.write(bytes);
  }

  /** The line is no longer stalled. */
  resumeWriting(): void {
    this.#writer.resume();
  }

  /** The line was unplugged. What the operating system has not sent is lost. */
  unplug(error: Error): void {
    if (this.#state.isOpen && this.#innerClosed === undefined) {
      this.#fail(error);
      // The host has counted the bytes written so far, so no more may follow.
      this.#inner.shortenWrite?.(this.#inner.writtenBytes ?? 0);
      this.#innerClosed = this.#discardInner();
    }
  }

  async close(): Promise<void> {
    this.#state.close();
    this.#stop();
    this.#onClosed();
    await (this.#innerClosed ?? this.#inner.close());
  }

  async flush(): Promise<void> {
    this.#state.assertUsable();
    this.#discardInFlight();
    this.#delivery.plan();
    await this.#inner.flush();
  }

  async drain(): Promise<void> {
    await this.#state.drainWrite();
    await this.#inner.drain();
  }

  async update(options: { baudRate: number }): Promise<void> {
    this.#state.assertUsable();
    await this.#inner.update(options);
  }

  async set(options: Parameters<Port['set']>[0]): Promise<void> {
    this.#state.assertUsable();
    await this.#inner.set(options);
  }

  async get(): Promise<Awaited<ReturnType<Port['get']>>> {
    this.#state.assertUsable();
    return this.#inner.get();
  }

  async getBaudRate(): Promise<{ baudRate: number }> {
    this.#state.assertUsable();
    return this.#inner.getBaudRate();
  }

  #received(chunk: Uint8Array): boolean {
    const { stats } = this.#toHost;
    stats.bytesIn += chunk.length;
    this.#isAsked = false;
    if (this.#state.isUsable) {
      this.#inFlight = Buffer.concat([this.#inFlight, chunk]);
      this.#delivery.plan();
    } else {
      stats.lostBytes += chunk.length;
    }
    return false;
  }

  /** Passes on the next chunk, holds it back, or asks the inner port for more. */
  #deliver(): void {
    const { stats } = this.#toHost;
    while (this.#inFlight.length > 0) {
      if (this.#timer !== undefined || this.#holdBack()) {
        return;
      }
      this.#isHeldBack = false;
      const piece = this.#toHost.next(this.#inFlight);
      this.#toHost.pass(piece);
      this.#inFlight = this.#inFlight.subarray(piece.sourceBytes);
      if (piece.bytes.length > 0) {
        stats.bytesOut += piece.bytes.length;
        this.#state.receive(piece.bytes);
        this.#delivery.plan();
        return;
      }
    }
    if (!this.#isAsked) {
      this.#isAsked = true;
      this.#inner.resume();
    }
  }

  /** Returns whether the next chunk has to wait. */
  #holdBack(): boolean {
    const delayMs = this.#isHeldBack ? 0 : this.#toHost.delayMs;
    this.#isHeldBack = true;
    if (delayMs > 0) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#delivery.plan();
      }, delayMs);
    }
    return delayMs > 0;
  }

  #fail(error: Error): void {
    if (this.#state.isUsable) {
      this.#state.fail(error);
      this.#stop();
    }
  }

  #stop(): void {
    this.#writer.stop();
    this.#discardInFlight();
  }

  #discardInFlight(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isHeldBack = false;
    this.#toHost.stats.lostBytes += this.#inFlight.length;
    this.#inFlight = NOTHING;
  }

  async #discardInner(): Promise<void> {
    for (const end of ['flush', 'close'] as const) {
      try {
        await this.#inner[end]();
      } catch {
        // A lost port cannot be closed properly, and nothing can be done about it.
      }
    }
  }
}
