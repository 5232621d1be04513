import type { Decoder } from '../decoders/index.js';
import type { LineFormat } from '../records/packet-record.js';
import type { Paint } from '../terminal/color.js';
import { jsonLine } from './json-line.js';
import { packetLine } from './packet-line.js';
import { templateFormat } from './template.js';
import { type TimeFormat, type Timestamp, timeFormat } from './times.js';

export { TIMESTAMPS, type Timestamp, timeFormat } from './times.js';

/** How records are written. */
export interface FormatOptions {
  /** One JSON object. */
  json?: boolean | undefined;
  /** A line made of a template: `--format`. */
  template?: string | undefined;
  /** A dump below each line. */
  dump?: boolean | undefined;
  /**
   * How times are written; default `absolute`. Formats that take turns share what {@link timeFormat} gives, so that
   * both go on from the same record.
   */
  timestamp?: Timestamp | TimeFormat | undefined;
  decoder?: Decoder | undefined;
  /** Default: none. */
  colour?: Paint | undefined;
  /** All connections there are, so that columns line up. */
  names?: readonly string[] | undefined;
  /** How many columns the terminal has now; lines that would be longer are wrapped. Default: they are not. */
  columns?: (() => number | undefined) | undefined;
}

/**
 * The format that the options ask for: JSON, else a template, else the line that people read. Everything that comes
 * from a device is escaped in all of them.
 *
 * @throws CliError (wrong use) if the template cannot be used
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
  const { names = [], colour = (_, text) => text, dump, columns } = options;
  return packetLine(names, colour, { time, dump: dump === true, decoder, columns });
}
