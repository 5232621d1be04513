import type { PortEvent } from '../records/port-event.js';
import type { PacketRecord } from '../records/record.js';
import type { SessionEvent } from '../records/session-event.js';

/** Where records go: the screen, a log, a capture, the totals. */
export interface RecordSink {
  /**
   * What happens to packets while the sink {@link isFull | is full}: `hold` makes their source wait, `drop` loses them.
   * Rejected frames cannot wait, so a full sink always loses them. What is lost is counted, for each sink by itself.
   */
  readonly whenFull: 'hold' | 'drop';
  /** Whether the sink has no room for what can be lost. Default: it always has. */
  readonly isFull?: boolean;
  /** Whether the sink also takes bytes that are no packet. Default: it does not get them. */
  readonly takesRaw?: boolean;
  /** Whether the sink gets packets as they are on the wire, with their ids. Default: it gets their payloads. */
  readonly takesWire?: boolean;
  /**
   * Prepares the sink for records, for example empties the file to overwrite. The first {@link write} does so as well.
   * If neither is called, closing leaves everything as it was.
   */
  begin?(): void;
  /**
   * Takes a record. A returned promise asks to wait before the next one; it never rejects, because {@link ended} reports
   * failures.
   */
  write(record: PacketRecord): void | Promise<void>;
  /** Takes an event between the records, if there is a place for it. Returns whether the user can see it. */
  event?(event: SessionEvent): boolean;
  /** Takes that a connection has lost its port or got one again, if there is a place for it. */
  portChanged?(event: PortEvent): void;
  /** Keeps a remark of the user between the records, if there is a place for it. */
  remark?(text: string): void;
  /**
   * Settles when the sink can take nothing more: resolves when the reader has closed its pipe, rejects with a `CliError`
   * when writing has failed. Records are discarded from then on. Default: never settles.
   */
  readonly ended?: Promise<void>;
  /**
   * Writes what is left and closes the sink.
   *
   * @param lostRecords - the number of records that the sink had no room for
   * @throws CliError if something could not be written
   */
  close?(lostRecords: number): Promise<void>;
}
