import type { Decoder } from '../decoders/index.js';
import type { LineFormat, PacketRecord } from '../records/packet-record.js';
import type { Paint } from '../terminal/color.js';
import { escapeText, quotePacket } from '../text/escape.js';
import { toHex } from '../text/hex.js';
import { decodeRecord } from './decoded.js';
import { hexdump } from './hexdump.js';
import { localTime, type TimeFormat } from './times.js';
import { columnsOf, wrap } from './wrap.js';

/** How many bytes the hex column has room for; longer packets push the text to the right. */
const HEX_COLUMN_BYTES = 8;

/** A terminal that leaves less room than that beside the first columns gets long lines. */
const MIN_WRAPPED_COLUMNS = 3 * HEX_COLUMN_BYTES - 1;

/** What {@link packetLine} may do besides. */
export interface PacketLineOptions {
  /** Default: time of day. */
  time?: TimeFormat;
  /** Shows each packet as a dump below its line. */
  dump?: boolean;
  decoder?: Decoder | undefined;
  /** How many columns there are now; longer lines are wrapped. */
  columns?: (() => number | undefined) | undefined;
}

type Colour = Parameters<Paint>[0];

/** A piece of text, with its colour. */
type Piece = readonly [text: string, colour?: Colour];

/**
 * The lines that people read: time, connection, direction, length, hex, text or the reason of the rejection, and what
 * the packet means if there is a decoder.
 *
 * @param names - all connections there are, so that the columns line up
 */
export function packetLine(names: readonly string[], paint: Paint, options: PacketLineOptions = {}): LineFormat {
  const { time = localTime, dump = false, decoder, columns } = options;
  const labels = new Map(names.map((name) => [name, escapeText(name)]));
  const nameColumns = Math.max(0, ...[...labels.values()].map(columnsOf));
  const painted = ([text, colour]: Piece) => (colour === undefined ? text : paint(colour, text));
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
      const line = [...head, ...rejectionOf(record), ...decoded].map(painted).join('  ');
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
        return `${head.map(painted).join('  ')}  ${rows.map(painted).join(`\n${' '.repeat(indent)}`)}`;
      }
    }
    return pieces.map(painted).join('  ');
  };
}

/** A piece in rows; those of hex have a multiple of eight bytes. */
function rowsOf([text, colour]: Piece, isHex: boolean, room: number): Piece[] {
  const columns = isHex ? 3 * HEX_COLUMN_BYTES * Math.floor((room + 1) / (3 * HEX_COLUMN_BYTES)) : room;
  return wrap(text, columns).map((row): Piece => {
    const shown = isHex ? row.trimEnd() : row;
    return colour === undefined ? [shown] : [shown, colour];
  });
}

function rejectionOf({ error }: PacketRecord): Piece[] {
  return error === undefined ? [] : [[`rejected: ${error}`, 'red']];
}

function decodedPiece(record: PacketRecord, decoder: Decoder | undefined): Piece[] {
  const decoded = decoder && decodeRecord(record, decoder);
  if (decoded === undefined) {
    return [];
  }
  return ['problem' in decoded ? [escapeText(decoded.problem), 'yellow'] : [`= ${escapeText(decoded.value.text)}`]];
}

function spacedHex({ bytes, length }: PacketRecord): string {
  const hex = toHex(bytes).replace(/..(?!$)/g, '$& ');
  return bytes.length < length ? `${hex} …` : hex;
}
