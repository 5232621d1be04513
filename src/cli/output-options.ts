import { Option } from 'commander';
import { paintFor } from './colour.js';
import { DECODER_GRAMMAR, type Decoder, loadDecoder } from './decoders/index.js';
import { makeFormat, TIMESTAMPS, type Timestamp, timeFormat } from './formats/index.js';
import type { Output } from './output.js';
import type { LineFormat } from './packet-record.js';

/** How records are shown; {@link outputOptions} defines it. */
export interface OutputOptions {
  json?: boolean;
  /** A template. */
  format?: string;
  dump?: boolean;
  timestamp: Timestamp;
  /** What a decoder is made of. */
  decode?: string;
}

/** The options of every command that shows packets. */
export function outputOptions(): Option[] {
  return [
    new Option('--json', 'one JSON object a line: ts, name, dir, length, hex, decoded, error').conflicts('format'),
    new Option('--format <template>', 'what each line is made of, as in "%T %t %l %x"'),
    new Option('--dump', 'a dump like that of hexdump -C below each line').conflicts(['json', 'format']),
    new Option('-t, --timestamp <kind>', 'how times are written').choices(TIMESTAMPS).default('absolute'),
    new Option('--decode <decoder>', `what packets hold: ${DECODER_GRAMMAR}`),
  ].map((option) => option.helpGroup('Output:'));
}

/** Lines, and the same with dumps below them: for a display that can change between the two. */
export interface RecordFormats {
  line: LineFormat;
  dump: LineFormat;
}

/**
 * The formats that the options ask for.
 *
 * @param names - all connections there are
 * @throws CliError (wrong use)
 */
export function recordFormats(
  { json, format: template, timestamp }: OutputOptions,
  names: readonly string[],
  output: Output,
  decoder: Decoder | undefined,
): RecordFormats {
  const { isTerminal, stream } = output;
  const options = {
    json,
    template,
    timestamp: timeFormat(timestamp),
    decoder,
    colour: paintFor(stream),
    names,
    columns: isTerminal ? () => stream.columns : undefined,
  };
  return { line: makeFormat(options), dump: makeFormat({ ...options, json: false, template: undefined, dump: true }) };
}

/**
 * The one format that the options ask for.
 *
 * @param names - all connections there are
 * @throws CliError (wrong use)
 */
export async function recordFormat(
  options: OutputOptions,
  names: readonly string[],
  output: Output,
): Promise<LineFormat> {
  const decoder = options.decode === undefined ? undefined : await loadDecoder(options.decode);
  const { line, dump } = recordFormats(options, names, output, decoder);
  return options.dump ? dump : line;
}
