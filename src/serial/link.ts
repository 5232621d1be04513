import { ConnectionError } from '../errors.js';
import { within } from '../timing/patient-timer.js';
import { adviseOnServer } from './advice/network-advice.js';
import type { ConnectionDelivery } from './delivery/connection-delivery.js';
import type { IgnoredSetting, Port } from './port.js';
import type { LinkReceiver } from './receiving/link-receiver.js';
import type { LinkOutput, WriteControl } from './sending/link-output.js';
import { type CompleteSerialConnection, describeConnection } from './serial-connection.js';

/** How long a stalled port may take to discard what it has not sent. After that it is closed anyway. */
const FLUSH_LIMIT_MS = 500;

/** After this, a pending write without packets is called stalled: a flush would discard what was written before it. */
const STALLED_AFTER_MS = 200;

/**
 * The life of a link:
 *
 * - `open`: the port is open. It is written after {@link Link.start}, and read after {@link Link.receive}
 * - `ended`: the port hung up or was released. What was received before is still delivered
 * - `closed`: final
 */
type LinkState = 'open' | 'ended' | 'closed';

/** What else a link reports. None of these may throw. */
export interface LinkReports {
  /** The server of the port has not made a setting what it was to be. */
  settingIgnored(ignored: IgnoredSetting): void;
}

/**
 * The live side of one serial connection: passes chunks from an open port to a receiver, and writes to it what its output
 * has.
 */
export class Link {
  readonly #connection: CompleteSerialConnection;
  readonly #name: string;
  readonly #port: Port;
  readonly #delivery: ConnectionDelivery;
  readonly #output: LinkOutput;
  readonly #receiver: LinkReceiver;
  readonly #onLost: (error: ConnectionError) => void;
  readonly #reports: LinkReports;
  readonly #openedAt = performance.now();
  #state: LinkState = 'open';
  /** Each rejects a call of {@link whileOpen}. */
  #pendingCalls: Set<() => void> | undefined;
  /** False until the device has settled. */
  #mayWrite = false;
  #settleTimer: NodeJS.Timeout | undefined;
  /** From the moment a write is planned until there is nothing to write. */
  #isWriting = false;
  /** Since when the port has not accepted all of a write. Undefined if it has. */
  #writePendingSince: number | undefined;
  #onReceived: (() => void) | undefined;
  /** Of {@link drain}. */
  #written: Promise<void> | undefined;
  #onWritten: (() => void) | undefined;
  #portClosed: Promise<void> | undefined;

  /**
   * @param port - an open port. From now on, only the link uses it
   * @param delivery - has what to write, and takes what arrives. When the port is lost, the link leaves it as it is
   * @param onLost - called at most once, when the port hangs up
   */
  constructor(
    name: string,
    connection: CompleteSerialConnection,
    port: Port,
    delivery: ConnectionDelivery,
    onLost: (error: ConnectionError) => void,
    reports: LinkReports,
  ) {
    this.#name = name;
    this.#connection = connection;
    this.#port = port;
    this.#delivery = delivery;
    this.#output = delivery.output;
    this.#onLost = onLost;
    this.#reports = reports;
    this.#receiver = delivery.newReceiver({
      delivered: () => this.#delivered(),
      idle: () => this.#resume(),
    });
    this.#output.control = isWriteControl(port) ? port : undefined;
  }

  /** Resolves when the port of an ended link is closed. Never rejects. Undefined while the link is open. */
  get portClosed(): Promise<void> | undefined {
    return this.#portClosed;
  }

  /** The port, for its control lines. */
  get port(): Port {
    return this.#port;
  }

  /**
   * Starts to watch for a hang-up, and, when the device has settled, to write. Called once.
   *
   * @param onSettled - called when the device has settled, possibly within this call; not if the port closes before
   */
  start(onSettled: () => void): void {
    const waitMs = this.#connection.settleMs - (performance.now() - this.#openedAt);
    if (waitMs <= 0) {
      this.#allowWriting(onSettled);
    } else {
      this.#settleTimer = setTimeout(() => this.#allowWriting(onSettled), waitMs);
    }
    this.#port.start({
      received: (chunk) => this.#received(chunk),
      writeProgressed: () => this.#output.settleWritten(),
      hungUp: (error) => this.#lose(error),
      settingIgnored: (ignored) => this.#reports.settingIgnored(ignored),
    });
  }

  /**
   * Receives until the port is closed or lost. Called once, after {@link start}. Resolves when the last packet is
   * handled.
   */
  async receive(): Promise<void> {
    if (this.#state === 'open') {
      const received = new Promise<void>((resolve) => {
        this.#onReceived = resolve;
      });
      this.#port.resume();
      await received;
    }
    this.countBytes();
  }

  /** Settles as `result` does, or rejects when the link is lost or closed before. */
  whileOpen<Result>(result: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const rejectNow = () => reject(new Error('the port is closed'));
      this.#pendingCalls ??= new Set();
      this.#pendingCalls.add(rejectNow);
      result.then(resolve, reject).finally(() => this.#pendingCalls?.delete(rejectNow));
    });
  }

  /** Plans a write for the end of this turn of the event loop, so that all its sends leave together. */
  planWrite(): void {
    if (this.#isWriting && this.#onWritten === undefined) {
      // So it is for all packets of a turn but the first.
      return;
    }
    this.#checkWritten();
    // What is sent while a chunk is delivered leaves after that, in one write.
    if (this.#shouldWrite && !this.#receiver.isDelivering) {
      this.#isWriting = true;
      // Ticks run when no microtask is left. By then, everything that promises started in this turn has been sent.
      queueMicrotask(() => process.nextTick(() => void this.#write()));
    }
  }

  /** Waits until the output has no packets, the port is lost, or `limitMs` is over. No packets may be added meanwhile. */
  async drain(limitMs: number): Promise<void> {
    if (this.#state === 'open' && this.#output.hasPackets) {
      this.#written ??= new Promise<void>((resolve) => {
        this.#onWritten = resolve;
      });
      await within(limitMs, this.#written);
    }
  }

  /** Starts to close the port. The queue is left as it is, and what was received before is still delivered. */
  release(): void {
    if (this.#state === 'open') {
      this.#state = 'ended';
      this.#closePort(this.#isStalled);
      this.#end();
    }
  }

  /**
   * Closes the port and waits for that up to `limitMs`. Packets that wait for the handler are dropped and counted. Never
   * rejects.
   */
  async close(limitMs: number): Promise<void> {
    if (this.#state === 'open') {
      this.#closePort(this.#isStalled);
    }
    this.#state = 'closed';
    this.#receiver.drop();
    this.#end();
    await within(limitMs, this.#portClosed);
  }

  /** Brings the stats up to date while a handler is busy. */
  countBytes(): void {
    this.#receiver.countBytes();
  }

  #received(chunk: Uint8Array): boolean {
    // A read that was pending when the port hung up or was closed may still return bytes.
    if (this.#state === 'closed' || (this.#state === 'ended' && this.#receiver.isIdle)) {
      this.#receiver.drop(chunk);
      return false;
    }
    return this.#receiver.receive(chunk);
  }

  #delivered(): void {
    if (this.#shouldWrite) {
      this.#isWriting = true;
      void this.#write();
    }
    this.#checkWritten();
    this.#endReceiving();
  }

  get #shouldWrite(): boolean {
    return !this.#isWriting && this.#mayWrite && this.#output.hasWork;
  }

  /** Ends {@link drain} if there is nothing more to wait for. */
  #checkWritten(): void {
    if (this.#onWritten !== undefined && (this.#state !== 'open' || !this.#output.hasPackets)) {
      this.#onWritten();
    }
  }

  #resume(): void {
    if (this.#state === 'open') {
      this.#port.resume();
    }
  }

  #allowWriting(onSettled: () => void): void {
    this.#mayWrite = true;
    this.#delivery.settled();
    this.planWrite();
    onSettled();
  }

  async #write(): Promise<void> {
    try {
      while (this.#state === 'open' && this.#output.hasWork) {
        if (this.#output.hasPackets) {
          this.#receiver.writingPacket();
        }
        const written = this.#port.write(this.#output.nextWrite());
        if (written !== undefined) {
          // Not every port reports the part of a write that it accepts at once.
          this.#output.settleWritten();
          this.#writePendingSince = performance.now();
          await written;
          this.#writePendingSince = undefined;
        }
        if (this.#state === 'open') {
          this.#output.finishWrite();
        }
      }
    } catch (error) {
      this.#lose(error);
    }
    this.#isWriting = false;
    this.#checkWritten();
  }

  #lose(cause: unknown): void {
    if (this.#state !== 'open') {
      return;
    }
    this.#state = 'ended';
    this.#closePort(false);
    this.#end();
    this.#checkWritten();
    const reason = cause instanceof Error ? cause.message : String(cause);
    const { path } = this.#port.openOptions;
    this.#onLost(
      new ConnectionError(
        'CONNECTION_LOST',
        this.#name,
        `connection ${describeConnection(this.#name, { path })}: disconnected (${reason}); ` +
          (adviseOnServer(path, 'lost') ?? 'check that the device is plugged in'),
        { cause },
      ),
    );
  }

  /** Ends what waits for the port. */
  #end(): void {
    for (const reject of this.#pendingCalls ?? []) {
      reject();
    }
    this.#receiver.ended();
    this.#endReceiving();
  }

  /** Ends {@link receive} if nothing more will be received or delivered. */
  #endReceiving(): void {
    if (this.#state !== 'open' && this.#receiver.isIdle) {
      this.#onReceived?.();
    }
  }

  /** Whether closing the port would have to wait for the device. */
  get #isStalled(): boolean {
    const since = this.#writePendingSince;
    return this.#output.hasPackets || (since !== undefined && performance.now() - since > STALLED_AFTER_MS);
  }

  #closePort(isStalled: boolean): void {
    clearTimeout(this.#settleTimer);
    // Closing a lost port may fail. There is nothing left to do about it.
    this.#portClosed = this.#discardAndClose(isStalled).catch(() => undefined);
  }

  async #discardAndClose(isStalled: boolean): Promise<void> {
    if (isStalled) {
      // Without the flush, closing would block a thread of the pool for up to 30 s while the kernel waits for the
      // stalled device. What the flush discards must not make room for the rest of the write.
      this.#port.shortenWrite?.(this.#port.writtenBytes ?? 0);
      await within(
        FLUSH_LIMIT_MS,
        this.#port.flush().catch(() => undefined),
      );
    }
    await this.#port.close();
  }
}

function isWriteControl(port: Port): port is Port & WriteControl {
  return port.shortenWrite !== undefined;
}
