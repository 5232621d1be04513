import type { SerialStats } from 'serial-communicator';
import type { SessionPort } from '../ports/open-ports.js';
import { type Counts, decimal, type Statistics } from '../sinks/statistics.js';
import { count } from '../text/count.js';
import type { LivePorts } from './live-ports.js';

/** The traffic on all connections: current rates and totals of what matches the filter, and the state of the ports. */
export class Traffic {
  readonly #live: LivePorts;
  readonly #ports: readonly SessionPort[];
  readonly #statistics: Statistics;
  readonly #startedAtMs = performance.now();
  #before: { atMs: number; counts: Counts };
  #rates = 'rx 0/s';

  constructor(live: LivePorts, ports: readonly SessionPort[], statistics: Statistics) {
    this.#live = live;
    this.#ports = ports;
    this.#statistics = statistics;
    this.#before = { atMs: this.#startedAtMs, counts: statistics.sum() };
  }

  /** Measures the rates since the last call. */
  measure(): void {
    const now = { atMs: performance.now(), counts: this.#statistics.sum() };
    const before = this.#before;
    const seconds = (now.atMs - before.atMs) / 1_000;
    this.#before = now;
    const rate = (key: keyof Counts) => (now.counts[key] - before.counts[key]) / seconds;
    const rx = `rx ${decimal(rate('receivedPackets'))}/s ${bytes(rate('receivedBytes'))}/s`;
    const tx = `tx ${decimal(rate('sentPackets'))}/s ${bytes(rate('sentBytes'))}/s`;
    this.#rates = now.counts.sentPackets > 0 ? `${rx}  ${tx}` : rx;
  }

  /** Rates, rejected frames, reconnects and the send queue, as one line. */
  statusLine(): string {
    const { receivedPackets, rejectedFrames } = this.#before.counts;
    const disconnected = this.#ports.filter(({ name }) => this.#live.state(name) !== 'connected').length;
    return [
      this.#rates,
      `${receivedPackets} received`,
      `${rejectedFrames} rejected`,
      count(this.#sum(reconnects), 'reconnect'),
      `queue ${this.#sum(({ packetsWaiting }) => packetsWaiting)}`,
      ...(disconnected > 0 ? [`${disconnected} of ${this.#ports.length} disconnected`] : []),
    ].join('  ');
  }

  /** One line for each connection with its totals. */
  summary(): string[] {
    const seconds = (performance.now() - this.#startedAtMs) / 1_000;
    return this.#ports.map(({ name }) => {
      const stats = this.#live.stats(name);
      return [
        this.#statistics.totalsOf(name, seconds),
        `skipped ${count(stats.skippedBytes, 'byte')}`,
        count(reconnects(stats), 'reconnect'),
      ].join(', ');
    });
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
