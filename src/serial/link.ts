import { ConnectionError } from '../errors.js';
import { FrameDecoder, type RejectedFrame } from '../framing/frame-decoder.js';
import { type BindingPort, type WatchfulPort, WRITTEN } from './binding.js';
import type { SendQueue, WriteControl } from './sending/send-queue.js';
import { type CompleteSerialConnection, describeConnection } from './serial-connection.js';
import type { SerialStats } from './serial-stats.js';
import { within } from './within.js';

/** What one read takes at first: most devices send little at a time, and there may be hundreds. */
const FIRST_READ_BYTES = 256;

/** What one read takes at most. Linux gives no more than 4 KiB of a tty at once. */
const MAX_READ_BYTES = 16_384;

/** How long a stalled port may take to drop what it has not written; then it is closed all the same. */
const FLUSH_LIMIT_MS = 500;

/** Whom a link tells what happens on it. None of these may throw. */
export interface LinkOwner {
  /** Whether anybody takes packets. Those that nobody takes are counted, and dropped. */
  takesPackets(): boolean;
  /** Takes a packet. While a returned promise is pending, the link neither delivers nor reads on. It never rejects. */
  packet(packet: Uint8Array): Promise<void> | undefined;
  rejected(frame: RejectedFrame): void;
}

/**
 * The life of a link:
 *
 * - `open`: the port is open; bytes go out once {@link Link.start} has been called, and come in once {@link Link.receive} has been
 * - `lost`: the port failed; what had arrived is still delivered
 * - `closed`: final
 */
type LinkState = 'open' | 'lost' | 'closed';

/** The live side of one serial connection: an open port, its decoder, and the send queue that it writes from. */
export class Link {
  readonly #connection: CompleteSerialConnection;
  readonly #name: string;
  readonly #port: WatchfulPort;
  readonly #queue: SendQueue;
  readonly #stats: SerialStats;
  readonly #owner: LinkOwner;
  readonly #onLost: (error: ConnectionError) => void;
  readonly #decoder: FrameDecoder;
  readonly #openedAt = performance.now();
  /** Tell calls of the port that wait. */
  #leave: Set<() => void> | undefined;
  #state: LinkState = 'open';
  /** False until the device has settled. */
  #mayWrite = false;
  #settleTimer: NodeJS.Timeout | undefined;
  /** From the moment that a write is planned until the queue is empty. */
  #writing = false;
  /** While packets are handed over: what is sent meanwhile leaves in one write after that. */
  #isDelivering = false;
  #writesAfterDelivery = false;
  /** While a handler is busy with a packet of a port that reads by itself. */
  #isHandling = false;
  /** Tells that no more will be read or handed over. */
  #onReceived: (() => void) | undefined;
  #onWritten: (() => void) | undefined;
  #portClosed: Promise<void> | undefined;
  /** What of the decoder's counts is in the stats already. */
  #counted = { acceptedBytes: 0, rejectedBytes: 0, skippedBytes: 0, unfinishedBytes: 0, delimiters: 0 };

  /**
   * @param port - open; the link's own from now on
   * @param queue - what to write; the link tells nobody when the port is lost, and rejects none of it
   * @param stats - counted up as things happen
   * @param onLost - called at most once, when the port is gone; the queue is left as it is
   */
  constructor(
    name: string,
    connection: CompleteSerialConnection,
    port: BindingPort,
    queue: SendQueue,
    stats: SerialStats,
    owner: LinkOwner,
    onLost: (error: ConnectionError) => void,
  ) {
    this.#name = name;
    this.#connection = connection;
    this.#port = port;
    this.#queue = queue;
    this.#stats = stats;
    this.#owner = owner;
    this.#onLost = onLost;
    const { maxPacketBytes, checksum, skipFirst } = connection;
    this.#decoder = new FrameDecoder({ maxPacketBytes, checksum, skipFirst });
    queue.control = isWriteControl(port) ? port : undefined;
  }

  /** Resolves when the port is closed, once it has been lost; never rejects. */
  get portClosed(): Promise<void> | undefined {
    return this.#portClosed;
  }

  /** The port, for its control lines. */
  get port(): BindingPort {
    return this.#port;
  }

  /**
   * Starts to watch the port, and, when the device has settled, to write. Called once.
   *
   * @param onSettled - called when the device has settled, perhaps within this call; not if the port is closed before
   */
  start(onSettled: () => void): void {
    const waitMs = this.#connection.settleMs - (performance.now() - this.#openedAt);
    if (waitMs <= 0) {
      this.#allowWriting(onSettled);
    } else {
      this.#settleTimer = setTimeout(() => this.#allowWriting(onSettled), waitMs);
    }
    this.#port.onHangUp = (error) => this.#lose(error);
    this.#port.onWriteProgress = () => this.#queue.settleWritten();
  }

  /** Reads and delivers until the port is closed or lost. Resolves when the last packet is handled. Called once. */
  async receive(): Promise<void> {
    if (this.#state === 'open') {
      if (this.#port.startReading === undefined) {
        await this.#read();
      } else {
        const received = new Promise<void>((resolve) => {
          this.#onReceived = resolve;
        });
        this.#port.startReading((chunk) => this.#take(chunk));
        await received;
      }
    }
    this.countBytes();
  }

  async #read(): Promise<void> {
    let buffer = Buffer.allocUnsafeSlow(FIRST_READ_BYTES);
    try {
      while (this.#state === 'open') {
        const { bytesRead } = await this.#port.read(buffer, 0, buffer.length);
        if (bytesRead === 0) {
          throw new Error('the port hung up');
        }
        this.#stats.bytesRead += bytesRead;
        this.#decoder.push(buffer.subarray(0, bytesRead));
        if (this.#isClosed) {
          this.#dropReceived();
        }
        for (let handled = this.#deliver(); handled !== undefined; handled = this.#deliver()) {
          await handled;
        }
        if (bytesRead === buffer.length && bytesRead < MAX_READ_BYTES) {
          buffer = Buffer.allocUnsafeSlow(8 * bytesRead);
        }
      }
    } catch (error) {
      this.#lose(error);
    }
  }

  /** @returns whether the handler is ready for more */
  #take(chunk: Uint8Array): boolean {
    this.#stats.bytesRead += chunk.length;
    this.#decoder.push(chunk);
    if (this.#isClosed) {
      this.#dropReceived();
      return false;
    }
    if (!this.#isHandling) {
      const handled = this.#deliver();
      if (handled === undefined) {
        return true;
      }
      this.#isHandling = true;
      void this.#deliverRest(handled);
    }
    this.#decoder.keepRest();
    return false;
  }

  async #deliverRest(first: Promise<void>): Promise<void> {
    for (let handled: Promise<void> | undefined = first; handled !== undefined; handled = this.#deliver()) {
      await handled;
    }
    this.#isHandling = false;
    if (this.#state === 'open') {
      this.#port.continueReading?.();
    } else {
      this.#onReceived?.();
    }
  }

  /** No more will be read. */
  #endReading(): void {
    if (!this.#isHandling) {
      this.#onReceived?.();
    }
  }

  /** What a call of the port gives; rejects when the link is left before. */
  whileOpen<Result>(result: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const leave = () => reject(new Error('the port is closed'));
      this.#leave ??= new Set();
      this.#leave.add(leave);
      result.then(resolve, reject).finally(() => this.#leave?.delete(leave));
    });
  }

  #tellCalls(): void {
    for (const leave of this.#leave ?? []) {
      leave();
    }
  }

  /** Plans a write for the end of this turn of the event loop, so that all its sends leave together. */
  planWrite(): void {
    if (!this.#writing && this.#mayWrite && this.#queue.hasWork) {
      this.#writing = true;
      if (this.#isDelivering) {
        this.#writesAfterDelivery = true;
        return;
      }
      // The ticks run only when no microtask is left: everything that promises set off in this turn has been sent then.
      queueMicrotask(() => process.nextTick(() => void this.#write()));
    }
  }

  /** Waits until no packets are left in the queue, the port is lost, or the time is up. No new packets may be added. */
  async drain(limitMs: number): Promise<void> {
    if (this.#state === 'open' && this.#queue.hasPackets) {
      await within(
        limitMs,
        new Promise<void>((resolve) => {
          this.#onWritten = resolve;
        }),
      );
    }
  }

  /**
   * Closes the port, which may take `limitMs`. Packets that still wait for the handler are dropped, and counted. Never
   * rejects.
   */
  async close(limitMs: number): Promise<void> {
    if (this.#state === 'open') {
      this.#closePort(this.#queue.hasPackets);
    }
    this.#state = 'closed';
    this.#tellCalls();
    this.#dropReceived();
    this.#endReading();
    await within(limitMs, this.#portClosed);
  }

  /** Brings the stats up to date while a handler is busy. */
  countBytes(): void {
    const { acceptedBytes, rejectedBytes, skippedBytes, unfinishedBytes, delimiters } = this.#decoder;
    const counts = { acceptedBytes, rejectedBytes, skippedBytes, unfinishedBytes, delimiters };
    for (const key of Object.keys(counts) as (keyof typeof counts)[]) {
      this.#stats[key] += counts[key] - this.#counted[key];
    }
    this.#counted = counts;
  }

  /** Hands over what has arrived, up to a packet that the handler takes its time for. */
  #deliver(): Promise<void> | undefined {
    // Nothing from here to its end throws: those who take packets must not.
    this.#isDelivering = true;
    let handled: Promise<void> | undefined;
    for (let result = this.#decoder.next(); result !== undefined; result = this.#decoder.next()) {
      handled = this.#hand(result);
      if (handled !== undefined) {
        break;
      }
    }
    this.#isDelivering = false;
    if (this.#writesAfterDelivery) {
      this.#writesAfterDelivery = false;
      void this.#write();
    }
    return handled;
  }

  #hand(result: Uint8Array | RejectedFrame): Promise<void> | undefined {
    if (!(result instanceof Uint8Array)) {
      this.#countRejected(result);
      this.#owner.rejected(result);
      return undefined;
    }
    this.#countPacket(result);
    if (this.#owner.takesPackets()) {
      this.#stats.packetsDelivered++;
      return this.#owner.packet(result);
    }
    this.#stats.packetsWithoutHandler++;
    return undefined;
  }

  /** Counts what `receive` will not come to, because its handler is still busy. */
  #dropReceived(): void {
    for (let result = this.#decoder.next(); result !== undefined; result = this.#decoder.next()) {
      if (result instanceof Uint8Array) {
        this.#countPacket(result);
        this.#stats.packetsDropped++;
      } else {
        this.#countRejected(result);
      }
    }
    this.countBytes();
  }

  #countPacket(packet: Uint8Array): void {
    this.#stats.packetsReceived++;
    this.#stats.packetBytesReceived += packet.length;
  }

  #countRejected({ reason }: RejectedFrame): void {
    switch (reason) {
      case 'malformed':
        this.#stats.malformedFrames++;
        break;
      case 'too-long':
        this.#stats.tooLongFrames++;
        break;
      case 'checksum':
        this.#stats.checksumFrames++;
        break;
    }
  }

  #allowWriting(onSettled: () => void): void {
    this.#mayWrite = true;
    this.planWrite();
    onSettled();
  }

  async #write(): Promise<void> {
    try {
      while (this.#state === 'open' && this.#queue.hasWork) {
        const written = this.#port.write(this.#queue.nextWrite());
        if (written !== WRITTEN) {
          await written;
        }
        if (this.#state === 'open') {
          this.#queue.finishWrite();
        }
      }
    } catch (error) {
      this.#lose(error);
    }
    this.#writing = false;
    this.#onWritten?.();
  }

  /** Asked after an await: the state may have changed. */
  get #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #lose(cause: unknown): void {
    if (this.#state !== 'open') {
      return;
    }
    this.#state = 'lost';
    this.#tellCalls();
    this.#closePort(false);
    this.#endReading();
    this.#onWritten?.();
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#onLost(
      new ConnectionError(
        'CONNECTION_LOST',
        this.#name,
        `connection ${describeConnection(this.#name, { path: this.#port.openOptions.path })}: lost (${reason}); ` +
          'is the device still plugged in?',
        { cause },
      ),
    );
  }

  #closePort(stalled: boolean): void {
    clearTimeout(this.#settleTimer);
    const close = async () => {
      if (stalled) {
        // Else the kernel would wait, half a minute long and in a thread of the pool, for a device that takes nothing;
        // and what is flushed must not make room for the rest of the write.
        this.#port.shortenWrite?.(this.#port.writtenBytes ?? 0);
        await within(
          FLUSH_LIMIT_MS,
          this.#port.flush().catch(() => undefined),
        );
      }
      await this.#port.close();
    };
    // A port that is gone cannot be closed properly, and nobody can do anything about it.
    this.#portClosed = close().catch(() => undefined);
  }
}

function isWriteControl(port: WatchfulPort): port is WatchfulPort & WriteControl {
  return port.shortenWrite !== undefined;
}
