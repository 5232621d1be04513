import { CliError } from '../cli-error.js';
import type { Decoder } from '../decoders/index.js';
import { jsonDecoder } from '../decoders/json.js';
import { ExitCode } from '../exit-codes.js';
import { microsOf } from '../records/clock.js';
import type { LineFormat, PacketRecord } from '../records/packet-record.js';
import { escapePacket, escapeText } from '../text/escape.js';
import { toHex } from '../text/hex.js';
import { type Decoded, decodeRecord } from './decoded.js';
import { isoTime, jsonLine } from './json-line.js';
import { epochTime, type TimeFormat } from './times.js';
import { columnsOf } from './wrap.js';

/** A part of a template, with the text that it stands for. */
type Part = (record: PacketRecord) => string;

/** A field: `%`, or the time's `@`. */
interface FieldContext {
  readonly time: TimeFormat;
  readonly decoded: (record: PacketRecord) => Decoded | undefined;
  readonly decoder: Decoder | undefined;
}

/** The fields after `%`. Numbers of them are written by `mosquitto_sub`; `d`, `v`, `e` and `T` are ours. */
const FIELDS: Readonly<Record<string, (record: PacketRecord, context: FieldContext) => string>> = {
  t: ({ name }) => escapeText(name),
  d: ({ dir }) => dir,
  l: ({ length }) => String(length),
  p: ({ bytes }) => escapePacket(bytes),
  x: ({ bytes }) => toHex(bytes),
  X: ({ bytes }) => toHex(bytes).toUpperCase(),
  v: (record, { decoded }) => {
    const result = decoded(record);
    return result !== undefined && 'value' in result ? escapeText(result.value.text) : '';
  },
  e: (record, { decoded }) => {
    const result = decoded(record);
    return escapeText(record.error ?? (result !== undefined && 'problem' in result ? result.problem : ''));
  },
  T: ({ timeUs }, { time }) => time(timeUs),
  I: ({ timeUs }) => isoTime(timeUs),
  U: ({ timeUs }) => epochTime(timeUs),
  j: (record) => jsonLine(record),
  J: (record, { decoder = jsonDecoder }) => jsonLine(record, decoder),
};

/** The fields after `@`, as in `strftime`; local time. */
const DATES: Readonly<Record<string, (time: Date, timeUs: number) => string>> = {
  Y: (time) => String(time.getFullYear()),
  m: (time) => two(time.getMonth() + 1),
  d: (time) => two(time.getDate()),
  H: (time) => two(time.getHours()),
  M: (time) => two(time.getMinutes()),
  S: (time) => two(time.getSeconds()),
  z: (time) => {
    const minutes = -time.getTimezoneOffset();
    return `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}${two(Math.abs(minutes) % 60)}`;
  },
  s: (_, timeUs) => String(Math.floor(timeUs / 1_000_000)),
  N: (_, timeUs) => `${microsOf(timeUs)}000`,
};

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\',
  '0': '\0',
  a: '\x07',
  e: '\x1b',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

const HELP =
  'fields: %t name, %d direction, %l length, %p text, %x %X hex, %v decoded value, %e error, %T time (-t), %I ISO, ' +
  '%U epoch, %j %J JSON, %%; @Y @m @d @H @M @S @N @s @z, @@; escapes: \\n \\t \\r \\0 \\a \\e \\v \\\\';

/**
 * Lines made of a template in the manner of `mosquitto_sub -F`: what it says itself is written as it is, what comes
 * from a device is escaped.
 *
 * @throws CliError (wrong use) if it holds a sequence that is not known
 */
export function templateFormat(template: string, time: TimeFormat, decoder?: Decoder): LineFormat {
  const parts: Part[] = [];
  // One decoding a record, however many fields show it.
  let last: { record: PacketRecord; decoded: Decoded | undefined } | undefined;
  const context: FieldContext = {
    time,
    decoder,
    decoded(record) {
      if (last?.record !== record) {
        last = { record, decoded: decoder && decodeRecord(record, decoder) };
      }
      return last.decoded;
    },
  };
  for (const match of template.matchAll(
    /%(?<flags>[-0]*)(?<width>\d*)(?:\.(?<most>\d+))?(?<field>.?)|@(?<date>.?)|\\(?<escaped>.?)|[^%@\\]+/gsu,
  )) {
    parts.push(partOf(match[0], match.groups!, context));
  }
  return (record) => parts.map((part) => part(record)).join('');
}

function partOf(sequence: string, groups: Record<string, string | undefined>, context: FieldContext): Part {
  const { flags = '', width = '', most, field, date, escaped } = groups;
  if (field !== undefined) {
    if (sequence === '%%') {
      return () => '%';
    }
    const write = FIELDS[field];
    if (write === undefined || Number(width) > MAX_COLUMNS) {
      throw wrong(sequence);
    }
    return (record) => fitted(write(record, context), flags, Number(width), most);
  }
  if (date !== undefined) {
    if (date === '@') {
      return () => '@';
    }
    const write = DATES[date];
    if (write === undefined) {
      throw wrong(sequence);
    }
    return ({ timeUs }) => write(new Date(Math.floor(timeUs / 1000)), timeUs);
  }
  if (escaped !== undefined) {
    const character = ESCAPES[escaped];
    if (character === undefined) {
      throw wrong(sequence);
    }
    return () => character;
  }
  return () => sequence;
}

const MAX_COLUMNS = 10_000;

/** Cut to at most so many characters, then padded: at its left, or with the flag `-` at its right. */
function fitted(text: string, flags: string, width: number, most: string | undefined): string {
  const cut = most === undefined ? text : Array.from(text).slice(0, Number(most)).join('');
  const missing = Math.max(0, width - columnsOf(cut));
  if (flags.includes('-')) {
    return cut + ' '.repeat(missing);
  }
  return (flags.includes('0') ? '0' : ' ').repeat(missing) + cut;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

function wrong(sequence: string): CliError {
  return new CliError(ExitCode.usage, `--format: "${sequence}" is not known; ${HELP}`);
}
