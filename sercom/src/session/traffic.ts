import type { SerialStats } from 'serial-communicator';
import type { SessionPort } from '../ports/open-ports.js';
import { type Counts, decimal, type Statistics } from '../sinks/statistics.js';
import { count } from '../text/count.js';
import { deliverySummary } from './delivery-summary.js';
import type { LivePorts } from './live-ports.js';

/** The counters of a port that no filter applies to. */
type WireCounts = Pick<
  SerialStats,
  'bytesRead' | 'bytesWritten' | 'delimiters' | 'skippedBytes' | 'unfinishedBytes' | 'packetsWaiting'
>;

/** The traffic on all connections: packets that match the filter, bytes on the wire, and the state of the ports. */
export class Traffic {
  readonly #live: LivePorts;
  readonly #ports: readonly SessionPort[];
  readonly #statistics: Statistics;
  readonly #startedAtMs = performance.now();
  #before: { atMs: number; counts: Counts & WireCounts };
  #rates = 'rx 0/s';
  /** Whether no frame has ended since the last measurement but one. */
  #isUnfinished = false;

  constructor(live: LivePorts, ports: readonly SessionPort[], statistics: Statistics) {
    this.#live = live;
    this.#ports = ports;
    this.#statistics = statistics;
    this.#before = { atMs: this.#startedAtMs, counts: this.#counts() };
  }

  /** Measures the rates since the last call. */
  measure(): void {
    const now = { atMs: performance.now(), counts: this.#counts() };
    const before = this.#before;
    const seconds = (now.atMs - before.atMs) / 1_000;
    this.#before = now;
    const rate = (key: keyof typeof now.counts) => (now.counts[key] - before.counts[key]) / seconds;
    const rx = `rx ${decimal(rate('receivedPackets'))}/s ${bytes(rate('bytesRead'))}/s`;
    const tx = `tx ${decimal(rate('sentPackets'))}/s ${bytes(rate('bytesWritten'))}/s`;
    this.#isUnfinished = now.counts.delimiters === before.counts.delimiters;
    this.#rates = now.counts.bytesWritten > 0 ? `${rx}  ${tx}` : rx;
  }

  /** Rates (of bytes on the wire), rejected frames, bytes in no frame, reconnects and the send queue, as one line. */
  statusLine(): string {
    const { receivedPackets, rejectedFrames, skippedBytes, unfinishedBytes, packetsWaiting } = this.#before.counts;
    const disconnected = this.#ports.filter(({ name }) => this.#live.state(name) !== 'connected').length;
    return [
      this.#rates,
      `${receivedPackets} received`,
      `${rejectedFrames} rejected`,
      ...(skippedBytes > 0 ? [`${bytes(skippedBytes)} skipped`] : []),
      ...(this.#isUnfinished && unfinishedBytes > 0 ? [`${bytes(unfinishedBytes)} unfinished`] : []),
      count(this.#sum(reconnects), 'reconnect'),
      `queue ${packetsWaiting}`,
      ...this.#sessions(),
      ...(disconnected > 0 ? [`${disconnected} of ${this.#ports.length} disconnected`] : []),
    ].join('  ');
  }

  /** One line for each connection with its totals. */
  summary(): string[] {
    const seconds = (performance.now() - this.#startedAtMs) / 1_000;
    return this.#ports.map(({ name }) => {
      const stats = this.#live.stats(name);
      const delivery = this.#live.delivery(name);
      return [
        this.#statistics.totalsOf(name, seconds),
        `skipped ${count(stats.skippedBytes, 'byte')}`,
        ...(stats.unfinishedBytes > 0 ? [`${count(stats.unfinishedBytes, 'byte')} unfinished`] : []),
        count(reconnects(stats), 'reconnect'),
        ...(delivery === undefined ? [] : [deliverySummary(delivery)]),
      ].join(', ');
    });
  }

  /** Packets that were sent again, and, if there is only one port, the round trip and the window. */
  #sessions(): string[] {
    const sessions = this.#ports.flatMap(({ name }) => this.#live.delivery(name) ?? []);
    if (sessions.length === 0) {
      return [];
    }
    const resent = sessions.reduce((sum, { resentLost, resentTimedOut }) => sum + resentLost + resentTimedOut, 0);
    const [only] = sessions;
    const { roundTripMs, windowLimit, session } = only!;
    const isSingle = sessions.length === 1;
    return [
      `${resent} resent`,
      ...(isSingle && session === undefined ? ['no session'] : []),
      ...(isSingle && session !== undefined ? [`window ${windowLimit}`] : []),
      ...(isSingle && roundTripMs !== undefined ? [`round trip ${roundTripMs.toFixed(1)} ms`] : []),
    ];
  }

  #counts(): Counts & WireCounts {
    return {
      ...this.#statistics.sum(),
      bytesRead: this.#sum((stats) => stats.bytesRead),
      bytesWritten: this.#sum((stats) => stats.bytesWritten),
      delimiters: this.#sum((stats) => stats.delimiters),
      skippedBytes: this.#sum((stats) => stats.skippedBytes),
      unfinishedBytes: this.#sum((stats) => stats.unfinishedBytes),
      packetsWaiting: this.#sum((stats) => stats.packetsWaiting),
    };
  }

  #sum(counter: (stats: SerialStats) => number): number {
    return this.#ports.reduce((total, { name }) => total + counter(this.#live.stats(name)), 0);
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

function reconnects({ opens }: SerialStats): number {
  return Math.max(0, opens - 1);
}
