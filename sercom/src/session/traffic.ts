import type { SerialStats } from 'serial-communicator';
import type { SessionPort } from '../ports/open-ports.js';
import { count } from '../records/totals.js';
import type { Session } from './session.js';

type Counts = Pick<
  SerialStats,
  | 'packetsReceived'
  | 'packetBytesReceived'
  | 'packetsSent'
  | 'packetBytesSent'
  | 'packetsWaiting'
  | 'malformedFrames'
  | 'tooLongFrames'
  | 'checksumFrames'
>;

/** What happens on the connections of a session: how fast now, and in all. */
export class Traffic {
  readonly #session: Session;
  readonly #ports: readonly SessionPort[];
  readonly #startedAtMs = performance.now();
  #before: { atMs: number; counts: Counts };
  #rates = 'rx 0/s';

  constructor(session: Session, ports: readonly SessionPort[]) {
    this.#session = session;
    this.#ports = ports;
    this.#before = { atMs: this.#startedAtMs, counts: this.#sum() };
  }

  /** Measures how fast it went since the last time. */
  measure(): void {
    const now = { atMs: performance.now(), counts: this.#sum() };
    const before = this.#before;
    const seconds = (now.atMs - before.atMs) / 1_000;
    this.#before = now;
    const rate = (key: keyof Counts) => (now.counts[key] - before.counts[key]) / seconds;
    const rx = `rx ${decimal(rate('packetsReceived'))}/s ${bytes(rate('packetBytesReceived'))}/s`;
    const tx = `tx ${decimal(rate('packetsSent'))}/s ${bytes(rate('packetBytesSent'))}/s`;
    this.#rates = now.counts.packetsSent > 0 ? `${rx}  ${tx}` : rx;
  }

  /** Rates, rejected frames, reconnects and the send queue, in one line. */
  statusLine(): string {
    const { packetsReceived, packetsWaiting, ...counts } = this.#before.counts;
    const away = this.#ports.filter(({ name }) => this.#session.state(name) !== 'connected').length;
    return [
      this.#rates,
      `${packetsReceived} received`,
      `${rejected(counts)} rejected`,
      count(this.#reconnects(), 'reconnect'),
      `queue ${packetsWaiting}`,
      ...(away > 0 ? [`${away} of ${this.#ports.length} away`] : []),
    ].join('  ');
  }

  /** One line for each connection: what happened on it in all. */
  summary(): string[] {
    const seconds = (performance.now() - this.#startedAtMs) / 1_000;
    return this.#ports.map(({ name }) => {
      const stats = this.#session.stats(name);
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
        count(reconnects(stats), 'reconnect'),
      ].join(', ');
    });
  }

  #reconnects(): number {
    return this.#ports.reduce((total, { name }) => total + reconnects(this.#session.stats(name)), 0);
  }

  #sum(): Counts {
    const all = this.#ports.map(({ name }) => this.#session.stats(name));
    const sum = (key: keyof Counts) => all.reduce((total, stats) => total + stats[key], 0);
    return {
      packetsReceived: sum('packetsReceived'),
      packetBytesReceived: sum('packetBytesReceived'),
      packetsSent: sum('packetsSent'),
      packetBytesSent: sum('packetBytesSent'),
      packetsWaiting: sum('packetsWaiting'),
      malformedFrames: sum('malformedFrames'),
      tooLongFrames: sum('tooLongFrames'),
      checksumFrames: sum('checksumFrames'),
    };
  }
}

/** A number of bytes, short enough for a line that changes. */
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
