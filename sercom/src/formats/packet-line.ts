import type { RecordDecoder } from '../decoders/record-decoder.js';
import type { PacketRecord } from '../records/record.js';
import { errorReplyText, KIND_COLUMNS, type RequestIdBytes } from '../records/request-ids.js';
import type { Colorize } from '../terminal/color.js';
import type { TerminalSize } from '../terminal/output.js';
import { flow, type Piece, type StyledLine, spacedColumns } from '../terminal/styled-line.js';
import { columnsOf, cut, padded } from '../text/columns.js';
import { escapeText, quotePacket } from '../text/escape.js';
import { toSpacedHex } from '../text/hex.js';
import { decodeRecord } from './decoded.js';
import { hexdump, hexdumpRowBytes, moreBytes } from './hexdump.js';
import type { LineFormat } from './line-format.js';
import {
  ESCAPED_COLUMNS,
  GAP,
  HEX_GROUP_BYTES,
  MIN_SHOWN_BYTES,
  packetArea,
  packetRows,
  screenBytes,
} from './packet-layout.js';
import { localTime, type TimeFormat } from './times.js';

/** The columns of the line for people. */
export const PACKET_COLUMNS = ['time', 'name', 'dir', 'id', 'length', 'hex', 'text', 'decoded'] as const;

export type PacketColumn = (typeof PACKET_COLUMNS)[number];

/** The width of the hex column. Longer packets push the text to the right. */
const HEX_COLUMNS = 3 * HEX_GROUP_BYTES - 1;

/** Names that are not known from the beginning are aligned up to this many columns and names. */
const MAX_LEARNED_COLUMNS = 32;
const MAX_LEARNED_NAMES = 1_000;

/** A decoded packet gets at least this many columns, so that a reason fits that it cannot be decoded. */
const MIN_DECODED_COLUMNS = 240;

/** Matches text that shows bytes as escapes. */
const BINARY = /\\[xu]/;

export interface PacketLineOptions {
  /** Default: time of day. */
  time?: TimeFormat;
  /** Prints a dump of each packet below its line. */
  dump?: boolean;
  decoder?: RecordDecoder | undefined;
  /** Gives the current size of the terminal; longer lines are wrapped. Default: lines are not wrapped. */
  size?: (() => TerminalSize | undefined) | undefined;
  /** Default: all. */
  columns?: readonly PacketColumn[] | undefined;
  /** Packets have ids, which get a column of their own. Default: they have none. */
  requestIdBytes?: RequestIdBytes | undefined;
  /** The most bytes of a packet to show. Default: on a terminal about as many as fill it, otherwise all. */
  maxBytes?: number | undefined;
}

/**
 * Formats records for people: time, connection, direction, kind and id if packets have ids, length, hex, text or reason of
 * the rejection, and the decoded packet if there is a decoder.
 *
 * @param names - the names of the connections that are known, so that columns line up
 */
export function packetLine(names: readonly string[], colorize: Colorize, options: PacketLineOptions = {}): LineFormat {
  const { time = localTime, dump: isDump = false, decoder, size, columns = PACKET_COLUMNS, maxBytes } = options;
  const { requestIdBytes } = options;
  const [showsTime, showsName, showsDir, showsId, showsLength, showsHex, showsText, showsDecoded] = PACKET_COLUMNS.map(
    (column) => columns.includes(column),
  );
  const labelOf = labels(names);
  const colored = ([text, color]: Piece) => (color === undefined ? text : colorize(color, text));
  const joined = (row: StyledLine) => row.map(colored).join(GAP);

  return (record) => {
    const head: Piece[] = [];
    if (showsTime) head.push([time(record.timeUs), 'dim']);
    if (showsName) head.push([labelOf(record.name), 'cyan']);
    if (showsDir) head.push([record.dir, record.dir === 'rx' ? 'green' : 'yellow']);
    if (showsId && requestIdBytes !== undefined) head.push(idPiece(record, requestIdBytes));
    if (showsLength) head.push([String(record.length).padStart(5)]);
    const terminal = size?.();
    const isLong = record.bytes.length > MIN_SHOWN_BYTES;
    const most = maxBytes ?? (terminal !== undefined && isLong ? shownBytes(head, terminal, isDump) : undefined);
    const bytes = most === undefined ? record.bytes : record.bytes.subarray(0, most);
    const problem = record.error === undefined ? errorReplyText(record) : `rejected: ${record.error}`;
    const rejection: Piece[] = problem === undefined ? [] : [[problem, 'red']];
    const decoded = showsDecoded ? decodedPiece(record, decoder, most) : [];
    if (isDump) {
      const title = [...head, ...rejection, ...decoded];
      const rows = terminal === undefined ? [title] : flow(title, terminal.columns, GAP);
      return `${rows.map(joined).join('\n')}\n${hexdump(bytes, terminal?.columns, record.length)}`;
    }
    const hiddenBytes = record.length - bytes.length;
    const more = hiddenBytes > 0 && (showsHex || showsText) ? moreBytes(hiddenBytes) : '';
    const hex = showsHex ? toSpacedHex(bytes) : '';
    const text: Piece[] = problem === undefined && showsText ? [[quotePacket(bytes)]] : rejection;
    const meaning = decoded.length === 0 ? text : [...text, ...decoded];
    const row = (shown: StyledLine): StyledLine => {
      if (!showsHex) {
        return more === '' ? head.concat(shown) : head.concat(shown, [[more]]);
      }
      const column = more === '' ? hex : `${hex} ${more}`.trimStart();
      return head.concat([[shown.length > 0 ? column.padEnd(HEX_COLUMNS) : column]], shown);
    };
    const whole = row(meaning);
    if (terminal === undefined || spacedColumns(whole, GAP) <= terminal.columns) {
      return meaning.length > 0 ? joined(whole) : joined(whole).trimEnd();
    }
    // The text of a binary packet says nothing that its hex does not.
    const isBinary = showsHex && problem === undefined && BINARY.test(text[0]?.[0] ?? '');
    const short = row(decoded);
    if (isBinary && decoded.length > 0 && spacedColumns(short, GAP) <= terminal.columns) {
      return joined(short);
    }
    const area = packetArea(head, terminal.columns);
    const rest: Piece[] = more === '' ? [] : [[more]];
    const rows = showsHex
      ? packetRows(hex, rest, meaning, area.columns)
      : flow([...text, ...rest, ...decoded], area.columns, GAP);
    const margin = ' '.repeat(area.indent);
    const block = rows.map((each) => margin + joined(each)).join('\n');
    return area.isBeside
      ? `${joined(head)}${GAP}${block.slice(area.indent)}`
      : [...flow(head, terminal.columns, GAP).map(joined), block].join('\n');
  };
}

/** The kind and the id of a packet, in columns as wide as for any other. Blank for what has no id. */
function idPiece({ request }: PacketRecord, idBytes: RequestIdBytes): Piece {
  const idColumns = idBytes === 1 ? 3 : 5;
  return request === undefined
    ? [' '.repeat(KIND_COLUMNS + 1 + idColumns)]
    : [`${request.kind.padEnd(KIND_COLUMNS)} ${String(request.id).padStart(idColumns)}`, 'cyan'];
}

/** Gives names with spaces after them, so that they line up with the names that are known. */
function labels(names: readonly string[]): (name: string) => string {
  const known = new Map<string, string>();
  let columns = 0;
  const learn = (name: string, mostColumns = Number.POSITIVE_INFINITY) => {
    const label = escapeText(name);
    columns = Math.max(columns, Math.min(columnsOf(label), mostColumns));
    known.set(name, label);
    return label;
  };
  for (const name of names) {
    learn(name);
  }
  return (name) => {
    const label =
      known.get(name) ?? (known.size < MAX_LEARNED_NAMES ? learn(name, MAX_LEARNED_COLUMNS) : escapeText(name));
    return padded(label, columns);
  };
}

/** About how many bytes of a packet fill a terminal. */
function shownBytes(head: StyledLine, { columns, rows }: TerminalSize, isDump: boolean): number {
  return isDump ? Math.max(1, rows - 3) * hexdumpRowBytes(columns) : screenBytes(packetArea(head, columns), rows);
}

/** @param mostBytes - what the packet is cut to. The decoded packet gets as much room as their text. */
function decodedPiece(
  record: PacketRecord,
  decoder: RecordDecoder | undefined,
  mostBytes: number | undefined,
): Piece[] {
  const decoded = decoder && decodeRecord(record, decoder);
  if (decoded === undefined) {
    return [];
  }
  const [text, color]: Piece =
    'problem' in decoded ? [escapeText(decoded.problem), 'yellow'] : [`= ${escapeText(decoded.value.text)}`];
  return [
    [mostBytes === undefined ? text : cut(text, Math.max(MIN_DECODED_COLUMNS, ESCAPED_COLUMNS * mostBytes)), color],
  ];
}
