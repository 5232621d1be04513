import type { RecordFilter } from '../records/filter.js';
import type { PortEvent } from '../records/port-event.js';
import type { PacketRecord } from '../records/record.js';
import type { SessionEvent } from '../records/session-event.js';
import type { RecordConsumer } from '../records/source.js';
import { printMessage } from '../terminal/message.js';
import type { RecordSink } from './sink.js';

interface Branch {
  readonly sink: RecordSink;
  lostRecords: number;
}

/** Passes records from a source to its sinks: what matches the filter goes to every sink. */
export class RecordFlow {
  readonly #filter: RecordFilter;
  readonly #branches: readonly Branch[];

  /**
   * Settles when a sink can take nothing more: see {@link RecordSink.ended}. Never settles if no sink ends.
   */
  readonly ended: Promise<void>;

  constructor(sinks: readonly RecordSink[], filter: RecordFilter = () => true) {
    this.#filter = filter;
    this.#branches = sinks.map((sink) => ({ sink, lostRecords: 0 }));
    this.ended = Promise.race(sinks.flatMap(({ ended }) => ended ?? []));
    this.ended.catch(() => {});
  }

  /** Takes a record from the source. */
  readonly take: RecordConsumer = (record) => (this.#filter(record) ? this.write(record) : undefined);

  /** Gives a record to every sink without filtering it. A returned promise asks to wait before the next one. */
  write(record: PacketRecord): void | Promise<void> {
    const { onWire = record } = record;
    let waiting: Promise<void> | undefined;
    for (const branch of this.#branches) {
      const { sink } = branch;
      if ((record.isRaw && !sink.takesRaw) || (record.isHidden && !sink.takesWire)) {
        continue;
      }
      const canDrop = onWire.error !== undefined || record.isRaw || sink.whenFull === 'drop';
      if (canDrop && sink.isFull === true) {
        branch.lostRecords++;
        continue;
      }
      const written = sink.write(sink.takesWire ? onWire : record);
      if (written !== undefined && sink.whenFull === 'hold') {
        waiting = waiting === undefined ? written : Promise.all([waiting, written]).then(() => {});
      }
    }
    return waiting;
  }

  /** Prepares every sink: see {@link RecordSink.begin}. */
  begin(): void {
    for (const { sink } of this.#branches) {
      sink.begin?.();
    }
  }

  /** Reports an event to every sink that has a place for it. If none shows it, it is printed on stderr. */
  readonly event = (event: SessionEvent): void => {
    const isShown = this.#branches.map(({ sink }) => sink.event?.(event) === true).includes(true);
    if (!isShown) {
      printMessage(`"${event.name}": ${event.text}`);
    }
  };

  /** Tells every sink that has a place for it that a connection has lost its port or got one again. */
  readonly portChanged = (event: PortEvent): void => {
    for (const { sink } of this.#branches) {
      sink.portChanged?.(event);
    }
  };

  /** Keeps a remark in every sink that has a place for it. */
  remark(text: string): void {
    for (const { sink } of this.#branches) {
      sink.remark?.(text);
    }
  }

  /** The number of records that a sink had no room for. */
  lostRecords(sink: RecordSink): number {
    return this.#branches.find((branch) => branch.sink === sink)?.lostRecords ?? 0;
  }

  /**
   * Closes every sink.
   *
   * @throws CliError if a sink could not write something
   */
  async close(): Promise<void> {
    await Promise.all(this.#branches.map(({ sink, lostRecords }) => sink.close?.(lostRecords)));
  }
}
