import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { parseHex } from '../text/hex.js';
import type { PacketRecord } from './record.js';
import { REQUEST_KINDS } from './request-ids.js';

/** Whether a record matches. */
export type RecordFilter = (record: PacketRecord) => boolean;

/** The conditions of `--filter` and `--reject`, for help and messages. */
export const FILTER_GRAMMAR =
  'name=NAME, dir=rx or dir=tx, length=N (or != < <= > >=) or length=N..M, bytes=HEX or bytes=HEX/MASK, ' +
  `id=N or kind=${REQUEST_KINDS.join('/')} with --request-ids, text=TEXT`;

const FIELDS_WITHOUT_UNEQUAL = ['name', 'dir', 'bytes', 'text', 'id', 'kind'];

const HELP = `expected ${FILTER_GRAMMAR}; separate conditions with commas, text last`;

/**
 * Parses conditions separated by commas, all of which a record must meet. For a rejected frame, `bytes` and `text` look
 * at its first bytes as they were on the wire.
 *
 * - `name=NAME`: the connection; `*` matches any characters
 * - `dir=rx`, `dir=tx`
 * - `length=N`, `!=`, `<`, `<=`, `>`, `>=`, and `length=N..M` for a range with both its ends
 * - `bytes=HEX`: begins with these bytes; with `bytes=HEX/MASK`, only the bits that are 1 in the mask are compared
 * - `id=N`, `kind=KIND`: has an id of this number or kind
 * - `text=TEXT`: contains this text (UTF-8), which extends to the end of the argument, commas included
 *
 * @param where - how messages name it
 * @param hasIds - whether packets have ids, which `id` and `kind` need
 * @throws CliError (usage error)
 */
export function parseFilter(spec: string, where = `--filter "${spec}"`, hasIds = false): RecordFilter {
  const conditions: RecordFilter[] = [];
  let rest = spec;
  while (true) {
    const text = /^ *text=(.*)$/s.exec(rest);
    if (text !== null) {
      conditions.push(textFilter(text[1]!, where));
      break;
    }
    const comma = rest.indexOf(',');
    conditions.push(condition(comma < 0 ? rest : rest.slice(0, comma), where, hasIds));
    if (comma < 0) {
      break;
    }
    rest = rest.slice(comma + 1);
  }
  return (record) => conditions.every((matches) => matches(record));
}

/**
 * Combines the arguments of `--filter` and of `--reject`: a record must match every filter and no reject.
 *
 * @throws CliError (usage error)
 */
export function recordFilter(
  filters: readonly string[] = [],
  rejects: readonly string[] = [],
  hasIds = false,
): RecordFilter {
  const wanted = filters.map((spec) => parseFilter(spec, undefined, hasIds));
  const unwanted = rejects.map((spec) => parseFilter(spec, `--reject "${spec}"`, hasIds));
  if (wanted.length + unwanted.length === 0) {
    return () => true;
  }
  return (record) => wanted.every((matches) => matches(record)) && !unwanted.some((matches) => matches(record));
}

function condition(text: string, where: string, hasIds: boolean): RecordFilter {
  const [, field = '', operator = '', value = ''] = /^\s*([a-z]+)(!=|<=|>=|=|<|>)(.*?)\s*$/s.exec(text) ?? [];
  if (field === 'length') {
    return lengthFilter(operator, value, where);
  }
  if (operator === '=') {
    switch (field) {
      case 'name':
        return nameFilter(value, where);
      case 'dir':
        if (value === 'rx' || value === 'tx') {
          return ({ dir }) => dir === value;
        }
        break;
      case 'bytes':
        return bytesFilter(value, where);
      case 'id':
      case 'kind':
        if (!hasIds) {
          throw new CliError(ExitCode.usage, `${where}: "${field}" requires --request-ids`);
        }
        return idFilter(field, value, where);
    }
  }
  if (operator === '!=' && FIELDS_WITHOUT_UNEQUAL.includes(field)) {
    const equal = `"${field}=${value}"`;
    throw usageError(where, `"!=" works with length only; use --reject ${equal}`);
  }
  throw usageError(where, `unknown condition "${text.trim()}"`);
}

function nameFilter(pattern: string, where: string): RecordFilter {
  if (pattern === '') {
    throw usageError(where, 'the name is empty');
  }
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) {
    return ({ name }) => name === first;
  }
  return ({ name }) => matchesParts(name, first, others, last);
}

/**
 * Whether a name begins with `first` and ends with `last`, with the other parts between them in this order. Taking each
 * part where it first occurs is enough, so the time is linear; a regular expression would try all combinations.
 */
function matchesParts(name: string, first: string, between: readonly string[], last: string): boolean {
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) {
    return false;
  }
  const end = name.length - last.length;
  let at = first.length;
  for (const part of between) {
    const found = name.indexOf(part, at);
    if (found < 0) {
      return false;
    }
    at = found + part.length;
  }
  return at <= end;
}

function lengthFilter(operator: string, value: string, where: string): RecordFilter {
  const [, from, to] = /^(\d+)(?:\.\.(\d+))?$/.exec(value) ?? [];
  if (from === undefined || (to !== undefined && (operator !== '=' || Number(to) < Number(from)))) {
    throw usageError(where, `invalid length "${value}"`);
  }
  const number = Number(from);
  switch (operator) {
    case '<':
      return ({ length }) => length < number;
    case '<=':
      return ({ length }) => length <= number;
    case '>':
      return ({ length }) => length > number;
    case '>=':
      return ({ length }) => length >= number;
    case '!=':
      return ({ length }) => length !== number;
    default: {
      const last = to === undefined ? number : Number(to);
      return ({ length }) => length >= number && length <= last;
    }
  }
}

function bytesFilter(value: string, where: string): RecordFilter {
  const [lead, mask, ...more] = value.split('/').map((hex) => hexBytes(hex, where));
  if (lead === undefined || more.length > 0 || (mask !== undefined && mask.length !== lead.length)) {
    throw usageError(where, 'bytes and mask must be of the same length');
  }
  const wanted = lead.map((byte, index) => byte & (mask?.[index] ?? 0xff));
  return ({ bytes }) =>
    bytes.length >= wanted.length && wanted.every((byte, index) => (bytes[index]! & (mask?.[index] ?? 0xff)) === byte);
}

function idFilter(field: 'id' | 'kind', value: string, where: string): RecordFilter {
  if (field === 'id' ? !/^\d+$/.test(value) : !REQUEST_KINDS.some((kind) => kind === value)) {
    throw usageError(where, `invalid ${field} "${value}"`);
  }
  return field === 'id' ? ({ request }) => request?.id === Number(value) : ({ request }) => request?.kind === value;
}

function hexBytes(hex: string, where: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = parseHex(hex);
  } catch (error) {
    throw new CliError(ExitCode.usage, `${where}: ${(error as Error).message}`, { cause: error });
  }
  if (bytes.length === 0) {
    throw usageError(where, 'there are no bytes after "bytes=" or "/"');
  }
  return bytes;
}

function textFilter(text: string, where: string): RecordFilter {
  if (text === '') {
    throw usageError(where, 'the text is empty');
  }
  const wanted = Buffer.from(text);
  return ({ bytes }) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(wanted);
}

function usageError(where: string, problem: string): CliError {
  return new CliError(ExitCode.usage, `${where}: ${problem}; ${HELP}`);
}
