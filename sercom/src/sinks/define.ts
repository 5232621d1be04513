import type { Decoder } from '../decoders/index.js';
import type { RecordDecoder } from '../decoders/record-decoder.js';
import { grouped, type OptionsOf, type OptionTable, option, type TypedOption } from '../options/define.js';
import type { FileSink } from './file-sink.js';
import type { Continuation, OutputFile } from './output-file.js';

/** What a sink may need in addition to its own options. */
export interface SinkContext {
  /** The names of the connections that are known before the first record. */
  names: readonly string[];
  /** What packets, without their ids, are decoded with. */
  decoder: RecordDecoder<Pick<Decoder, 'name'>> | undefined;
  /** Whether packets have ids. Default: they have none. */
  hasIds?: boolean;
}

interface SinkDetails<Table extends OptionTable> {
  /** What help says about the option that names the file. */
  readonly description: string;
  /** Further options of the sink. */
  readonly options?: Table;
  /** Whether the file `-` is stdout, which then has no lines. Default: `-` is rejected. */
  readonly canBeStdout?: boolean;
  /** For a file that a terminal cannot show: the program that the error message suggests piping it to. */
  readonly pipeTo?: string;
  /** Whether it renames its file to `FILE.1`, this one to `FILE.2` and so on. Default: it never does. */
  rotates?(options: OptionsOf<Table>): boolean;
  /** How to continue an existing file, if the options ask for it. Default: it is overwritten if forced. */
  continuation?(options: OptionsOf<Table>): Continuation | undefined;
  /** Makes the sink. The file is open, and stays unchanged until the sink begins. */
  open(file: OutputFile, options: OptionsOf<Table>, context: SinkContext): FileSink;
}

/** A sink that writes to a file. `sinks/index.ts` lists them all. */
export interface SinkDefinition<Name extends string, Table extends OptionTable> extends SinkDetails<Table> {
  /** The key of the option that names the file. */
  readonly name: Name;
  /** The option that names the file, as users write it. */
  readonly flag: string;
  readonly options: Record<Name, TypedOption<string | undefined>> & Table;
}

/**
 * Defines a sink that writes to a file.
 *
 * @param name - of the option that names the file: `log` for `--log <file>`
 */
export function defineSink<const Name extends string, const Table extends OptionTable = Record<never, never>>(
  name: Name,
  details: SinkDetails<Table>,
): SinkDefinition<Name, Table> {
  const flag = `--${name}`;
  const options = grouped('Files:', {
    [name]: option(`${flag} <file>`, details.description),
    ...details.options,
  }) as SinkDefinition<Name, Table>['options'];
  return { ...details, name, flag, options };
}
