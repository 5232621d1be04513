import type { SessionEvent } from '../records/session-event.js';
import type { Piece } from '../terminal/styled-line.js';
import { columnsOf, padded } from '../text/columns.js';
import { escapeJson, escapeText } from '../text/escape.js';
import type { FormatOptions } from './format-options.js';
import { GAP } from './packet-layout.js';
import { PACKET_COLUMNS } from './packet-line.js';
import { isoTime, timeFormat } from './times.js';

/** Formats an event as a line of text, without its line end. */
export type EventFormat = (event: SessionEvent) => string;

/** The format for events that fits that of records. There is none for a template. */
export function eventFormat(options: FormatOptions): EventFormat | undefined {
  const { json, template, timestamp = 'absolute', names = [], columns = PACKET_COLUMNS } = options;
  const { colorize = (_, text) => text } = options;
  if (json) {
    return jsonEvent;
  }
  if (template !== undefined) {
    return undefined;
  }
  const time = typeof timestamp === 'function' ? timestamp : timeFormat(timestamp);
  const nameColumns = Math.max(0, ...names.map((name) => columnsOf(escapeText(name))));
  return ({ timeUs, name, dir = '', text }) => {
    const head: Piece[] = [];
    if (columns.includes('time')) head.push([time(timeUs), 'dim']);
    if (columns.includes('name')) head.push([padded(escapeText(name), nameColumns), 'cyan']);
    if (columns.includes('dir')) head.push([dir.padEnd(2)]);
    return [...head, [escapeText(text), 'yellow'] as const]
      .map(([piece, color]) => (color === undefined ? piece : colorize(color, piece)))
      .join(GAP);
  };
}

/** An event as a JSON object: `ts`, `name`, `dir` if it has one, `event`, `text`, and what belongs to the event. */
function jsonEvent({ timeUs, name, dir, event, text, details }: SessionEvent): string {
  return escapeJson({ ts: isoTime(timeUs), name, ...(dir && { dir }), event, text, ...details });
}
