import { ConnectionError } from '../../errors.js';
import { type FrameChecksum, frameChecksum, withChecksum } from '../../framing/checksum.js';
import { resyncSequence } from '../../framing/resync-sequence.js';
import type { Transmission } from '../../requests/transmission.js';
import { watchAbort } from '../../timing/abort-watch.js';
import { PatientTimer } from '../../timing/patient-timer.js';
import type { CompleteSerialConnection } from '../serial-connection.js';
import type { LinkStats } from '../serial-stats.js';
import { CurrentWrite } from './current-write.js';
import type { LinkOutput, WriteControl } from './link-output.js';
import { type Outcome, PacketGroup } from './packet-group.js';
import { SendRoom } from './send-room.js';

/** The packets of a group take at most this many bytes: the size of a tty's buffer. */
const GROUP_BYTES = 4_096;

const DELIMITER = Buffer.of(0);
const RESYNC_SEQUENCE = Buffer.from(resyncSequence);

/**
 * The packets to be written, in the order of their `send`, bounded by `sendQueueBytes`. It does not know the link: a link
 * takes one write after another from it, and reports when each is done. Without a link, packets wait.
 */
export class SendQueue implements LinkOutput {
  readonly #name: string;
  readonly #connection: CompleteSerialConnection;
  readonly #stats: LinkStats;
  readonly #checksum: FrameChecksum;
  readonly #write = new CurrentWrite();
  /** Nothing of these is written. A set keeps their order and removes any of them in constant time. */
  #waiting = new Set<PacketGroup>();
  /** The group that the next packet may join. */
  #joinable: PacketGroup | undefined;
  /** Bytes to write before the next packet. */
  #prefix: Buffer | undefined;
  readonly #room: SendRoom;
  /** Undefined without `sendTimeoutMs`. */
  readonly #timer: PatientTimer | undefined;

  /** The port, if it is a {@link WriteControl}. Without one, everything in the current write counts as partly written. */
  control: WriteControl | undefined;

  /** @param stats - updated as things happen */
  constructor(name: string, connection: CompleteSerialConnection, stats: LinkStats) {
    this.#name = name;
    this.#connection = connection;
    this.#stats = stats;
    this.#checksum = frameChecksum(connection.checksum);
    this.#room = new SendRoom(name, connection, this.#checksum.bytes);
    this.#timer = connection.sendTimeoutMs === 0 ? undefined : new PatientTimer(connection.sendTimeoutMs);
  }

  /** Whether there is something for {@link nextWrite}. */
  get hasWork(): boolean {
    return this.#waiting.size > 0 || this.#prefix !== undefined;
  }

  /** Whether any packets wait or are being written. */
  get hasPackets(): boolean {
    return this.#waiting.size > 0 || this.#write.groups.length > 0;
  }

  /** Whether the device would have a frame without its end if the port were lost now. */
  get wouldCutFrame(): boolean {
    // A resync sequence that still waits is for a frame cut before.
    return this.#prefix === RESYNC_SEQUENCE || this.#write.isCutAt(this.control?.writtenBytes);
  }

  /** Starts the next write with a delimiter. */
  addDelimiter(): void {
    this.#prefix = DELIMITER;
  }

  /** Starts the next write with bytes that end a cut frame so that it cannot decode. */
  addResyncSequence(): void {
    this.#prefix = RESYNC_SEQUENCE;
  }

  /**
   * Accepts a packet, or rejects. The promise settles when the packet is written, withdrawn by its signal, or not written
   * within `sendTimeoutMs`, and with {@link rejectAll}.
   */
  add(packet: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const group = this.#accept(packet, signal, undefined);
    return group instanceof PacketGroup ? group.promise! : this.refuse(group);
  }

  /** As {@link add}, for a request: reports to it. */
  addRequest(packet: Uint8Array, transmission: Transmission): void {
    const group = this.#accept(packet, undefined, transmission);
    if (group instanceof PacketGroup) {
      transmission.withdraw = (reason) => this.#abort(group, reason);
    } else {
      this.refuse(group).catch((error: unknown) => transmission.failed(error));
    }
  }

  /** The group that a packet has joined, or why it is not accepted. */
  #accept(
    packet: Uint8Array,
    signal: AbortSignal | undefined,
    transmission: Transmission | undefined,
  ): PacketGroup | Error {
    const wireBytes = this.#room.wireBytes(packet.length);
    const refusal = this.#room.refusal(packet.length, wireBytes);
    if (refusal !== undefined) {
      return refusal;
    }
    let body: Uint8Array;
    try {
      body = withChecksum(packet, this.#checksum);
    } catch (error) {
      return error as Error;
    }
    this.#room.take(wireBytes);
    this.#stats.packetsAccepted++;
    this.#stats.packetsWaiting++;
    const joinable = this.#joinable;
    if (
      signal === undefined &&
      transmission === undefined &&
      joinable !== undefined &&
      joinable.wireBytes + wireBytes <= GROUP_BYTES
    ) {
      joinable.add(body, packet.length, wireBytes);
      return joinable;
    }
    const timer = this.#timer;
    const deadlineMs =
      timer === undefined ? Number.POSITIVE_INFINITY : timer.watchedMs + this.#connection.sendTimeoutMs;
    const group = new PacketGroup(body, packet.length, wireBytes, deadlineMs, transmission);
    this.#waiting.add(group);
    this.#joinable = signal === undefined && transmission === undefined && timer === undefined ? group : undefined;
    if (signal !== undefined) {
      group.unwatch = watchAbort(signal, () => this.#abort(group, signal.reason));
    }
    if (timer?.isRunning === false) {
      timer.start(deadlineMs, () => this.#expire(timer));
    }
    return group;
  }

  /**
   * Keeps room for a packet that is added later, until the returned function is called.
   *
   * @throws the error that {@link add} would reject with
   */
  hold(packetBytes: number): () => void {
    return this.#room.hold(packetBytes);
  }

  /** Counts a packet that is not accepted. */
  refuse(error: Error): Promise<never> {
    this.#stats.packetsRefused++;
    return Promise.reject(error);
  }

  /** The bytes to write next. They are valid until {@link finishWrite}. */
  nextWrite(): Buffer {
    const prefix = this.#prefix;
    this.#prefix = undefined;
    this.#joinable = undefined;
    return this.#write.start(prefix, this.#waiting, this.#room.usedBytes);
  }

  /** Counts the bytes of the current write that the port has accepted so far. */
  countWritten(): void {
    this.#stats.bytesWritten += this.#write.count(this.control?.writtenBytes ?? 0);
  }

  /** Settles the packets that the port has already written. */
  settleWritten(): void {
    this.countWritten();
    for (const group of this.#write.takeWritten(this.control?.writtenBytes ?? 0)) {
      this.#finish(group);
    }
  }

  /** The current write is done, up to where it was shortened. */
  finishWrite(): void {
    this.#stats.bytesWritten += this.#write.count(this.#write.endBytes);
    for (const group of this.#write.finish()) {
      this.#finish(group);
    }
  }

  /** Ends all packets, both those that wait and those being written. */
  rejectAll(outcome: Outcome, error: ConnectionError): void {
    this.#timer?.stop();
    this.countWritten();
    const groups = [...this.#write.takeAll(), ...this.#waiting];
    this.#waiting.clear();
    this.#joinable = undefined;
    this.#room.empty();
    this.#prefix = undefined;
    for (const group of groups) {
      group.settle(this.#stats, outcome, error);
    }
  }

  /** The whole group is written. */
  #finish(group: PacketGroup): void {
    this.#room.giveBack(group.wireBytes);
    group.settle(this.#stats, 'packetsSent', undefined);
  }

  /** Rejects at once. A frame that is partly written keeps its place in the write, and is completed. */
  #abort(group: PacketGroup, reason: unknown): void {
    if (group.isSettled) {
      return;
    }
    if (!this.#waiting.has(group)) {
      this.#recall();
    }
    if (this.#waiting.has(group)) {
      this.#withdraw(group, 'packetsAborted', reason);
    } else {
      group.settle(this.#stats, 'packetsAborted', reason);
    }
  }

  /** Ends the packets whose `sendTimeoutMs` is over. */
  #expire(timer: PatientTimer): void {
    const nowMs = timer.watchedMs;
    this.settleWritten();
    if (this.#write.groups.some((group) => group.isLate(nowMs))) {
      this.#recall();
    }
    for (const group of this.#write.groups.filter((group) => group.isLate(nowMs))) {
      const what = 'its frame was partly written and will be completed once the device accepts bytes again';
      group.settle(this.#stats, 'packetsTimedOut', this.#timeoutError(what));
    }
    for (const group of this.#waiting) {
      if (!group.isLate(nowMs)) {
        break;
      }
      this.#withdraw(group, 'packetsTimedOut', this.#timeoutError('nothing of the packet was sent'));
    }
    const next = this.#write.groups.find((group) => !group.isSettled) ?? this.#waiting.values().next().value;
    if (next !== undefined) {
      timer.start(next.deadlineMs, () => this.#expire(timer));
    }
  }

  /** Ends the current write after the frame that is partly written. The packets after it wait again. */
  #recall(): void {
    const { control } = this;
    if (control === undefined) {
      return;
    }
    const recalled = this.#write.takeUnwritten(control.writtenBytes);
    if (recalled.length > 0) {
      this.#waiting = new Set([...recalled, ...this.#waiting]);
      for (const group of recalled) {
        group.transmission?.recall();
      }
      control.shortenWrite(this.#write.endBytes);
    }
  }

  #withdraw(group: PacketGroup, outcome: Outcome, error: unknown): void {
    this.#waiting.delete(group);
    this.#room.giveBack(group.wireBytes);
    group.settle(this.#stats, outcome, error);
  }

  #timeoutError(what: string): ConnectionError {
    return new ConnectionError(
      'SEND_TIMEOUT',
      this.#name,
      `send to "${this.#name}": not written within sendTimeoutMs (${this.#connection.sendTimeoutMs} ms); ${what}`,
    );
  }
}
