import type { RecordDecoder } from '../decoders/record-decoder.js';
import type { RequestIdBytes } from '../records/request-ids.js';
import type { Colorize } from '../terminal/color.js';
import { jsonLine } from './json-line.js';
import type { LineFormat } from './line-format.js';
import { type PacketColumn, type PacketLineOptions, packetLine } from './packet-line.js';
import { templateFormat } from './template.js';
import { type TimeFormat, type Timestamp, timeFormat } from './times.js';

export { type EventFormat, eventFormat } from './event-format.js';
export type { LineFormat } from './line-format.js';
export { PACKET_COLUMNS, type PacketColumn } from './packet-line.js';
export { TIMESTAMPS, timeFormat } from './times.js';

/** How to print records. */
export interface FormatOptions {
  /** As a JSON object. */
  json?: boolean | undefined;
  /** With a template: `--format`. */
  template?: string | undefined;
  /** With a dump below each line. */
  dump?: boolean | undefined;
  /**
   * How to print times. Default: `absolute`. Formats that take turns share the result of {@link timeFormat}, so that
   * both count from the same record.
   */
  timestamp?: Timestamp | TimeFormat | undefined;
  decoder?: RecordDecoder | undefined;
  /** Default: no colors. */
  colorize?: Colorize | undefined;
  /** The names of all connections, so that columns line up. */
  names?: readonly string[] | undefined;
  /** Gives the current size of the terminal; longer lines are wrapped. Default: lines are not wrapped. */
  size?: PacketLineOptions['size'];
  /** Packets have ids, which the line for people has a column for. Default: they have none. */
  requestIdBytes?: RequestIdBytes | undefined;
  /** The columns of the line for people. Default: all. */
  columns?: readonly PacketColumn[] | undefined;
  /** The most bytes of a packet to show. Default: on a terminal about as many as fill it, otherwise all. */
  maxBytes?: number | undefined;
}

/**
 * The format that the options ask for: JSON, otherwise a template, otherwise the line for people. Each of them escapes
 * everything that comes from a device.
 *
 * @throws CliError (usage error) if the template is invalid
 */
export function makeFormat(options: FormatOptions): LineFormat {
  const { json, template, timestamp = 'absolute', decoder } = options;
  if (json) {
    return (record) => jsonLine(record, decoder);
  }
  const time = typeof timestamp === 'function' ? timestamp : timeFormat(timestamp);
  if (template !== undefined) {
    return templateFormat(template, time, decoder);
  }
  const { names = [], colorize = (_, text) => text, dump, size, columns, maxBytes, requestIdBytes } = options;
  return packetLine(names, colorize, { time, dump: dump === true, decoder, size, columns, maxBytes, requestIdBytes });
}
