import { type PacketKind, PacketKinds } from '../records/packet-kinds.js';
import type { PacketRecord } from '../records/record.js';
import { KIND_COLUMNS } from '../records/request-ids.js';
import type { Piece, StyledLine } from '../terminal/styled-line.js';
import { columnsOf, cut, padded } from '../text/columns.js';
import { count } from '../text/count.js';
import { escapeText, quotePacket } from '../text/escape.js';
import { toHex } from '../text/hex.js';
import type { RecordSink } from './sink.js';

/** With less room than this for the packet, columns of numbers are left out. */
const MIN_PACKET_COLUMNS = 32;

/**
 * The screen of `--changes`: one line for each kind of packet. Packets are of one kind if they have the same connection,
 * direction, reason of rejection and leading bytes. A request, a reply, an error reply and a plain packet are never of one
 * kind. It only collects the lines, which others draw or print.
 */
export class ScreenChanges implements RecordSink {
  readonly whenFull = 'hold';
  readonly #kinds: PacketKinds;

  /** @param leadingBytes - the number of leading bytes that identify a kind */
  constructor(leadingBytes: number) {
    this.#kinds = new PacketKinds(leadingBytes);
  }

  write(record: PacketRecord): void {
    this.#kinds.add(record);
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
    const kinds = this.#kinds.sorted();
    const names = kinds.map(({ name }) => escapeText(name));
    const nameColumns = Math.min(
      Math.max('name'.length, ...names.map(columnsOf)),
      Math.max(MIN_NAME_COLUMNS, Math.floor(columns / 3)),
    );
    const hasIds = kinds.some(({ request }) => request !== undefined);
    const widest = titleOf(NUMBERS, nameColumns, hasIds);
    const numbers = columns - columnsOf(widest) >= MIN_PACKET_COLUMNS ? NUMBERS : NUMBERS.filter((each) => each.isKept);
    const lines: StyledLine[] = [
      [[titleOf(numbers, nameColumns, hasIds), 'dim']],
      ...kinds.map((kind, index) =>
        kindLine(kind, padded(cut(names[index]!, nameColumns), nameColumns), numbers, hasIds),
      ),
    ];
    const { forgotten } = this.#kinds;
    return forgotten === 0 ? lines : [...lines, [[`${count(forgotten, 'older kind')} forgotten`, 'dim']]];
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
  text(kind: PacketKind): string;
}[] = [
  { title: 'count', columns: 6, isKept: true, text: ({ count }) => String(count) },
  { title: 'interval', columns: 9, isKept: true, text: ({ meanIntervalUs }) => interval(meanIntervalUs) },
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

function kindLine(kind: PacketKind, name: string, numbers: typeof NUMBERS, hasIds: boolean): StyledLine {
  const { dir, request = '', bytes, length, problem } = kind;
  const hex = Array.from(bytes, (byte, index): Piece[] => [
    [index === 0 ? '' : ' '],
    [toHex(Uint8Array.of(byte)), kind.isChanged(index) ? 'changed' : undefined],
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

function interval(us: number | undefined): string {
  if (us === undefined) {
    return '-';
  }
  return Math.abs(us) < 10_000_000 ? `${(us / 1_000).toFixed(1)} ms` : `${(us / 1_000_000).toFixed(1)} s`;
}
