import type { PacketRecord } from '../records/packet-record.js';

/** Takes records beside the lines on stdout: a log, a capture file. */
export interface RecordSink {
  /**
   * Empties the file that is overwritten, if any; the first write does so, too. Without either, closing leaves things
   * as they were.
   */
  begin(): void;
  /** Whether so much waits to be written that what cannot be held back should rather be left out, and counted. */
  readonly isFull: boolean;
  /**
   * Writes a record. A returned promise says that what is written to is slow: wait for it before the next. It never
   * rejects: {@link ended} tells of failures.
   */
  write(record: PacketRecord): void | Promise<void>;
  /** Writes a remark of the user's between the records, where there is a place for such. */
  remark?(text: string): void;
  /**
   * Settles when no more can be written: resolves when nobody reads any more (a closed pipe), rejects with a
   * `CliError` when writing failed. What is written after that goes nowhere.
   */
  readonly ended: Promise<void>;
  /**
   * Writes what is left and closes the file.
   *
   * @throws CliError if something could not be written
   */
  close(): Promise<void>;
}
