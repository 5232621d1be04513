import { ConnectionError, InvalidArgumentError } from '../errors.js';
import { FrameEncoder } from '../framing/frame-encoder.js';
import { AbortWatch } from './abort-watch.js';
import type { CompleteSerialConnection } from './serial-connection.js';

/** A write holds at most so many bytes, unless one frame alone is longer. */
const WRITE_BYTES = 65_536;

/** What the buffer of a connection begins with: most send little at a time, and there may be hundreds. */
const SMALL_BUFFER_BYTES = 1_024;

/** A packet that `send` has accepted, until its promise settles. */
interface Entry {
  readonly packet: Uint8Array;
  readonly wireBytes: number;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * The packets that wait to be written, bounded by `sendQueueBytes`, and those being written. Knows nothing of ports:
 * a link takes one write after the other from it, and tells when it is done.
 */
export class SendQueue {
  readonly #name: string;
  readonly #connection: CompleteSerialConnection;
  readonly #encoder: FrameEncoder;
  /** Nothing of these has been written. A set keeps the order, and gives up an entry in constant time. */
  readonly #waiting = new Set<Entry>();
  readonly #aborts = new AbortWatch();
  /** The frames of the write under way. */
  #writing: Entry[] = [];
  #queuedBytes = 0;
  #buffer = Buffer.allocUnsafeSlow(SMALL_BUFFER_BYTES);
  #delimiterFirst = false;

  constructor(name: string, connection: CompleteSerialConnection) {
    this.#name = name;
    this.#connection = connection;
    this.#encoder = new FrameEncoder(connection.checksum);
  }

  /** Whether something waits to be written. */
  get hasWork(): boolean {
    return this.#waiting.size > 0 || this.#delimiterFirst;
  }

  /** Whether there are packets that wait to be written or are being written. */
  get hasPackets(): boolean {
    return this.#waiting.size > 0 || this.#writing.length > 0;
  }

  /** Puts one delimiter before everything else. */
  addDelimiter(): void {
    this.#delimiterFirst = true;
  }

  /**
   * Takes a packet. The promise settles when {@link finishWrite} or {@link rejectAll} has reached it, or when it is
   * withdrawn by its signal.
   */
  add(packet: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const { maxPacketBytes, sendQueueBytes } = this.#connection;
    if (packet.length > maxPacketBytes) {
      return Promise.reject(
        new InvalidArgumentError(
          'PACKET_TOO_LARGE',
          `send to "${this.#name}": the packet has ${packet.length} bytes, maxPacketBytes is ${maxPacketBytes}`,
        ),
      );
    }
    const wireBytes = this.#encoder.maxWireBytes(packet.length);
    if (this.#queuedBytes + wireBytes > sendQueueBytes) {
      return Promise.reject(
        new ConnectionError(
          'SEND_QUEUE_FULL',
          this.#name,
          `send to "${this.#name}": ${this.#queuedBytes} of ${sendQueueBytes} bytes wait to be written already; ` +
            'await earlier sends, or raise sendQueueBytes',
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const entry = { packet, wireBytes, resolve, reject };
      if (signal !== undefined) {
        this.#watch(entry, signal);
      }
      this.#waiting.add(entry);
      this.#queuedBytes += wireBytes;
    });
  }

  /** The next write: as many frames as fit. Its memory is reused after {@link finishWrite}. */
  nextWrite(): Buffer {
    const delimiterBytes = this.#delimiterFirst ? 1 : 0;
    this.#delimiterFirst = false;
    this.#buffer[0] = 0;
    let end = delimiterBytes;
    for (const entry of this.#waiting) {
      if (end === delimiterBytes) {
        this.#makeRoom(delimiterBytes + Math.max(entry.wireBytes, Math.min(this.#queuedBytes, WRITE_BYTES)));
        this.#buffer[0] = 0;
      } else if (end + entry.wireBytes > this.#buffer.length) {
        break;
      }
      end = this.#encoder.encodeInto(entry.packet, this.#buffer, end);
      this.#waiting.delete(entry);
      this.#writing.push(entry);
    }
    return this.#buffer.subarray(0, end);
  }

  /** The last write has been handed over whole. Gives the packets in it. */
  finishWrite(): { packets: number; packetBytes: number } {
    const done = this.#writing;
    this.#writing = [];
    if (this.#buffer.length > 2 * WRITE_BYTES) {
      this.#buffer = Buffer.allocUnsafeSlow(SMALL_BUFFER_BYTES);
    }
    let packetBytes = 0;
    for (const entry of done) {
      packetBytes += entry.packet.length;
      this.#queuedBytes -= entry.wireBytes;
      entry.resolve();
    }
    return { packets: done.length, packetBytes };
  }

  /** Ends everything, whether it waits or is being written. */
  rejectAll(error: ConnectionError): void {
    const entries = [...this.#writing, ...this.#waiting];
    this.#writing = [];
    this.#waiting.clear();
    this.#queuedBytes = 0;
    this.#delimiterFirst = false;
    for (const entry of entries) {
      entry.reject(error);
    }
  }

  #makeRoom(bytes: number): void {
    if (bytes > this.#buffer.length) {
      this.#buffer = Buffer.allocUnsafeSlow(Math.max(bytes, Math.min(2 * this.#buffer.length, WRITE_BYTES)));
    }
  }

  /** Makes the signal withdraw the entry; an entry that is being written is told only when it has been. */
  #watch(entry: Entry, signal: AbortSignal): void {
    const { resolve, reject } = entry;
    const unwatch = this.#aborts.add(signal, () => {
      if (this.#waiting.delete(entry)) {
        this.#queuedBytes -= entry.wireBytes;
        entry.reject(signal.reason);
      }
    });
    entry.resolve = () => {
      unwatch();
      if (signal.aborted) {
        reject(signal.reason);
      } else {
        resolve();
      }
    };
    entry.reject = (error) => {
      unwatch();
      reject(error);
    };
  }
}
