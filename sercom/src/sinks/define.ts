import type { Decoder } from '../decoders/index.js';
import type { OptionsOf, OptionTable } from '../options/define.js';
import type { RecordSink } from './sink.js';

/** What a sink may need in addition to its own options. */
interface SinkContext {
  /** The names of the connections that are known before the first record. */
  names: readonly string[];
  /** What packets are decoded with. */
  decoder: Decoder | undefined;
  /** Overwrite existing files. */
  force: boolean;
}

/** A sink that users ask for by an option. `sinks/index.ts` lists them all. */
export interface SinkDefinition<Table extends OptionTable> {
  readonly options: Table;
  /** The key of the option that names the file to write, if there is one. The file `-` is stdout. */
  readonly file?: keyof Table & string;
  /**
   * Opens the sink, if its options ask for it.
   *
   * @throws CliError
   */
  open(options: OptionsOf<Table>, context: SinkContext): Promise<RecordSink> | undefined;
}

/** Checks the types of a definition, and keeps them. */
export function defineSink<const Table extends OptionTable>(definition: SinkDefinition<Table>): SinkDefinition<Table> {
  return definition;
}
