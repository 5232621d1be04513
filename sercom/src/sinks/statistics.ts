import type { PacketRecord } from '../records/record.js';
import { count } from '../text/count.js';
import type { RecordSink } from './sink.js';

/** Beyond this, connections are counted together. A recording may have any number of names. */
const MAX_CONNECTIONS = 1_000;

const OTHERS = 'other connections';

/** What was counted for a connection, or for all. */
export interface Counts {
  receivedPackets: number;
  receivedBytes: number;
  sentPackets: number;
  sentBytes: number;
  rejectedFrames: number;
}

interface Connection extends Counts {
  reasons: Map<string, number>;
}

/** The statistics: counts the records of each connection, for `--stats`. Like every sink, it gets what matches the filter. */
export class Statistics implements RecordSink {
  readonly whenFull = 'hold';
  readonly #connections = new Map<string, Connection>();
  #lastUs: number | undefined;
  #elapsedUs = 0;

  /** @param names - connections that are listed even without records */
  constructor(names: readonly string[] = []) {
    for (const name of names) {
      this.#connections.set(name, newConnection());
    }
  }

  /** One line for each connection with its totals. The rate is that of the time between the first and the last record. */
  summary(): string[] {
    return [...this.#connections.keys()].map((name) => this.totalsOf(name, this.#elapsedUs / 1_000_000));
  }

  write({ timeUs, name, dir, length, error }: PacketRecord): void {
    this.#elapsedUs += Math.max(0, timeUs - (this.#lastUs ?? timeUs));
    this.#lastUs = timeUs;
    const counts = this.#connection(name);
    if (error !== undefined) {
      counts.rejectedFrames++;
      counts.reasons.set(error, (counts.reasons.get(error) ?? 0) + 1);
    } else if (dir === 'rx') {
      counts.receivedPackets++;
      counts.receivedBytes += length;
    } else {
      counts.sentPackets++;
      counts.sentBytes += length;
    }
  }

  /** What was counted for all connections together. */
  sum(): Counts {
    const all = [...this.#connections.values()];
    const sum = (key: keyof Counts) => all.reduce((total, counts) => total + counts[key], 0);
    return {
      receivedPackets: sum('receivedPackets'),
      receivedBytes: sum('receivedBytes'),
      sentPackets: sum('sentPackets'),
      sentBytes: sum('sentBytes'),
      rejectedFrames: sum('rejectedFrames'),
    };
  }

  /**
   * The totals of a connection as text.
   *
   * @param seconds - the time in which they were counted; without it, there is no rate
   */
  totalsOf(name: string, seconds: number): string {
    const counts = this.#connection(name);
    const reasons = [...counts.reasons].map(([reason, frames]) => `${frames} ${reason}`).join(', ');
    return [
      `"${name}": received ${count(counts.receivedPackets, 'packet')} (${count(counts.receivedBytes, 'byte')})`,
      ...(seconds > 0 ? [`${decimal(counts.receivedPackets / seconds)}/s`] : []),
      `sent ${count(counts.sentPackets, 'packet')} (${count(counts.sentBytes, 'byte')})`,
      `rejected ${count(counts.rejectedFrames, 'frame')}${reasons === '' ? '' : ` (${reasons})`}`,
    ].join(', ');
  }

  #connection(name: string): Connection {
    const key = this.#connections.has(name) || this.#connections.size < MAX_CONNECTIONS ? name : OTHERS;
    let connection = this.#connections.get(key);
    if (connection === undefined) {
      connection = newConnection();
      this.#connections.set(key, connection);
    }
    return connection;
  }
}

function newConnection(): Connection {
  return { receivedPackets: 0, receivedBytes: 0, sentPackets: 0, sentBytes: 0, rejectedFrames: 0, reasons: new Map() };
}

/** A number, with one decimal if it is small. */
export function decimal(number: number): string {
  return number.toFixed(number < 10 && !Number.isInteger(number) ? 1 : 0);
}
