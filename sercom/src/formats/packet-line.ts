import type { RecordDecoder } from '../decoders/record-decoder.js';
import type { PacketRecord } from '../records/record.js';
import type { Color, Colorize } from '../terminal/color.js';
import { columnsOf, wrap } from '../text/columns.js';
import { escapeText, quotePacket } from '../text/escape.js';
import { toSpacedHex } from '../text/hex.js';
import { decodeRecord } from './decoded.js';
import { hexdump } from './hexdump.js';
import type { LineFormat } from './line-format.js';
import { localTime, type TimeFormat } from './times.js';

/** The number of bytes that the hex column has room for. Longer packets push the text to the right. */
const HEX_COLUMN_BYTES = 8;

/** If a terminal has fewer columns than this beside the first ones, lines are not wrapped. */
const MIN_WRAPPED_COLUMNS = 3 * HEX_COLUMN_BYTES - 1;

export interface PacketLineOptions {
  /** Default: time of day. */
  time?: TimeFormat;
  /** Prints a dump of each packet below its line. */
  dump?: boolean;
  decoder?: RecordDecoder | undefined;
  /** Gives the current number of columns; longer lines are wrapped. Default: lines are not wrapped. */
  columns?: (() => number | undefined) | undefined;
}

/** Text with its color. */
type Piece = readonly [text: string, color?: Color];

/**
 * Formats records for people: time, connection, direction, length, hex, text or reason of the rejection, and the decoded
 * packet if there is a decoder.
 *
 * @param names - the names of all connections, so that columns line up
 */
export function packetLine(names: readonly string[], colorize: Colorize, options: PacketLineOptions = {}): LineFormat {
  const { time = localTime, dump = false, decoder, columns } = options;
  const labels = new Map(names.map((name) => [name, escapeText(name)]));
  const nameColumns = Math.max(0, ...[...labels.values()].map(columnsOf));
  const colored = ([text, color]: Piece) => (color === undefined ? text : colorize(color, text));
  return (record) => {
    const label = labels.get(record.name) ?? escapeText(record.name);
    const head: Piece[] = [
      [time(record.timeUs), 'dim'],
      [label + ' '.repeat(Math.max(0, nameColumns - columnsOf(label))), 'cyan'],
      [record.dir, record.dir === 'rx' ? 'green' : 'yellow'],
      [String(record.length).padStart(5)],
    ];
    const decoded = decodedPiece(record, decoder);
    if (dump) {
      const line = [...head, ...rejectionOf(record), ...decoded].map(colored).join('  ');
      return `${line}\n${hexdump(record.bytes)}`;
    }
    const hex = spacedHex(record);
    const meaning: Piece = record.error === undefined ? [quotePacket(record.bytes)] : rejectionOf(record)[0]!;
    const pieces: Piece[] = [...head, [hex.padEnd(3 * HEX_COLUMN_BYTES - 1)], meaning, ...decoded];
    const room = columns?.();
    if (room !== undefined && columnsOf(pieces.map(([text]) => text).join('  ')) > room) {
      const indent = columnsOf(head.map(([text]) => text).join('  ')) + 2;
      const blocks: Piece[] = [[hex], meaning, ...decoded];
      if (room - indent >= MIN_WRAPPED_COLUMNS) {
        const rows = blocks.flatMap((piece, index) => rowsOf(piece, index === 0, room - indent));
        return `${head.map(colored).join('  ')}  ${rows.map(colored).join(`\n${' '.repeat(indent)}`)}`;
      }
    }
    return pieces.map(colored).join('  ');
  };
}

/** Cuts a piece into rows. Rows of hex have a multiple of eight bytes. */
function rowsOf([text, color]: Piece, isHex: boolean, room: number): Piece[] {
  const columns = isHex ? 3 * HEX_COLUMN_BYTES * Math.floor((room + 1) / (3 * HEX_COLUMN_BYTES)) : room;
  return wrap(text, columns).map((row): Piece => {
    const shown = isHex ? row.trimEnd() : row;
    return color === undefined ? [shown] : [shown, color];
  });
}

function rejectionOf({ error }: PacketRecord): Piece[] {
  return error === undefined ? [] : [[`rejected: ${error}`, 'red']];
}

function decodedPiece(record: PacketRecord, decoder: RecordDecoder | undefined): Piece[] {
  const decoded = decoder && decodeRecord(record, decoder);
  if (decoded === undefined) {
    return [];
  }
  return ['problem' in decoded ? [escapeText(decoded.problem), 'yellow'] : [`= ${escapeText(decoded.value.text)}`]];
}

function spacedHex({ bytes, length }: PacketRecord): string {
  const hex = toSpacedHex(bytes);
  return bytes.length < length ? `${hex} …` : hex;
}
