import { CliError } from '../cli-error.js';
import { DECODER_GRAMMAR } from '../decoders/index.js';
import { loadRecordDecoder, type RecordDecoder } from '../decoders/record-decoder.js';
import { ExitCode } from '../exit-codes.js';
import {
  type EventFormat,
  eventFormat,
  type LineFormat,
  makeFormat,
  PACKET_COLUMNS,
  type PacketColumn,
  TIMESTAMPS,
  timeFormat,
} from '../formats/index.js';
import type { RequestIdBytes } from '../records/request-ids.js';
import type { Output } from '../terminal/output.js';
import { grouped, type OptionsOf, option, type TypedOption } from './define.js';
import { byteCount, choices, collect } from './values.js';

/** The option of a command whose packets may have ids. */
export function requestIdsOption(description: string): TypedOption<RequestIdBytes | undefined> {
  return option('--request-ids <bytes>', description, {
    choices: ['1', '2'],
    parse: (text): RequestIdBytes => (text === '1' ? 1 : 2),
  });
}

/** The options of every command that shows packets. */
export const OUTPUT_OPTIONS = grouped('Output:', {
  json: option('--json', 'one JSON object per line: ts, name, dir, id, kind, length, hex, decoded, error', {
    excludes: ['format'],
  }),
  format: option('--format <template>', 'template for each line, for example "%T %t %l %x"'),
  dump: option('--dump', 'add a dump like that of hexdump -C below each line', { excludes: ['json', 'format'] }),
  timestamp: option('-t, --timestamp <kind>', 'timestamp format', { choices: TIMESTAMPS, default: 'absolute' }),
  requestIdBytes: requestIdsOption(
    'packets begin with an id of this many bytes (requestIds of the library): show it apart from the payload',
  ),
  columns: option('--columns <columns>', `columns to show, separated by commas: ${PACKET_COLUMNS.join(', ')}`, {
    parse: choices<PacketColumn>(PACKET_COLUMNS),
    excludes: ['json', 'format'],
  }),
  maxBytes: option(
    '--max-bytes <bytes>',
    'show at most this much of a packet (default: on a terminal, what fits on it)',
    {
      parse: byteCount(1),
      excludes: ['json', 'format'],
    },
  ),
  decode: option(
    '--decode <decoder>',
    `decode packets as: ${DECODER_GRAMMAR}; with conditions in front (see --filter), those that match: dir=tx:json; repeatable`,
    { parse: collect },
  ),
  protoFolders: option('--proto-path <folder>', 'with protobuf: a folder to search for imports; repeatable', {
    parse: collect,
    needs: ['decode'],
  }),
});

export type OutputOptions = OptionsOf<typeof OUTPUT_OPTIONS>;

/** The format without and with dumps, for a display that can switch between them. */
export interface RecordFormats {
  line: LineFormat;
  dump: LineFormat;
  /** Undefined with a template, which has no place for events. */
  event: EventFormat | undefined;
}

/**
 * The formats for records on stdout.
 *
 * @param names - the names of all connections
 * @throws CliError (usage error) if the template is invalid, or columns need an option that is missing
 */
export function recordFormats(
  { json, format: template, timestamp, columns, maxBytes, requestIdBytes }: OutputOptions,
  names: readonly string[],
  output: Output,
  decoder: RecordDecoder | undefined,
): RecordFormats {
  if (columns?.includes('id') && requestIdBytes === undefined) {
    throw new CliError(ExitCode.usage, '--columns id requires --request-ids');
  }
  const options = {
    json,
    template,
    timestamp: timeFormat(timestamp),
    decoder,
    colorize: output.colorize,
    names,
    size: () => output.size,
    columns,
    maxBytes,
    requestIdBytes,
  };
  return {
    line: makeFormat(options),
    dump: makeFormat({ ...options, json: false, template: undefined, dump: true }),
    event: eventFormat(options),
  };
}

/**
 * The format for records on stdout, for a command that does not switch it.
 *
 * @param names - the names of all connections
 * @throws CliError (usage error) if the template or the decoder is invalid
 */
export async function recordFormat(
  options: OutputOptions,
  names: readonly string[],
  output: Output,
): Promise<LineFormat> {
  const decoder = await loadRecordDecoder(options.decode, options.protoFolders, options.requestIdBytes !== undefined);
  const { line, dump } = recordFormats(options, names, output, decoder);
  return options.dump ? dump : line;
}
