import type { PacketRecord } from './record.js';

/**
 * Takes one record. A returned promise asks the source to wait for it before the next record of the same connection;
 * it never rejects. A source that cannot wait, as with rejected frames, which come as events, ignores it.
 */
export type RecordConsumer = (record: PacketRecord) => void | Promise<void>;

/** Where records come from: live ports or a recording. */
export interface RecordSource {
  /**
   * Delivers records, those of each connection in order. Resolves when the source has ended. When the signal aborts, it
   * settles once nothing more will be delivered and everything is closed.
   *
   * @param started - called once when the source works: its ports are open, or its recording could be read
   * @throws CliError, or an error of the library, if the source failed
   */
  deliver(take: RecordConsumer, signal: AbortSignal, started: () => void): Promise<void>;
}
