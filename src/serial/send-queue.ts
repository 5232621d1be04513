import { ConnectionError, InvalidArgumentError } from '../errors.js';
import { FrameEncoder } from '../framing/frame-encoder.js';
import { spoiler } from '../framing/spoiler.js';
import { AbortWatch } from './abort-watch.js';
import type { CompleteSerialConnection } from './serial-connection.js';
import type { SerialStats } from './serial-stats.js';

/** A write holds at most so many bytes, unless one frame alone is longer. */
const WRITE_BYTES = 65_536;

/** What the buffer of a connection begins with: most send little at a time, and there may be hundreds. */
const SMALL_BUFFER_BYTES = 1_024;

const DELIMITER = Uint8Array.of(0);

/** A packet that `send` has accepted, until its bytes are out or never will be. */
interface Entry {
  readonly packet: Uint8Array;
  readonly wireBytes: number;
  readonly signal: AbortSignal | undefined;
  /** When `sendTimeoutMs` is over, by the clock of `performance.now`. */
  readonly deadline: number;
  /** Where its frame ends in the write under way. */
  endsAt: number;
  /** Whether its promise has settled. What is left of its frame may still have to go out. */
  settled: boolean;
  resolve(): void;
  reject(error: unknown): void;
  unwatch(): void;
}

/** How a packet that was accepted ends. */
type Outcome = 'packetsSent' | 'packetsAborted' | 'packetsTimedOut' | 'packetsLost' | 'packetsShutDown';

/** A port that tells how far its write is, and can end it early. */
export interface WriteControl {
  /** Bytes of the latest write that the operating system has taken. */
  readonly writtenBytes: number;
  /** Makes the write that is pending end after so many bytes, at least those that are written. */
  shortenWrite(bytes: number): void;
}

/**
 * The packets that wait to be written, bounded by `sendQueueBytes`, and those being written. Knows nothing of links: a
 * link takes one write after the other from it, and tells when it is done. Without a link, packets wait.
 */
export class SendQueue {
  readonly #name: string;
  readonly #connection: CompleteSerialConnection;
  readonly #stats: SerialStats;
  readonly #encoder: FrameEncoder;
  readonly #aborts = new AbortWatch();
  /** Nothing of these has been written. A set keeps the order, and gives up an entry in constant time. */
  #waiting = new Set<Entry>();
  /** The frames of the write under way, in order. */
  #writing: Entry[] = [];
  /** What goes before all packets. */
  #prefix: Uint8Array | undefined;
  /** The part of the write under way that was the prefix. */
  #prefixBytes = 0;
  #queuedBytes = 0;
  #buffer = Buffer.allocUnsafeSlow(SMALL_BUFFER_BYTES);
  #timer: NodeJS.Timeout | undefined;

  /** Of the port that the writes go to, if it has one. Without it, all that is being written counts as begun. */
  control: WriteControl | undefined;

  /** @param stats - counted up as things happen */
  constructor(name: string, connection: CompleteSerialConnection, stats: SerialStats) {
    this.#name = name;
    this.#connection = connection;
    this.#stats = stats;
    this.#encoder = new FrameEncoder(connection.checksum);
  }

  /** Whether something waits to be written. */
  get hasWork(): boolean {
    return this.#waiting.size > 0 || this.#prefix !== undefined;
  }

  /** Whether there are packets that wait to be written or are being written. */
  get hasPackets(): boolean {
    return this.#waiting.size > 0 || this.#writing.length > 0;
  }

  /** Whether the device, if the port were lost now, would be left with a frame without its end. */
  get wouldCutFrame(): boolean {
    const written = this.control?.writtenBytes;
    const spoilerBytes = Math.max(this.#prefix?.length ?? 0, this.#prefixBytes);
    if (spoilerBytes > DELIMITER.length && (this.#prefix !== undefined || (written ?? 0) < spoilerBytes)) {
      // That of the loss before has not been ended yet.
      return true;
    }
    return this.#writing.length > 0 && written !== 0 && (written === undefined || !this.#borders().includes(written));
  }

  /** Puts one delimiter before all packets. */
  addDelimiter(): void {
    this.#prefix = DELIMITER;
  }

  /** Puts before all packets what ends a frame that was cut so that it cannot decode. */
  addSpoiler(): void {
    this.#prefix = spoiler;
  }

  /**
   * Takes a packet. The promise settles when {@link finishWrite} or {@link rejectAll} has reached it, when its signal
   * withdraws it, or when `sendTimeoutMs` is over.
   */
  add(packet: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const { maxPacketBytes, sendQueueBytes, sendTimeoutMs } = this.#connection;
    if (packet.length > maxPacketBytes) {
      return this.refuse(
        new InvalidArgumentError(
          'PACKET_TOO_LARGE',
          `send to "${this.#name}": the packet has ${packet.length} bytes, maxPacketBytes is ${maxPacketBytes}`,
        ),
      );
    }
    const wireBytes = this.#encoder.maxWireBytes(packet.length);
    if (this.#queuedBytes + wireBytes > sendQueueBytes) {
      return this.refuse(
        new ConnectionError(
          'SEND_QUEUE_FULL',
          this.#name,
          `send to "${this.#name}": ${this.#queuedBytes} of ${sendQueueBytes} bytes wait to be written already; ` +
            'await earlier sends, or raise sendQueueBytes',
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const deadline = sendTimeoutMs === 0 ? Number.POSITIVE_INFINITY : performance.now() + sendTimeoutMs;
      const entry: Entry = {
        packet,
        wireBytes,
        signal,
        deadline,
        endsAt: 0,
        settled: false,
        resolve,
        reject,
        unwatch: doNothing,
      };
      if (signal !== undefined) {
        entry.unwatch = this.#aborts.add(signal, () => this.#abort(entry));
      }
      this.#waiting.add(entry);
      this.#queuedBytes += wireBytes;
      this.#stats.packetsAccepted++;
      this.#stats.packetsWaiting++;
      if (sendTimeoutMs !== 0) {
        this.#timer ??= setTimeout(() => this.#expire(), sendTimeoutMs);
      }
    });
  }

  /** Counts a packet that is not taken. */
  refuse(error: Error): Promise<never> {
    this.#stats.packetsRefused++;
    return Promise.reject(error);
  }

  /** The next write: as many frames as fit. Its memory is reused after {@link finishWrite}. */
  nextWrite(): Buffer {
    const prefix = this.#prefix;
    const prefixBytes = prefix?.length ?? 0;
    this.#prefix = undefined;
    this.#prefixBytes = prefixBytes;
    let end = prefixBytes;
    for (const entry of this.#waiting) {
      if (this.#writing.length === 0) {
        this.#makeRoom(prefixBytes + Math.max(entry.wireBytes, Math.min(this.#queuedBytes, WRITE_BYTES)));
      } else if (end + entry.wireBytes > this.#buffer.length) {
        break;
      }
      end = this.#encoder.encodeInto(entry.packet, this.#buffer, end);
      entry.endsAt = end;
      this.#waiting.delete(entry);
      this.#writing.push(entry);
    }
    if (prefix !== undefined) {
      this.#buffer.set(prefix, 0);
    }
    return this.#buffer.subarray(0, end);
  }

  /** The last write has been handed over, as far as it was not shortened. */
  finishWrite(): void {
    const done = this.#writing;
    this.#writing = [];
    this.#stats.bytesWritten += done.at(-1)?.endsAt ?? this.#prefixBytes;
    this.#prefixBytes = 0;
    if (this.#buffer.length > 2 * WRITE_BYTES) {
      this.#buffer = Buffer.allocUnsafeSlow(SMALL_BUFFER_BYTES);
    }
    for (const entry of done) {
      this.#queuedBytes -= entry.wireBytes;
      if (entry.signal?.aborted) {
        this.#settle(entry, 'packetsAborted', entry.signal.reason);
      } else {
        this.#settle(entry, 'packetsSent', undefined);
      }
    }
  }

  /** Ends everything, whether it waits or is being written. */
  rejectAll(outcome: Outcome, error: ConnectionError): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const entries = [...this.#writing, ...this.#waiting];
    this.#writing = [];
    this.#waiting.clear();
    this.#queuedBytes = 0;
    this.#prefix = undefined;
    for (const entry of entries) {
      this.#settle(entry, outcome, error);
    }
  }

  /** At once if nothing of the frame has been written; else `finishWrite` will tell. */
  #abort(entry: Entry): void {
    if (!this.#waiting.has(entry)) {
      this.#recall();
    }
    if (this.#waiting.has(entry)) {
      this.#withdraw(entry, 'packetsAborted', entry.signal?.reason);
    }
  }

  #expire(): void {
    this.#timer = undefined;
    const now = performance.now();
    const isLate = (entry: Entry) => !entry.settled && entry.deadline <= now;
    if (this.#writing.some(isLate)) {
      this.#recall();
    }
    for (const entry of this.#writing.filter(isLate)) {
      this.#settle(entry, 'packetsTimedOut', this.#timeoutError('its frame was begun, and is finished when it does'));
    }
    for (const entry of this.#waiting) {
      if (!isLate(entry)) {
        break;
      }
      this.#withdraw(entry, 'packetsTimedOut', this.#timeoutError('nothing of the packet was sent'));
    }
    const next = this.#writing.find((entry) => !entry.settled) ?? this.#waiting.values().next().value;
    if (next !== undefined) {
      this.#timer = setTimeout(() => this.#expire(), Math.max(1, next.deadline - now));
    }
  }

  /** Ends the write under way with the frame that was begun, and lets those behind it wait again. */
  #recall(): void {
    const written = this.control?.writtenBytes;
    if (this.control === undefined || written === undefined) {
      return;
    }
    const borders = this.#borders();
    const begun = borders.findIndex((border) => border >= written);
    const recalled = this.#writing.splice(begun);
    if (recalled.length > 0) {
      this.#waiting = new Set([...recalled, ...this.#waiting]);
      this.control.shortenWrite(borders[begun]!);
    }
  }

  /** Where a frame begins in the write under way, and where the last one ends. */
  #borders(): number[] {
    return [this.#prefixBytes, ...this.#writing.map((entry) => entry.endsAt)];
  }

  #withdraw(entry: Entry, outcome: Outcome, error: unknown): void {
    this.#waiting.delete(entry);
    this.#queuedBytes -= entry.wireBytes;
    this.#settle(entry, outcome, error);
  }

  #settle(entry: Entry, outcome: Outcome, error: unknown): void {
    if (entry.settled) {
      return;
    }
    entry.settled = true;
    entry.unwatch();
    this.#stats.packetsWaiting--;
    this.#stats[outcome]++;
    if (outcome === 'packetsSent') {
      this.#stats.packetBytesSent += entry.packet.length;
      entry.resolve();
    } else {
      entry.reject(error);
    }
  }

  #timeoutError(what: string): ConnectionError {
    return new ConnectionError(
      'SEND_TIMEOUT',
      this.#name,
      `send to "${this.#name}": not written after sendTimeoutMs (${this.#connection.sendTimeoutMs} ms), ` +
        `as the device takes no bytes; ${what}`,
    );
  }

  #makeRoom(bytes: number): void {
    if (bytes > this.#buffer.length) {
      this.#buffer = Buffer.allocUnsafeSlow(Math.max(bytes, Math.min(2 * this.#buffer.length, WRITE_BYTES)));
    }
  }
}

function doNothing(): void {}
