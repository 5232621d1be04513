import type { SerialStats } from 'serial-communicator';
import type { SessionPort } from '../ports/open-ports.js';
import { count } from '../text/count.js';
import type { LivePorts } from './live-ports.js';

type Counts = Pick<
  SerialStats,
  | 'bytesRead'
  | 'bytesWritten'
  | 'delimiters'
  | 'skippedBytes'
  | 'unfinishedBytes'
  | 'packetsReceived'
  | 'packetsSent'
  | 'packetsWaiting'
  | 'malformedFrames'
  | 'tooLongFrames'
  | 'checksumFrames'
>;

/** The traffic on all connections: current rates and totals. */
export class Traffic {
  readonly #live: LivePorts;
  readonly #ports: readonly SessionPort[];
  readonly #startedAtMs = performance.now();
  #before: { atMs: number; counts: Counts };
  #rates = 'rx 0/s';
  /** Whether no frame has ended since the last measurement but one. */
  #isUnfinished = false;

  constructor(live: LivePorts, ports: readonly SessionPort[]) {
    this.#live = live;
    this.#ports = ports;
    this.#before = { atMs: this.#startedAtMs, counts: this.#sum() };
  }

  /** Measures the rates since the last call. */
  measure(): void {
    const now = { atMs: performance.now(), counts: this.#sum() };
    const before = this.#before;
    const seconds = (now.atMs - before.atMs) / 1_000;
    this.#before = now;
    const rate = (key: keyof Counts) => (now.counts[key] - before.counts[key]) / seconds;
    const rx = `rx ${decimal(rate('packetsReceived'))}/s ${bytes(rate('bytesRead'))}/s`;
    const tx = `tx ${decimal(rate('packetsSent'))}/s ${bytes(rate('bytesWritten'))}/s`;
    this.#isUnfinished = now.counts.delimiters === before.counts.delimiters;
    this.#rates = now.counts.packetsSent > 0 ? `${rx}  ${tx}` : rx;
  }

  /** Rates (of bytes on the wire), rejected frames, bytes in no frame, reconnects and the send queue, as one line. */
  statusLine(): string {
    const { packetsReceived, packetsWaiting, skippedBytes, unfinishedBytes, ...counts } = this.#before.counts;
    const disconnected = this.#ports.filter(({ name }) => this.#live.state(name) !== 'connected').length;
    return [
      this.#rates,
      `${packetsReceived} received`,
      `${rejected(counts)} rejected`,
      ...(skippedBytes > 0 ? [`${bytes(skippedBytes)} skipped`] : []),
      ...(this.#isUnfinished && unfinishedBytes > 0 ? [`${bytes(unfinishedBytes)} unfinished`] : []),
      count(this.#reconnects(), 'reconnect'),
      `queue ${packetsWaiting}`,
      ...(disconnected > 0 ? [`${disconnected} of ${this.#ports.length} disconnected`] : []),
    ].join('  ');
  }

  /** One line for each connection with its totals. */
  summary(): string[] {
    const seconds = (performance.now() - this.#startedAtMs) / 1_000;
    return this.#ports.map(({ name }) => {
      const stats = this.#live.stats(name);
      const reasons = [
        [stats.malformedFrames, 'malformed'],
        [stats.tooLongFrames, 'too-long'],
        [stats.checksumFrames, 'checksum'],
      ].filter(([number]) => number !== 0);
      const detail = reasons.length > 0 ? ` (${reasons.map((reason) => reason.join(' ')).join(', ')})` : '';
      return [
        `"${name}": received ${count(stats.packetsReceived, 'packet')} (${count(stats.packetBytesReceived, 'byte')})`,
        `${decimal(stats.packetsReceived / seconds)}/s`,
        `sent ${count(stats.packetsSent, 'packet')} (${count(stats.packetBytesSent, 'byte')})`,
        `rejected ${count(rejected(stats), 'frame')}${detail}`,
        `skipped ${count(stats.skippedBytes, 'byte')}`,
        ...(stats.unfinishedBytes > 0 ? [`${count(stats.unfinishedBytes, 'byte')} unfinished`] : []),
        count(reconnects(stats), 'reconnect'),
      ].join(', ');
    });
  }

  #reconnects(): number {
    return this.#ports.reduce((total, { name }) => total + reconnects(this.#live.stats(name)), 0);
  }

  #sum(): Counts {
    const all = this.#ports.map(({ name }) => this.#live.stats(name));
    const sum = (key: keyof Counts) => all.reduce((total, stats) => total + stats[key], 0);
    return {
      bytesRead: sum('bytesRead'),
      bytesWritten: sum('bytesWritten'),
      delimiters: sum('delimiters'),
      skippedBytes: sum('skippedBytes'),
      unfinishedBytes: sum('unfinishedBytes'),
      packetsReceived: sum('packetsReceived'),
      packetsSent: sum('packetsSent'),
      packetsWaiting: sum('packetsWaiting'),
      malformedFrames: sum('malformedFrames'),
      tooLongFrames: sum('tooLongFrames'),
      checksumFrames: sum('checksumFrames'),
    };
  }
}

/** A number of bytes, short enough for the status line. */
export function bytes(number: number): string {
  return number < 10_000
    ? `${decimal(number)} B`
    : number < 1e7
      ? `${decimal(number / 1e3)} kB`
      : `${decimal(number / 1e6)} MB`;
}

function decimal(number: number): string {
  return number.toFixed(number < 10 && !Number.isInteger(number) ? 1 : 0);
}

function rejected(counts: Pick<Counts, 'malformedFrames' | 'tooLongFrames' | 'checksumFrames'>): number {
  return counts.malformedFrames + counts.tooLongFrames + counts.checksumFrames;
}

function reconnects({ opens }: SerialStats): number {
  return Math.max(0, opens - 1);
}
