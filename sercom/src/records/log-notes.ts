import { escapeText } from '../text/escape.js';
import { epochTime } from '../text/timestamp.js';
import { decodeName, encodedName } from './log-line.js';
import type { PortEvent } from './port-event.js';

/** A comment of a log that says what happened between its records. */
export type LogNote =
  | ({ readonly kind: 'port' } & Readonly<PortEvent>)
  /** What happened to a session, or a remark of the user. The text names the connection, if there is one. */
  | { readonly kind: 'session' | 'remark'; readonly timeUs: number; readonly text: string };

const PORT = /^# \((\d{1,10})\.(\d{6})\) (\S+) (?:(connected.*)|disconnected: (.*))$/u;

const REMARK = /^# (.*) {2}(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})Z$/u;

/** How a comment about a session begins. */
const SESSION = /^".*?"(?: rx| tx)?: /u;

/**
 * The comment of a log about a port, without its line end:
 *
 * ```
 * # (1700000000.123456) arm disconnected: the device was unplugged
 * # (1700000004.000012) arm connected (/dev/ttyACM0)
 * ```
 */
export function portEventLine({ timeUs, name, isConnected, text }: PortEvent): string {
  return `# (${epochTime(timeUs)}) ${encodedName(name)} ${isConnected ? '' : 'disconnected: '}${escapeText(text)}`;
}

/**
 * The comment of a log with a remark or about a session, without its line end.
 *
 * @param text - escaped, with its time at its end
 */
export function remarkLine(text: string): string {
  const line = `# ${text}`;
  // The user may write what looks like a comment about a port.
  return PORT.test(line) ? `# remark: ${text}` : line;
}

/** What a comment of a log says. Undefined if it says nothing of when, as comments that people write. */
export function parseLogNote(line: string): LogNote | undefined {
  return parsePort(line) ?? parseRemark(line);
}

function parsePort(line: string): LogNote | undefined {
  const [, seconds, micros, encodedName = '', connected, problem = ''] = PORT.exec(line) ?? [];
  const timeUs = Number(seconds) * 1_000_000 + Number(micros);
  if (!Number.isSafeInteger(timeUs)) {
    return undefined;
  }
  try {
    const name = decodeName(encodedName);
    return { kind: 'port', timeUs, name, isConnected: connected !== undefined, text: connected ?? problem };
  } catch {
    // Somebody has written something similar.
    return undefined;
  }
}

function parseRemark(line: string): LogNote | undefined {
  const [, text = '', time, micros] = REMARK.exec(line) ?? [];
  const timeUs = Date.parse(`${time}Z`) * 1_000 + Number(micros);
  return timeUs >= 0 ? { kind: SESSION.test(text) ? 'session' : 'remark', timeUs, text } : undefined;
}
