import type { PacketRecord } from '../records/record.js';
import { errorReplyText, KIND_COLUMNS } from '../records/request-ids.js';
import type { Piece, StyledLine } from '../terminal/styled-line.js';
import { columnsOf, cut, padded } from '../text/columns.js';
import { count } from '../text/count.js';
import { escapeText, quotePacket } from '../text/escape.js';
import { toHex } from '../text/hex.js';
import type { RecordSink } from './sink.js';

/** Beyond this, the kind that was seen least recently is forgotten. */
const MAX_KINDS = 1_000;

/** The number of bytes of a packet in a line. */
const SHOWN_BYTES = 32;

/** With less room than this for the packet, columns of numbers are left out. */
const MIN_PACKET_COLUMNS = 32;

/** One kind of packet. */
interface Kind {
  name: string;
  dir: string;
  /** Whether it is a request, a reply and so on; empty for what has no id. */
  request: string;
  count: number;
  firstUs: number;
  lastUs: number;
  /** Since the packet before, which is 0 if both came in one burst. */
  intervalUs: number | undefined;
  bytes: Uint8Array;
  length: number;
  /** Which bytes differ from those of the packet before. */
  changed: boolean[];
  /** What is shown instead of text. */
  problem: string | undefined;
}

/**
 * The screen of `--changes`: one line for each kind of packet. Packets are of one kind if they have the same connection,
 * direction, reason of rejection and leading bytes. A request, a reply, an error reply and a plain packet are never of one
 * kind. It only collects the lines, which others draw or print.
 */
export class ScreenChanges implements RecordSink {
  readonly whenFull = 'hold';
  readonly #leadingBytes: number;
  readonly #kinds = new Map<string, Kind>();
  #forgottenKinds = 0;

  /** @param leadingBytes - the number of leading bytes that identify a kind */
  constructor(leadingBytes: number) {
    this.#leadingBytes = leadingBytes;
  }

  write(record: PacketRecord): void {
    const { timeUs, name, dir, length, bytes, error } = record;
    const request = record.request?.kind ?? '';
    const lead = toHex(bytes.subarray(0, this.#leadingBytes));
    const key = JSON.stringify([name, dir, request, error ?? '', lead]);
    const before = this.#kinds.get(key);
    const shown = bytes.subarray(0, SHOWN_BYTES);
    // Moves the kind to the end, so that the first is the one seen least recently.
    this.#kinds.delete(key);
    this.#kinds.set(key, {
      name,
      dir,
      request,
      count: (before?.count ?? 0) + 1,
      firstUs: before?.firstUs ?? timeUs,
      lastUs: timeUs,
      intervalUs: before && timeUs - before.lastUs,
      bytes: shown,
      length,
      changed: Array.from(shown, (byte, index) => before !== undefined && byte !== before.bytes[index]),
      problem: error === undefined ? errorReplyText(record) : `rejected: ${error}`,
    });
    if (this.#kinds.size > MAX_KINDS) {
      const [oldest] = this.#kinds.keys();
      this.#kinds.delete(oldest!);
      this.#forgottenKinds++;
    }
  }

  clear(): void {
    this.#kinds.clear();
  }

  /**
   * A title, the kinds sorted by connection, direction and leading bytes, and how many kinds were forgotten.
   *
   * @param columns - the width of the terminal. Default: there is room for all columns
   * @param rows - the most lines. The last one says how many more there are. Default: all
   */
  lines(columns = Number.POSITIVE_INFINITY, rows = Number.POSITIVE_INFINITY): StyledLine[] {
    const all = this.#allLines(columns);
    return all.length <= rows ? all : [...all.slice(0, rows - 1), [[`… ${all.length - rows + 1} more`, 'dim']]];
  }

  #allLines(columns: number): StyledLine[] {
    const kinds = [...this.#kinds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, kind]) => kind);
    const names = kinds.map(({ name }) => escapeText(name));
    const nameColumns = Math.min(
      Math.max('name'.length, ...names.map(columnsOf)),
      Math.max(MIN_NAME_COLUMNS, Math.floor(columns / 3)),
    );
    const hasIds = kinds.some(({ request }) => request !== '');
    const widest = titleOf(NUMBERS, nameColumns, hasIds);
    const numbers = columns - columnsOf(widest) >= MIN_PACKET_COLUMNS ? NUMBERS : NUMBERS.filter((each) => each.isKept);
    const lines: StyledLine[] = [
      [[titleOf(numbers, nameColumns, hasIds), 'dim']],
      ...kinds.map((kind, index) =>
        kindLine(kind, padded(cut(names[index]!, nameColumns), nameColumns), numbers, hasIds),
      ),
    ];
    return this.#forgottenKinds === 0
      ? lines
      : [...lines, [[`${count(this.#forgottenKinds, 'older kind')} forgotten`, 'dim']]];
  }
}

/** A name is not cut to less than this. */
const MIN_NAME_COLUMNS = 4;

/** The columns of numbers. */
const NUMBERS: readonly {
  title: string;
  columns: number;
  /** Whether it is shown on narrow terminals, too. */
  isKept: boolean;
  text(kind: Kind): string;
}[] = [
  { title: 'count', columns: 6, isKept: true, text: ({ count }) => String(count) },
  { title: 'interval', columns: 9, isKept: true, text: (kind) => interval(meanUs(kind)) },
  { title: 'last', columns: 9, isKept: false, text: ({ intervalUs }) => interval(intervalUs) },
  { title: 'length', columns: 6, isKept: false, text: ({ length }) => String(length) },
];

function titleOf(numbers: typeof NUMBERS, nameColumns: number, hasIds: boolean): string {
  const titles = numbers.map(({ title, columns }) => title.padStart(columns));
  return [
    'name'.padEnd(nameColumns),
    'dir',
    ...(hasIds ? ['kind'.padEnd(KIND_COLUMNS)] : []),
    ...titles,
    'packet',
  ].join('  ');
}

function kindLine(kind: Kind, name: string, numbers: typeof NUMBERS, hasIds: boolean): StyledLine {
  const { dir, request, bytes, length, changed, problem } = kind;
  const hex = Array.from(bytes, (byte, index): Piece[] => [
    [index === 0 ? '' : ' '],
    [toHex(Uint8Array.of(byte)), changed[index] ? 'changed' : undefined],
  ]);
  return [
    [name, 'cyan'],
    ['  '],
    [dir, dir === 'rx' ? 'green' : 'yellow'],
    [hasIds ? `   ${request.padEnd(KIND_COLUMNS)}` : ' '],
    [`${numbers.map(({ columns, text }) => `  ${text(kind).padStart(columns)}`).join('')}  `],
    ...hex.flat(),
    [bytes.length < length ? ' …  ' : '  '],
    problem === undefined ? [quotePacket(bytes)] : [problem, 'red'],
  ];
}

/** The mean time between the packets of a kind. */
function meanUs({ count, firstUs, lastUs }: Kind): number | undefined {
  return count < 2 ? undefined : (lastUs - firstUs) / (count - 1);
}

function interval(us: number | undefined): string {
  if (us === undefined) {
    return '-';
  }
  return Math.abs(us) < 10_000_000 ? `${(us / 1_000).toFixed(1)} ms` : `${(us / 1_000_000).toFixed(1)} s`;
}
