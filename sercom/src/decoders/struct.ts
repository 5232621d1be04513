import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import type { Decoder } from './decoder.js';
import { float16 } from './float16.js';
import { type JsonValue, toJsonValue } from './json-value.js';

/** One value of a layout. */
interface Field {
  /** Offset in the packet, in bytes. */
  offset: number;
  read(view: DataView, offset: number): unknown;
}

type Reader = (view: DataView, offset: number, littleEndian: boolean) => unknown;

/** The codes for one value each, with the size of the value. */
const CODES: Readonly<Record<string, readonly [bytes: number, read: Reader]>> = {
  c: [1, (view, at) => String.fromCharCode(view.getUint8(at))],
  b: [1, (view, at) => view.getInt8(at)],
  B: [1, (view, at) => view.getUint8(at)],
  '?': [1, (view, at) => view.getUint8(at) !== 0],
  h: [2, (view, at, little) => view.getInt16(at, little)],
  H: [2, (view, at, little) => view.getUint16(at, little)],
  i: [4, (view, at, little) => view.getInt32(at, little)],
  I: [4, (view, at, little) => view.getUint32(at, little)],
  l: [4, (view, at, little) => view.getInt32(at, little)],
  L: [4, (view, at, little) => view.getUint32(at, little)],
  q: [8, (view, at, little) => view.getBigInt64(at, little)],
  Q: [8, (view, at, little) => view.getBigUint64(at, little)],
  e: [2, (view, at, little) => float16(view.getUint16(at, little))],
  f: [4, (view, at, little) => shortest(view.getFloat32(at, little))],
  d: [8, (view, at, little) => view.getFloat64(at, little)],
};

/** Maximum length of a layout. */
const MAX_BYTES = 65_536;

const HELP =
  'expected FORMAT as in "<Hf2x:seq,temp": < for little-endian (default), > or ! for big-endian, = for the order of ' +
  'this machine; codes b B ? h H i I l L q Q e f d c, s (text), x (padding), each with an optional count; then names';

/**
 * Creates a decoder for packets of one fixed layout, like Python's `struct` without alignment.
 *
 * @param spec - the layout, optionally followed by a colon and the names of its values
 * @throws CliError (usage error) if the layout is invalid
 */
export function structDecoder(spec: string): Decoder {
  const colon = spec.indexOf(':');
  const format = colon < 0 ? spec : spec.slice(0, colon);
  const { fields, bytes } = parseLayout(format, spec);
  const names = colon < 0 ? undefined : parseNames(spec.slice(colon + 1), fields.length, spec);
  return {
    name: 'struct',
    decode(packet) {
      if (packet.length !== bytes) {
        throw new Error(`${format} is ${bytes} bytes long, but the packet has ${packet.length}`);
      }
      const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
      const values = fields.map(({ offset, read }) => toJsonValue(read(view, offset)));
      const value: JsonValue =
        names === undefined ? values : Object.fromEntries(names.map((name, i) => [name, values[i]!]));
      return { value, text: JSON.stringify(value) };
    },
  };
}

function parseLayout(format: string, spec: string): { fields: Field[]; bytes: number } {
  const [, order, items] = /^([<>=!]?)(.*)$/s.exec(format)!;
  const littleEndian = order === '=' ? isHostLittleEndian() : order === '' || order === '<';
  const fields: Field[] = [];
  let bytes = 0;
  for (const [, , digits, code = ''] of items!.matchAll(/( *)(\d*)(.?)/gsu)) {
    if (code === '' && digits === '') {
      continue;
    }
    const count = digits === '' ? 1 : Number(digits);
    const known = CODES[code];
    if (!(known !== undefined || code === 's' || code === 'x')) {
      throw usageError(spec, code === '' ? `missing code after ${digits}` : `unknown code "${code}"`);
    }
    const size = (known?.[0] ?? 1) * count;
    if (bytes + size > MAX_BYTES) {
      throw usageError(spec, `the layout is longer than ${MAX_BYTES} bytes`);
    }
    if (code === 's') {
      fields.push({ offset: bytes, read: (view, at) => textAt(view, at, count) });
    } else if (known !== undefined) {
      const [width, read] = known;
      for (let index = 0; index < count; index++) {
        fields.push({ offset: bytes + index * width, read: (view, at) => read(view, at, littleEndian) });
      }
    }
    bytes += size;
  }
  if (fields.length === 0) {
    throw usageError(spec, 'the layout has no values');
  }
  return { fields, bytes };
}

function parseNames(list: string, count: number, spec: string): string[] {
  const names = list.split(',').map((name) => name.trim());
  if (names.length !== count) {
    throw usageError(spec, `names given: ${names.length}, but the layout has ${count} values`);
  }
  const known = new Set<string>();
  const invalid = names.find((name) => name === '' || known.size === known.add(name).size);
  if (invalid !== undefined) {
    throw usageError(spec, invalid === '' ? 'a name is empty' : `two values are named "${invalid}"`);
  }
  return names;
}

/** Reads text up to its first NUL, as C stores it in a field of fixed size. */
function textAt(view: DataView, offset: number, length: number): string {
  const bytes = Buffer.from(view.buffer, view.byteOffset + offset, length);
  const end = bytes.indexOf(0);
  return (end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}

/** The shortest decimal number that rounds to the same 32-bit float: 0.1 rather than 0.10000000149011612. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) {
      return rounded;
    }
  }
  return value;
}

function isHostLittleEndian(): boolean {
  return new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
}

function usageError(spec: string, problem: string): CliError {
  return new CliError(ExitCode.usage, `--decode "struct:${spec}": ${problem}; ${HELP}`);
}
