import type { SessionPort } from '../../ports/open-ports.js';
import type { PacketRecord } from '../../records/record.js';
import type { LivePorts } from '../../session/live-ports.js';
import { escapeText } from '../../text/escape.js';
import type { ConnectionStatus } from '../protocol.js';
import type { NameTable } from '../store/name-table.js';

/** The time that rates are measured over, in samples. */
const RATE_SAMPLES = 4;

/** What was counted for a connection. */
interface Counts {
  receivedPackets: number;
  receivedBytes: number;
  sentPackets: number;
  sentBytes: number;
  readonly rejected: Map<string, number>;
  /** See `ConnectionStatus`. */
  lostAtUs?: number;
  returnedAtUs?: number;
  /** The counts of the last samples, the oldest first. */
  readonly samples: Sample[];
}

interface Sample {
  readonly atMs: number;
  readonly receivedPackets: number;
  readonly receivedBytes: number;
  readonly sentPackets: number;
}

/** What only live ports have, in addition to their status. */
export interface PortCounts {
  /** Times that the port was lost. */
  readonly losses: number;
  /** Packets that were accepted, but not sent or not acknowledged. */
  readonly failedPackets: number;
}

/** The state of each connection: counts of its records, and, of live ports, what the library knows. */
export class Connections {
  readonly #names: NameTable;
  readonly #counts: Counts[] = [];
  #live: { readonly ports: LivePorts; readonly names: ReadonlySet<string> } | undefined;

  constructor(names: NameTable) {
    this.#names = names;
  }

  /** From now on, connections with these ports are live. */
  attach(ports: LivePorts, all: readonly SessionPort[]): void {
    this.#live = { ports, names: new Set(all.map(({ name }) => name)) };
  }

  /** Counts records of the connection with an index that have nothing in common but that. */
  add(index: number, { dir, error }: Pick<PacketRecord, 'dir' | 'error'>, records: number, bytes: number): void {
    const counts = this.#of(index);
    if (error !== undefined) {
      counts.rejected.set(error, (counts.rejected.get(error) ?? 0) + records);
    } else if (dir === 'rx') {
      counts.receivedPackets += records;
      counts.receivedBytes += bytes;
    } else {
      counts.sentPackets += records;
      counts.sentBytes += bytes;
    }
  }

  /** Remembers that a connection was lost, or is back. */
  change(name: string, timeUs: number, isConnected: boolean): void {
    const counts = this.#of(this.#names.indexOf(name));
    if (!isConnected) {
      counts.lostAtUs = timeUs;
      delete counts.returnedAtUs;
    } else if (counts.lostAtUs !== undefined) {
      counts.returnedAtUs ??= timeUs;
    }
  }

  /** Takes a sample for the rates. Call it twice a second. */
  sample(atMs: number): void {
    for (let index = 0; index < this.#names.all.length; index++) {
      const { receivedPackets, receivedBytes, sentPackets, samples } = this.#of(index);
      samples.push({ atMs, receivedPackets, receivedBytes, sentPackets });
      if (samples.length > RATE_SAMPLES + 1) {
        samples.shift();
      }
    }
  }

  /** Forgets the samples, because no more are taken for some time. */
  stopSampling(): void {
    for (const { samples } of this.#counts) {
      samples.length = 0;
    }
  }

  /** All connections, in the order of their names. */
  statuses(): ConnectionStatus[] {
    return this.#names.all.map((name, index) => ({ ...this.#countsOf(index), ...this.#portOf(name) }));
  }

  /** Counts that are of interest to programs only. None if the connection is not live. */
  portCounts(name: string): PortCounts | undefined {
    if (!this.#live?.names.has(name)) {
      return undefined;
    }
    const stats = this.#live.ports.stats(name);
    const { packetsAborted, packetsTimedOut, packetsLost, packetsUndelivered, packetsReleased, packetsShutDown } =
      stats;
    const failedPackets =
      packetsAborted + packetsTimedOut + packetsLost + packetsUndelivered + packetsReleased + packetsShutDown;
    return { losses: stats.losses, failedPackets };
  }

  #countsOf(index: number) {
    const { rejected, samples, ...totals } = this.#of(index);
    const first = samples[0];
    const last = samples.at(-1);
    const seconds = first === undefined || last === undefined ? 0 : (last.atMs - first.atMs) / 1_000;
    const rate = (key: Exclude<keyof Sample, 'atMs'>) =>
      seconds > 0 ? Math.round(((last![key] - first![key]) / seconds) * 10) / 10 : 0;
    return {
      ...totals,
      receivedPerSecond: rate('receivedPackets'),
      receivedBytesPerSecond: rate('receivedBytes'),
      sentPerSecond: rate('sentPackets'),
      rejected: Object.fromEntries(rejected),
    };
  }

  #portOf(name: string) {
    const live = this.#live;
    if (!live?.names.has(name)) {
      return { state: 'recorded', reconnects: 0, queuedPackets: 0, queuedBytes: 0, skippedBytes: 0 } as const;
    }
    const { ports } = live;
    const stats = ports.stats(name);
    const isConnected = ports.state(name) === 'connected';
    const error = isConnected ? undefined : ports.connectionError(name);
    const port = ports.portWatch.lastPort(name);
    const taken =
      stats.packetsDelivered +
      stats.packetsWithoutHandler +
      stats.packetsDropped +
      stats.repliesReceived +
      stats.lateReplies +
      stats.requestsReceived;
    return {
      state: isConnected ? 'connected' : error?.code === 'CONNECTION_RELEASED' ? 'released' : 'disconnected',
      ...(error !== undefined && { problem: escapeText(error.message) }),
      ...(port !== undefined && { path: escapeText(port.path) }),
      ...(port?.baudRate !== undefined && { baudRate: port.baudRate }),
      reconnects: Math.max(0, stats.opens - 1),
      queuedPackets: Math.max(0, stats.packetsReceived - taken),
      queuedBytes: ports.queuedBytes(name),
      skippedBytes: stats.skippedBytes,
    } as const;
  }

  #of(index: number): Counts {
    while (this.#counts.length <= index) {
      this.#counts.push({
        receivedPackets: 0,
        receivedBytes: 0,
        sentPackets: 0,
        sentBytes: 0,
        rejected: new Map(),
        samples: [],
      });
    }
    return this.#counts[index]!;
  }
}
