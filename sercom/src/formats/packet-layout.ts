import { flow, type StyledLine, spacedColumns } from '../terminal/styled-line.js';
import { columnsOf, wrap } from '../text/columns.js';

/** What separates the pieces of a row. */
export const GAP = '  ';

/** Rows of hex have a multiple of this many bytes, if there is room. */
export const HEX_GROUP_BYTES = 8;

/** If a terminal has fewer columns than this beside the head of a line, the packet is shown below it. */
const MIN_PACKET_COLUMNS = 3 * HEX_GROUP_BYTES - 1;

/** The fewest bytes of a packet that are shown, however small the terminal is. */
export const MIN_SHOWN_BYTES = 16;

/** The columns of an escaped byte. */
export const ESCAPED_COLUMNS = 4;

/** Where the packet of a line goes: beside its head, or below it. */
export interface PacketArea {
  isBeside: boolean;
  indent: number;
  columns: number;
}

/** The area for a packet, if it does not fit into one row with the head of its line. */
export function packetArea(head: StyledLine, columns: number): PacketArea {
  const indent = spacedColumns(head, GAP) + GAP.length;
  const isBeside = columns - indent >= MIN_PACKET_COLUMNS;
  return isBeside
    ? { isBeside, indent, columns: columns - indent }
    : { isBeside, indent: GAP.length, columns: columns - GAP.length };
}

/** The number of bytes in a row of hex. */
function hexRowBytes(columns: number): number {
  const most = Math.max(1, Math.floor((columns + 1) / 3));
  const group = most >= HEX_GROUP_BYTES ? HEX_GROUP_BYTES : most >= 4 ? 4 : 1;
  return most - (most % group);
}

/** About how many bytes of a packet fill a terminal, as hex and text. */
export function screenBytes({ columns }: PacketArea, rows: number): number {
  const rowBytes = hexRowBytes(columns);
  const bytes = (rows - 2) / (1 / rowBytes + ESCAPED_COLUMNS / columns);
  return Math.max(MIN_SHOWN_BYTES, bytes - (bytes % rowBytes));
}

/** The rows of a packet: hex in whole bytes, followed by `more` if there is any, then the other pieces. */
export function packetRows(hex: string, more: StyledLine, others: StyledLine, columns: number): StyledLine[] {
  if (columnsOf(hex) <= columns) {
    return flow([...(hex === '' ? [] : [[hex] as const]), ...more, ...others], columns, GAP);
  }
  const rows = wrap(hex, 3 * hexRowBytes(columns)).map((row): StyledLine => [[row.trimEnd()]]);
  return [...rows.slice(0, -1), ...flow([...rows.at(-1)!, ...more], columns, GAP), ...flow(others, columns, GAP)];
}
