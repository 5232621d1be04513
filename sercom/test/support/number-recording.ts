import { randomNumbers } from '../../../test/support/random.js';
import { hexOf } from './web-model.js';

/** A value of a packet, as a device has it. */
type Value = null | boolean | number | bigint | string | readonly Value[] | Fields;

/** An object: its keys and values. */
class Fields {
  readonly entries: readonly (readonly [key: string, value: Value])[];

  constructor(entries: readonly (readonly [key: string, value: Value])[]) {
    this.entries = entries;
  }
}

/** A line of a log, and what is known of it. */
export interface Line {
  readonly text: string;
  readonly timeUs: number;
  readonly name?: string;
  readonly dir?: 'rx' | 'tx';
  readonly bytes?: Uint8Array;
  readonly length?: number;
  readonly error?: string;
  /** What the packet says, as JavaScript has it. Not set if it is not decoded. */
  readonly value?: unknown;
  readonly mark?: 'connected' | 'disconnected' | 'marker';
}

/** What a decoder must be told of each connection. */
export const DECODE = ['--decode', 'name=j:json', '--decode', 'name=c:cbor', '--decode', 'name=s:struct:<BfQd:k,f,q,d'];

const KEYS = [
  'temp',
  'a b',
  '__proto__',
  'constructor',
  'quote"s',
  '\\',
  '\u0007\n',
  '7',
  'ümlaut',
  '\u202e',
  '',
  "it's",
];

const NUMBERS = [0, -0, 1, 21.5, -1e-300, 1.7976931348623157e308, 2 ** 53 - 1, -(2 ** 53 - 1), 0.1, -273.15, 1e21];
const ODD = [null, true, false, 'text', '12', 2n ** 63n, -(2n ** 60n), Number.NaN, Number.POSITIVE_INFINITY];

/** A recording of several connections, whose packets have any numbers in any place, and whose clock goes back at times. */
export function numberRecording(seed: number, lines: number): Line[] {
  const below = randomNumbers(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)]!;
  let timeUs = 1_700_000_000_000_000;
  const away = new Map<string, boolean>();

  function leaf(): Value {
    return below(4) === 0
      ? pick(ODD)
      : below(2) === 0
        ? pick(NUMBERS)
        : Math.round((below(2_000_000) - 1e6) * 100) / 1e4;
  }

  function nested(depth: number): Value {
    let value: Value = below(9);
    for (let level = 0; level < depth; level++) {
      value = below(2) === 0 ? [null, value] : new Fields([['n', value]]);
    }
    return value;
  }

  function value(index: number): Value {
    switch (below(12)) {
      case 0:
        return nested(pick([3, 30, 90]));
      case 1:
        return Array.from({ length: pick([1, 255, 256, 257, 300]) }, (_, at) => (at % 5 === 1 ? 'x' : at));
      case 2:
        return new Fields([
          [`series ${index}`, below(100)],
          ['x'.repeat(300), 1],
          [`b${index % 7}`, [leaf(), leaf()]],
        ]);
      case 3:
        return leaf();
      default: {
        const keys = [...new Set(Array.from({ length: 1 + below(4) }, () => pick(KEYS)))];
        return new Fields(keys.map((key) => [key, below(4) === 0 ? [leaf(), new Fields([['z', leaf()]])] : leaf()]));
      }
    }
  }

  function packet(index: number): Line {
    const name = pick(['j', 'j', 'c', 'c', 's', 'x y', '=1']);
    const dir = pick(['rx', 'rx', 'tx'] as const);
    const error = below(12) === 0 ? pick(['malformed', 'checksum', 'too-long', 'too-short']) : undefined;
    const said = value(index);
    const struct = {
      k: below(256),
      f: Math.fround(leafNumber()),
      q: pick([5n, 2n ** 53n, 2n ** 64n - 1n]),
      d: leafNumber(),
    };
    const bytes =
      { j: jsonOf(said), c: cborOf(said), s: structOf(struct) }[name] ?? new Uint8Array(below(300)).fill(below(256));
    const decoded = {
      j: () => JSON.parse(Buffer.from(bytes).toString()),
      c: () => plain(said),
      s: () => plainStruct(struct),
    }[name];
    if (error !== undefined) {
      const length = bytes.length + below(2) * 1_000;
      const text = `${head(name)} rx!${error}/${length}#${hexOf(bytes)}`;
      return { text, timeUs, name, dir: 'rx', bytes, length, error };
    }
    const text = `${head(name)} ${dir}#${hexOf(bytes)}`;
    const line: Line = { text, timeUs, name, dir, bytes, length: bytes.length };
    return decoded === undefined ? line : { ...line, value: decoded() };
  }

  function leafNumber(): number {
    return pick([...NUMBERS, Number.NaN, Number.NEGATIVE_INFINITY, below(1_000) / 7]);
  }

  function head(name: string): string {
    return `(${epoch(timeUs)}) ${name.replace(' ', '%20')}`;
  }

  function mark(index: number): Line {
    const name = pick(['j', 'c', 's']);
    if (below(4) === 0) {
      return { text: `# marker ${index}  ${iso(timeUs)}`, timeUs, mark: 'marker' };
    }
    const isConnected = away.get(name) ?? false;
    away.set(name, !isConnected);
    const what = isConnected ? 'connected (/dev/ttyUSB0)' : 'disconnected: gone';
    return { text: `# ${head(name)} ${what}`, timeUs, name, mark: isConnected ? 'connected' : 'disconnected' };
  }

  return Array.from({ length: lines }, (_, index) => {
    timeUs += below(40) === 0 ? below(200_000) - 120_000 : below(3) * below(2_000);
    return below(60) === 0 ? mark(index) : packet(index);
  });
}

/** Every number that can be plotted, by its place, in the order of the packet. */
export function* numbersIn(value: unknown, path: readonly (string | number)[] = []): Generator<[typeof path, number]> {
  if (typeof value === 'number' && Number.isFinite(value)) {
    yield [path, value];
  } else if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) {
      yield* numbersIn(each, [...path, index]);
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, each] of Object.entries(value)) {
      yield* numbersIn(each, [...path, key]);
    }
  }
}

/** The steps of a path in the notation of JavaScript. */
export function stepsOf(path: string): (string | number)[] {
  const steps: (string | number)[] = [];
  const step =
    /(?<!^)\.([\p{ID_Start}$_][\p{ID_Continue}$]*)|^([\p{ID_Start}$_][\p{ID_Continue}$]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/uy;
  for (let match = step.exec(path); match !== null; match = step.exec(path)) {
    const [, member, first, index, quoted] = match;
    steps.push(index === undefined ? (member ?? first ?? JSON.parse(quoted!)) : Number(index));
    if (step.lastIndex === path.length) {
      return steps;
    }
  }
  if (path !== '') {
    throw new Error(`not a path: ${path}`);
  }
  return steps;
}

export function epoch(timeUs: number): string {
  return `${Math.floor(timeUs / 1e6)}.${String(timeUs % 1e6).padStart(6, '0')}`;
}

export function iso(timeUs: number): string {
  const second = new Date(Math.floor(timeUs / 1e6) * 1_000).toISOString().slice(0, 19);
  return `${second}.${String(timeUs % 1e6).padStart(6, '0')}Z`;
}

function jsonOf(value: Value): Uint8Array {
  return Buffer.from(jsonText(value));
}

function jsonText(value: Value): string {
  if (value instanceof Fields) {
    return `{${value.entries.map(([key, each]) => `${JSON.stringify(key)}: ${jsonText(each)}`).join(', ')}}`;
  }
  if (Array.isArray(value)) {
    return `[${value.map(jsonText).join(',')}]`;
  }
  // NaN becomes a number that is too large for a double.
  return typeof value === 'bigint' ? `"${value}"` : Number.isNaN(value) ? '1e999' : JSON.stringify(value);
}

function cborOf(value: Value): Uint8Array {
  if (value instanceof Fields) {
    return Buffer.concat([
      cborHead(5, value.entries.length),
      ...value.entries.flatMap(([key, each]) => [cborOf(key), cborOf(each)]),
    ]);
  }
  if (Array.isArray(value)) {
    return Buffer.concat([cborHead(4, value.length), ...value.map(cborOf)]);
  }
  if (typeof value === 'string') {
    return Buffer.concat([cborHead(3, Buffer.byteLength(value)), Buffer.from(value)]);
  }
  if (typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0))) {
    const integer = BigInt(value as number);
    return integer < 0n ? cborHead(1, -1n - integer) : cborHead(0, integer);
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9, 0xfb);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  return Uint8Array.of(value === null ? 0xf6 : value ? 0xf5 : 0xf4);
}

function cborHead(type: number, argument: number | bigint): Buffer {
  const bytes = Buffer.alloc(9, (type << 5) | 27);
  bytes.writeBigUInt64BE(BigInt(argument), 1);
  return argument < 24 ? Buffer.from([(type << 5) | Number(argument)]) : bytes;
}

function plain(value: Value): unknown {
  if (value instanceof Fields) {
    return Object.fromEntries(value.entries.map(([key, each]) => [key, plain(each)]));
  }
  return Array.isArray(value) ? value.map(plain) : typeof value === 'bigint' ? String(value) : value;
}

function structOf({ k, f, q, d }: { k: number; f: number; q: bigint; d: number }): Uint8Array {
  const bytes = Buffer.alloc(21);
  bytes.writeUInt8(k, 0);
  bytes.writeFloatLE(f, 1);
  bytes.writeBigUInt64LE(q, 5);
  bytes.writeDoubleLE(d, 13);
  return bytes;
}

/** A float has the shortest decimal that makes it. */
function plainStruct({ k, f, q, d }: { k: number; f: number; q: bigint; d: number }): unknown {
  const digits = Array.from({ length: 9 }, (_, index) => Number(f.toPrecision(index + 1)));
  const short = Number.isFinite(f) ? digits.find((each) => Math.fround(each) === f) : f;
  return { k, f: short, q: q === 5n ? 5 : String(q), d };
}
