import type { RecordDecoder } from '../decoders/record-decoder.js';
import type { RequestIdBytes } from '../records/request-ids.js';
import type { Colorize } from '../terminal/color.js';
import type { PacketColumn, PacketLineOptions } from './packet-line.js';
import type { TimeFormat, Timestamp } from './times.js';

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
