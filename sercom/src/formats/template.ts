import { CliError } from '../cli-error.js';
import { jsonDecoder } from '../decoders/json.js';
import { decoderOfAll, type RecordDecoder } from '../decoders/record-decoder.js';
import { ExitCode } from '../exit-codes.js';
import type { PacketRecord } from '../records/record.js';
import { errorReplyText } from '../records/request-ids.js';
import { columnsOf } from '../text/columns.js';
import { escapePacket, escapeText } from '../text/escape.js';
import { toHex } from '../text/hex.js';
import { epochTime, microsecondDigits } from '../text/timestamp.js';
import { type Decoded, decodeRecord } from './decoded.js';
import { jsonLine } from './json-line.js';
import type { LineFormat } from './line-format.js';
import { isoTime, type TimeFormat } from './times.js';

/** A part of a template: gives its text for a record. */
type Part = (record: PacketRecord) => string;

/** What a field may need in addition to the record. */
interface FieldContext {
  readonly time: TimeFormat;
  readonly decoded: (record: PacketRecord) => Decoded | undefined;
  readonly decoder: RecordDecoder | undefined;
}

const JSON_DECODER = decoderOfAll(jsonDecoder);

/** The fields after `%`. `d`, `v`, `e`, `i`, `k` and `T` are our own, the others those of `mosquitto_sub`. */
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
    const problem = result !== undefined && 'problem' in result ? result.problem : '';
    return escapeText(record.error ?? errorReplyText(record) ?? problem);
  },
  i: ({ request }) => String(request?.id ?? ''),
  k: ({ request }) => request?.kind ?? '',
  T: ({ timeUs }, { time }) => time(timeUs),
  I: ({ timeUs }) => isoTime(timeUs),
  U: ({ timeUs }) => epochTime(timeUs),
  j: (record) => jsonLine(record),
  J: (record, { decoder = JSON_DECODER }) => jsonLine(record, decoder),
};

/** The fields after `@`, in local time, as in `strftime`. */
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
  N: (_, timeUs) => `${microsecondDigits(timeUs)}000`,
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
  'fields: %t name, %d direction, %l length, %p text, %x %X hex, %v decoded value, %e error, %i id, %k kind, %T time (-t), %I ISO, ' +
  '%U epoch, %j %J JSON, %%; @Y @m @d @H @M @S @N @s @z, @@; escapes: \\n \\t \\r \\0 \\a \\e \\v \\\\';

/**
 * Formats records with a template like that of `mosquitto_sub -F`. The text of the template is printed unchanged, what
 * comes from a device is escaped.
 *
 * @throws CliError (usage error) if the template has an invalid sequence
 */
export function templateFormat(template: string, time: TimeFormat, decoder?: RecordDecoder): LineFormat {
  const parts: Part[] = [];
  const context: FieldContext = {
    time,
    decoder,
    decoded: (record) => decoder && decodeRecord(record, decoder),
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
      throw invalid(sequence);
    }
    return (record) => fitted(write(record, context), flags, Number(width), most);
  }
  if (date !== undefined) {
    if (date === '@') {
      return () => '@';
    }
    const write = DATES[date];
    if (write === undefined) {
      throw invalid(sequence);
    }
    return ({ timeUs }) => write(new Date(Math.floor(timeUs / 1000)), timeUs);
  }
  if (escaped !== undefined) {
    const character = ESCAPES[escaped];
    if (character === undefined) {
      throw invalid(sequence);
    }
    return () => character;
  }
  return () => sequence;
}

const MAX_COLUMNS = 10_000;

/** Cuts text to at most `most` characters, then pads it on the left, or with the flag `-` on the right. */
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

function invalid(sequence: string): CliError {
  return new CliError(ExitCode.usage, `--format: invalid sequence "${sequence}"; ${HELP}`);
}
