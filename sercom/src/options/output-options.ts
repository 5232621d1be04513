import { DECODER_GRAMMAR, type Decoder, loadDecoder } from '../decoders/index.js';
import { makeFormat, TIMESTAMPS, type Timestamp, timeFormat } from '../formats/index.js';
import type { LineFormat } from '../records/packet-record.js';
import { paintFor } from '../terminal/color.js';
import type { Output } from '../terminal/output.js';
import { RuledOption } from './option-rules.js';

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
export function outputOptions(): RuledOption[] {
  return [
    new RuledOption('--json', 'one JSON object a line: ts, name, dir, length, hex, decoded, error').excludes([
      'format',
    ]),
    new RuledOption('--format <template>', 'what each line is made of, as in "%T %t %l %x"'),
    new RuledOption('--dump', 'a dump like that of hexdump -C below each line').excludes(['json', 'format']),
    new RuledOption('-t, --timestamp <kind>', 'how times are written').choices(TIMESTAMPS).default('absolute'),
    new RuledOption('--decode <decoder>', `what packets hold: ${DECODER_GRAMMAR}`),
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
