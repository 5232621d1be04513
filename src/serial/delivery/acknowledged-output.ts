import type { Opener } from '../../delivery/opener.js';
import type { DeliveryListener } from '../../delivery/outgoing-packet.js';
import { maxWriteBytes } from '../../delivery/wire-format.js';
import type { LinkOutput, WriteControl } from '../sending/link-output.js';
import type { LinkStats } from '../serial-stats.js';
import type { PendingSend } from './pending-send.js';

/** A write has at most this many bytes, unless a single frame takes more. */
const WRITE_BYTES = 65_536;

const NOTHING = Buffer.alloc(0);

/** What the output needs of its connection. */
interface OutputOwner {
  nowMs(): number;
  /** Frames were taken to be written. */
  wrote(): void;
}

/** What the links of a connection with acknowledged delivery write: the frames of its opener. */
export class AcknowledgedOutput implements LinkOutput {
  readonly #opener: Opener;
  readonly #stats: LinkStats;
  readonly #owner: OutputOwner;
  #buffer = NOTHING;
  /** Length of the current write. 0 if there is none. */
  #endBytes = 0;
  /** Bytes of the current write that are in the stats already. */
  #countedBytes = 0;
  /** Whether to begin the next write with a delimiter. */
  #needsDelimiter = false;
  /** The datagrams of the current write. */
  #datagrams: PendingSend[] = [];
  control: WriteControl | undefined;

  constructor(opener: Opener, stats: LinkStats, owner: OutputOwner) {
    this.#opener = opener;
    this.#stats = stats;
    this.#owner = owner;
  }

  get hasWork(): boolean {
    return this.#opener.hasWork;
  }

  get hasPackets(): boolean {
    return this.#opener.hasPackets || this.#firstDatagram !== undefined;
  }

  get wouldCutFrame(): boolean {
    const { writtenBytes = -1 } = this.control ?? {};
    if (writtenBytes === -1) {
      return this.#endBytes > 0;
    }
    return writtenBytes > 0 && writtenBytes < this.#endBytes && this.#buffer[writtenBytes - 1] !== 0;
  }

  /** The port was opened. @param needsDelimiter - whether the device may have half a frame */
  portOpened(needsDelimiter: boolean): void {
    this.#needsDelimiter ||= needsDelimiter;
  }

  /** The listener for a datagram: it is delivered when the write that it is in is done. */
  datagram(pending: PendingSend): DeliveryListener {
    return {
      delivered: () => void this.#datagrams.push(pending),
      failed: (failure) => pending.failed(failure),
    };
  }

  /** When to call {@link expire}. */
  get dueAtMs(): number {
    return this.#firstDatagram?.packet?.deadlineMs ?? Number.POSITIVE_INFINITY;
  }

  /** Fails the datagrams of the current write whose time is over. The port may still accept them. */
  expire(nowMs: number): void {
    while (this.dueAtMs <= nowMs) {
      this.#firstDatagram?.failed({ code: 'ACK_TIMEOUT', delivered: 'unknown', cause: 'stalled' });
    }
  }

  nextWrite(): Buffer {
    const { sendMaxPacketBytes = 0, sendWindow = 1 } = this.#opener.session?.settings ?? {};
    const frameBytes = maxWriteBytes(sendMaxPacketBytes);
    const wantedBytes = 1 + Math.max(frameBytes, Math.min(frameBytes * sendWindow, WRITE_BYTES));
    if (this.#buffer.length < wantedBytes) {
      this.#buffer = Buffer.allocUnsafeSlow(wantedBytes);
    }
    const start = this.#needsDelimiter ? 1 : 0;
    this.#needsDelimiter = false;
    this.#buffer[0] = 0;
    this.#endBytes = this.#opener.write(this.#buffer, start, this.#owner.nowMs());
    this.#owner.wrote();
    return this.#buffer.subarray(0, this.#endBytes);
  }

  /** Counts the bytes of the current write that the port has accepted so far. */
  countWritten(): void {
    this.#countUpTo(Math.min(this.control?.writtenBytes ?? 0, this.#endBytes));
  }

  settleWritten(): void {
    this.countWritten();
  }

  finishWrite(): void {
    this.#countUpTo(this.#endBytes);
    this.#endBytes = 0;
    this.#countedBytes = 0;
    for (const datagram of this.#takeDatagrams()) {
      if (!datagram.isSettled) {
        datagram.delivered();
      }
    }
  }

  /** The port is not there any more. Datagrams of the current write fail. */
  abandonWrite(): void {
    this.countWritten();
    this.#needsDelimiter ||= this.wouldCutFrame;
    this.#endBytes = 0;
    this.#countedBytes = 0;
    // The port may still read from its memory.
    this.#buffer = NOTHING;
    this.control = undefined;
    for (const datagram of this.#takeDatagrams()) {
      if (!datagram.isSettled) {
        datagram.failed({ code: 'CLOSED', delivered: 'unknown' });
      }
    }
  }

  #countUpTo(bytes: number): void {
    this.#stats.bytesWritten += bytes - this.#countedBytes;
    this.#countedBytes = bytes;
  }

  /** The first datagram of the current write whose `send` has not settled. */
  get #firstDatagram(): PendingSend | undefined {
    return this.#datagrams.find(({ isSettled }) => !isSettled);
  }

  #takeDatagrams(): PendingSend[] {
    const datagrams = this.#datagrams;
    if (datagrams.length > 0) {
      this.#datagrams = [];
    }
    return datagrams;
  }
}
