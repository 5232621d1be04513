import { paintFor } from './colour.js';
import { jsonLine } from './json-line.js';
import type { Output } from './output.js';
import { packetLine } from './packet-line.js';
import type { LineFormat } from './packet-record.js';

/** The format of the lines of a command. */
export function lineFormat(names: readonly string[], output: Output, json = false): LineFormat {
  return json ? jsonLine : packetLine(names, paintFor(output.stream));
}
