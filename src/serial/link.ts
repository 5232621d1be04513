import { ConnectionError } from '../errors.js';
import { FrameDecoder, type RejectedFrame, type RejectReason } from '../framing/frame-decoder.js';
import type { BindingPort, WatchfulPort } from './binding.js';
import { SendQueue } from './send-queue.js';
import type { CompleteSerialConnection } from './serial-connection.js';
import { newSerialStats, type SerialStats } from './serial-stats.js';

/** The most that one read takes. The operating system rarely gives more than 4 KiB of a serial port at once. */
const READ_BYTES = 16_384;

/** Whom a link tells what happens on it. None of these may throw. */
export interface LinkOwner {
  /** Whether anybody takes packets. Those that nobody takes are counted, and dropped. */
  readonly takesPackets: boolean;
  /** Takes a packet. While a returned promise is pending, the link neither delivers nor reads on. It never rejects. */
  packet(packet: Uint8Array): void | Promise<void>;
  rejected(frame: RejectedFrame): void;
  /** The port is gone. Called at most once. */
  lost(error: ConnectionError): void;
}

/**
 * The life of a link:
 *
 * - `open`: the port is open; bytes go both ways once {@link Link.start} has been called
 * - `draining`: `close` was called: no new packets are taken, those taken are still being written
 * - `lost`: the port failed; final
 * - `closed`: final
 */
type LinkState = 'open' | 'draining' | 'lost' | 'closed';

/** The live side of one serial connection: an open port, its decoder and its send queue. */
export class Link {
  readonly #name: string;
  readonly #connection: CompleteSerialConnection;
  readonly #port: BindingPort;
  readonly #stats = newSerialStats();
  readonly #openedAt = performance.now();
  readonly #owner: LinkOwner;
  readonly #decoder: FrameDecoder;
  readonly #queue: SendQueue;
  #state: LinkState = 'open';
  /** False until the device has settled. */
  #mayWrite = false;
  #settleTimer: NodeJS.Timeout | undefined;
  /** From the moment that a write is planned until the queue is empty. */
  #writing = false;
  #onWritten: (() => void) | undefined;
  #loss: ConnectionError | undefined;
  #portClosed: Promise<void> | undefined;

  /** @param port - open; the link's own from now on */
  constructor(name: string, connection: CompleteSerialConnection, port: BindingPort, owner: LinkOwner) {
    this.#name = name;
    this.#connection = connection;
    this.#port = port;
    this.#owner = owner;
    this.#decoder = new FrameDecoder(connection);
    this.#queue = new SendQueue(name, connection);
  }

  /** What has happened so far. */
  get stats(): SerialStats {
    const { acceptedBytes, rejectedBytes, skippedBytes, delimiters, unfinishedBytes } = this.#decoder;
    return { ...this.#stats, acceptedBytes, rejectedBytes, skippedBytes, delimiters, unfinishedBytes };
  }

  /** Starts to read, and, when the device has settled, to write. Called once. */
  start(): void {
    if (this.#connection.syncOnOpen) {
      this.#queue.addDelimiter();
    }
    const waitMs = this.#connection.settleMs - (performance.now() - this.#openedAt);
    if (waitMs <= 0) {
      this.#allowWriting();
    } else {
      this.#settleTimer = setTimeout(() => this.#allowWriting(), waitMs);
    }
    (this.#port as WatchfulPort).onHangUp = (error) => this.#lose(error);
    void this.#receive();
  }

  /** Sends a packet as `Communicator.send` promises. */
  send(packet: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    if (this.#loss !== undefined) {
      return Promise.reject(this.#loss);
    }
    const sent = this.#queue.add(packet, signal);
    this.#planWrite();
    return sent;
  }

  /**
   * Finishes the sends that were accepted, as far as `drainMs` allows, then closes the port, which may take `closeMs`.
   * Sends that did not make it reject with `SHUTDOWN_TIMEOUT`. Packets that still wait for the handler are dropped,
   * and counted. Never rejects.
   */
  async close(drainMs: number, closeMs: number): Promise<void> {
    if (this.#state === 'open') {
      this.#state = 'draining';
      await this.#drain(drainMs);
    }
    if (this.#state === 'draining') {
      const stalled = this.#queue.hasPackets;
      this.#queue.rejectAll(
        new ConnectionError(
          'SHUTDOWN_TIMEOUT',
          this.#name,
          `send to "${this.#name}": shutdown closed ${this.#connection.path} before the packet was written whole; ` +
            'the device takes no bytes, or shutdownTimeoutMs is too short',
        ),
      );
      this.#closePort(stalled);
    }
    this.#state = 'closed';
    this.#dropReceived();
    await within(closeMs, this.#portClosed);
  }

  async #receive(): Promise<void> {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    try {
      while (this.#isLive) {
        const { bytesRead } = await this.#port.read(buffer, 0, buffer.length);
        if (bytesRead === 0) {
          throw new Error('the port hung up');
        }
        this.#stats.bytesRead += bytesRead;
        this.#decoder.push(buffer.subarray(0, bytesRead));
        if (this.#state === 'closed') {
          this.#dropReceived();
        }
        for (let result = this.#decoder.next(); result !== undefined; result = this.#decoder.next()) {
          const handled = this.#hand(result);
          if (handled !== undefined) {
            await handled;
          }
        }
      }
    } catch (error) {
      this.#lose(error);
    }
  }

  #hand(result: Uint8Array | RejectedFrame): void | Promise<void> {
    if (result instanceof Uint8Array) {
      this.#countPacket(result);
      if (this.#owner.takesPackets) {
        return this.#owner.packet(result);
      }
      this.#stats.packetsWithoutHandler++;
      return;
    }
    this.#countRejected(result.reason);
    this.#owner.rejected(result);
  }

  #countPacket(packet: Uint8Array): void {
    this.#stats.packetsReceived++;
    this.#stats.packetBytesReceived += packet.length;
  }

  #countRejected(reason: RejectReason): void {
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

  /** Counts what `#receive` will not come to, because its handler is still busy. */
  #dropReceived(): void {
    for (let result = this.#decoder.next(); result !== undefined; result = this.#decoder.next()) {
      if (result instanceof Uint8Array) {
        this.#countPacket(result);
        this.#stats.packetsDropped++;
      } else {
        this.#countRejected(result.reason);
      }
    }
  }

  #allowWriting(): void {
    this.#mayWrite = true;
    this.#planWrite();
  }

  /** Plans a write for the end of this turn of the event loop, so that all its sends leave together. */
  #planWrite(): void {
    if (!this.#writing && this.#mayWrite && this.#queue.hasWork) {
      this.#writing = true;
      // The ticks run only when no microtask is left: everything that promises set off in this turn has been sent then.
      queueMicrotask(() => process.nextTick(() => void this.#write()));
    }
  }

  async #write(): Promise<void> {
    try {
      while (this.#isLive && this.#queue.hasWork) {
        const bytes = this.#queue.nextWrite();
        await this.#port.write(bytes);
        if (this.#isLive) {
          const { packets, packetBytes } = this.#queue.finishWrite();
          this.#stats.packetsSent += packets;
          this.#stats.packetBytesSent += packetBytes;
          this.#stats.bytesWritten += bytes.length;
        }
      }
    } catch (error) {
      this.#lose(error);
    }
    this.#writing = false;
    this.#onWritten?.();
  }

  /** Waits until no packets are left in the queue, or the time is up. */
  async #drain(limitMs: number): Promise<void> {
    if (this.#queue.hasPackets) {
      await within(
        limitMs,
        new Promise<void>((resolve) => {
          this.#onWritten = resolve;
        }),
      );
    }
  }

  /** The port failed. What is left of the last chunk is still delivered. */
  #lose(cause: unknown): void {
    if (!this.#isLive) {
      return;
    }
    this.#state = 'lost';
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#loss = new ConnectionError(
      'CONNECTION_LOST',
      this.#name,
      `connection "${this.#name}" (${this.#connection.path}): lost (${reason}); is the device still plugged in?`,
      { cause },
    );
    this.#queue.rejectAll(this.#loss);
    this.#closePort(false);
    this.#onWritten?.();
    this.#owner.lost(this.#loss);
  }

  #closePort(stalled: boolean): void {
    clearTimeout(this.#settleTimer);
    const close = async () => {
      if (stalled) {
        // Else the kernel would wait, half a minute long, for a device that takes nothing.
        await this.#port.flush();
      }
      await this.#port.close();
    };
    // A port that is gone cannot be closed properly, and nobody can do anything about it.
    this.#portClosed = close().catch(() => undefined);
  }

  get #isLive(): boolean {
    return this.#state === 'open' || this.#state === 'draining';
  }
}

/** Waits for the promise, but no longer than that. */
async function within(limitMs: number, promise: Promise<void> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}
