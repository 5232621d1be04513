import type { FormatOptions } from './format-options.js';
import { jsonLine } from './json-line.js';
import type { LineFormat } from './line-format.js';
import { packetLine } from './packet-line.js';
import { templateFormat } from './template.js';
import { timeFormat } from './times.js';

export { type EventFormat, eventFormat } from './event-format.js';
export type { LineFormat } from './line-format.js';
export { PACKET_COLUMNS, type PacketColumn } from './packet-line.js';
export { TIMESTAMPS, timeFormat } from './times.js';

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
