import { ConnectionError, InvalidArgumentError } from '../errors.js';
import { FrameEncoder } from '../framing/frame-encoder.js';
import { resyncSequence } from '../framing/resync-sequence.js';
import { AbortWatch } from './abort-watch.js';
import type { CompleteSerialConnection } from './serial-connection.js';
import type { SerialStats } from './serial-stats.js';

/** A write holds at most so many bytes, unless one packet alone takes more. */
const WRITE_BYTES = 65_536;

/** Packets that share one promise take at most so many bytes: as much as the buffer of a tty. */
const GROUP_BYTES = 4_096;

/** A buffer for writes is kept up to this size. */
const KEPT_BUFFER_BYTES = 2 * WRITE_BYTES;

const NOTHING = Buffer.alloc(0);
const DELIMITER = Buffer.of(0);
const RESYNC_SEQUENCE = Buffer.from(resyncSequence);

/**
 * Packets that were accepted one after the other, leave in one write, and so share one promise, which costs more than
 * all else about a small packet. A packet that can end differently, by its signal or its time-out, is one by itself.
 */
interface Group {
  readonly packets: Uint8Array[];
  wireBytes: number;
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
  unwatch: (() => void) | undefined;
  /** When `sendTimeoutMs` is over, by the clock of `performance.now`. */
  readonly deadline: number;
  /** Where its last frame ends in the write under way. */
  endsAt: number;
  /** Whether its promise has settled. What is left of its frame may still have to go out. */
  isSettled: boolean;
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
  #aborts: AbortWatch | undefined;
  /** Nothing of these has been written. A set keeps the order, and gives up a group in constant time. */
  #waiting = new Set<Group>();
  /** The one among them that more packets may join. */
  #joinable: Group | undefined;
  /** What the write under way holds, in order, as far as it is not known to be written. */
  #writing: Group[] = [];
  /** What goes before all packets. */
  #prefix: Buffer | undefined;
  /** The part of the write under way that was the prefix. */
  #prefixBytes = 0;
  /** The part of it that was the prefix, or is known to be written. */
  #doneBytes = 0;
  /** Where the write under way ends. */
  #writeBytes = 0;
  #queuedBytes = 0;
  /** Made when it is needed: there may be hundreds of connections, and many never send. */
  #buffer = NOTHING;
  /** The part of it that was written last: the next write is often as long. */
  #write = NOTHING;
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
    if (this.#prefix === RESYNC_SEQUENCE) {
      // That of the loss before has not been ended yet.
      return true;
    }
    const written = this.control?.writtenBytes;
    if (written === undefined) {
      return this.#writing.length > 0 || this.#prefixBytes > DELIMITER.length;
    }
    if (written < this.#prefixBytes) {
      return this.#prefixBytes > DELIMITER.length;
    }
    return written > 0 && written < this.#writeBytes && this.#buffer[written - 1] !== 0;
  }

  /** Puts one delimiter before all packets. */
  addDelimiter(): void {
    this.#prefix = DELIMITER;
  }

  /** Puts before all packets what ends a frame that was cut so that it cannot decode. */
  addResyncSequence(): void {
    this.#prefix = RESYNC_SEQUENCE;
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
    this.#queuedBytes += wireBytes;
    this.#stats.packetsAccepted++;
    this.#stats.packetsWaiting++;
    const joinable = this.#joinable;
    if (signal === undefined && joinable !== undefined && joinable.wireBytes + wireBytes <= GROUP_BYTES) {
      joinable.packets.push(packet);
      joinable.wireBytes += wireBytes;
      return joinable.promise;
    }
    const group = newGroup(packet, wireBytes, signal, sendTimeoutMs);
    this.#waiting.add(group);
    this.#joinable = signal === undefined && sendTimeoutMs === 0 ? group : undefined;
    if (signal !== undefined) {
      this.#aborts ??= new AbortWatch();
      group.unwatch = this.#aborts.add(signal, () => this.#abort(group));
    }
    if (sendTimeoutMs !== 0) {
      this.#timer ??= setTimeout(() => this.#expire(), sendTimeoutMs);
    }
    return group.promise;
  }

  /** Counts a packet that is not taken. */
  refuse(error: Error): Promise<never> {
    this.#stats.packetsRefused++;
    return Promise.reject(error);
  }

  /** The next write: as many groups as fit. Its memory is reused after {@link finishWrite}. */
  nextWrite(): Buffer {
    const prefix = this.#prefix;
    this.#prefix = undefined;
    this.#joinable = undefined;
    this.#prefixBytes = prefix?.length ?? 0;
    this.#doneBytes = this.#prefixBytes;
    let end = this.#prefixBytes;
    for (const group of this.#waiting) {
      if (this.#writing.length === 0) {
        this.#makeRoom(end + Math.max(group.wireBytes, Math.min(this.#queuedBytes, WRITE_BYTES)));
      } else if (end + group.wireBytes > this.#buffer.length) {
        break;
      }
      for (const packet of group.packets) {
        end = this.#encoder.encodeInto(packet, this.#buffer, end);
      }
      group.endsAt = end;
      this.#waiting.delete(group);
      this.#writing.push(group);
    }
    this.#writeBytes = end;
    if (prefix !== undefined) {
      if (this.#writing.length === 0) {
        return prefix;
      }
      this.#buffer.set(prefix, 0);
    }
    if (this.#write.length !== end || this.#write.buffer !== this.#buffer.buffer) {
      this.#write = this.#buffer.subarray(0, end);
    }
    return this.#write;
  }

  /** Settles what the port has taken of the write under way. */
  settleWritten(): void {
    const written = this.control?.writtenBytes ?? 0;
    let done = 0;
    while (done < this.#writing.length && this.#writing[done]!.endsAt <= written) {
      const group = this.#writing[done++]!;
      this.#doneBytes = group.endsAt;
      this.#finish(group);
    }
    this.#writing.splice(0, done);
  }

  /** The last write has been handed over, as far as it was not shortened. */
  finishWrite(): void {
    const done = this.#writing;
    this.#writing = [];
    this.#stats.bytesWritten += this.#writeBytes;
    this.#prefixBytes = 0;
    this.#writeBytes = 0;
    if (this.#buffer.length > KEPT_BUFFER_BYTES) {
      this.#buffer = NOTHING;
      this.#write = NOTHING;
    }
    for (const group of done) {
      this.#finish(group);
    }
  }

  /** Ends everything, whether it waits or is being written. */
  rejectAll(outcome: Outcome, error: ConnectionError): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const groups = [...this.#writing, ...this.#waiting];
    this.#writing = [];
    this.#waiting.clear();
    this.#joinable = undefined;
    this.#queuedBytes = 0;
    this.#prefix = undefined;
    for (const group of groups) {
      this.#settle(group, outcome, error);
    }
  }

  /** All of the group is written. */
  #finish(group: Group): void {
    this.#queuedBytes -= group.wireBytes;
    if (group.signal?.aborted) {
      this.#settle(group, 'packetsAborted', group.signal.reason);
    } else {
      this.#settle(group, 'packetsSent', undefined);
    }
  }

  /** At once if nothing of the frame has been written; else `finishWrite` will tell. */
  #abort(group: Group): void {
    if (!this.#waiting.has(group)) {
      this.#recall();
    }
    if (this.#waiting.has(group)) {
      this.#withdraw(group, 'packetsAborted', group.signal?.reason);
    }
  }

  #expire(): void {
    this.#timer = undefined;
    const now = performance.now();
    const isLate = (group: Group) => !group.isSettled && group.deadline <= now;
    this.settleWritten();
    if (this.#writing.some(isLate)) {
      this.#recall();
    }
    for (const group of this.#writing.filter(isLate)) {
      this.#settle(group, 'packetsTimedOut', this.#timeoutError('its frame was begun, and is finished when it does'));
    }
    for (const group of this.#waiting) {
      if (!isLate(group)) {
        break;
      }
      this.#withdraw(group, 'packetsTimedOut', this.#timeoutError('nothing of the packet was sent'));
    }
    const next = this.#writing.find((group) => !group.isSettled) ?? this.#waiting.values().next().value;
    if (next !== undefined) {
      this.#timer = setTimeout(() => this.#expire(), Math.max(1, next.deadline - now));
    }
  }

  /** Ends the write under way with the group that was begun, and lets those behind it wait again. */
  #recall(): void {
    const { control } = this;
    if (control === undefined) {
      return;
    }
    const written = control.writtenBytes;
    let endsAt = this.#doneBytes;
    let begun = 0;
    while (begun < this.#writing.length && endsAt < written) {
      endsAt = this.#writing[begun++]!.endsAt;
    }
    const recalled = this.#writing.splice(begun);
    if (recalled.length > 0) {
      this.#waiting = new Set([...recalled, ...this.#waiting]);
      this.#writeBytes = endsAt;
      control.shortenWrite(endsAt);
    }
  }

  #withdraw(group: Group, outcome: Outcome, error: unknown): void {
    this.#waiting.delete(group);
    this.#queuedBytes -= group.wireBytes;
    this.#settle(group, outcome, error);
  }

  #settle(group: Group, outcome: Outcome, error: unknown): void {
    if (group.isSettled) {
      return;
    }
    group.isSettled = true;
    group.unwatch?.();
    this.#stats.packetsWaiting -= group.packets.length;
    this.#stats[outcome] += group.packets.length;
    if (outcome === 'packetsSent') {
      for (const packet of group.packets) {
        this.#stats.packetBytesSent += packet.length;
      }
      group.resolve();
    } else {
      group.reject(error);
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

function newGroup(
  packet: Uint8Array,
  wireBytes: number,
  signal: AbortSignal | undefined,
  sendTimeoutMs: number,
): Group {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return {
    packets: [packet],
    wireBytes,
    promise,
    resolve,
    reject,
    signal,
    unwatch: undefined,
    deadline: sendTimeoutMs === 0 ? Number.POSITIVE_INFINITY : performance.now() + sendTimeoutMs,
    endsAt: 0,
    isSettled: false,
  };
}
