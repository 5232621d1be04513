import type { PacketRecord } from '../packet-record.js';

/** Takes records beside the lines on stdout: a log, a capture file. */
export interface RecordSink {
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
