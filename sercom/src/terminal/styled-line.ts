import { columnsOf, startOf, wrap } from '../text/columns.js';
import type { Color, Colorize } from './color.js';

/** Text with its color. */
export type Piece = readonly [text: string, color?: Color | undefined];

/** A line of text, some of it in colors. */
export type StyledLine = readonly Piece[];

/** The line with escape sequences for its colors. */
export function paint(line: StyledLine, colorize: Colorize): string {
  return line.map(([text, color]) => (color === undefined ? text : colorize(color, text))).join('');
}

/** The line if it fits into this many columns; otherwise its beginning and `…`. */
export function cutLine(line: StyledLine, columns: number): StyledLine {
  if (columnsOf(line.map(([text]) => text).join('')) <= columns) {
    return line;
  }
  const shown: Piece[] = [];
  // One column is for the "…".
  let room = columns - 1;
  for (const [text, color] of line) {
    const needed = columnsOf(text);
    if (needed > room) {
      return [...shown, [startOf(text, room), color], ['…']];
    }
    shown.push([text, color]);
    room -= needed;
  }
  return [...shown, ['…']];
}

/** Puts pieces into rows of at most this many columns, with a gap between them. A piece that is wider gets rows of its own. */
export function flow(pieces: StyledLine, columns: number, gap: string): StyledLine[] {
  const rows: Piece[][] = [];
  let room = 0;
  for (const [text, color] of pieces) {
    const needed = gap.length + columnsOf(text);
    if (needed <= room) {
      rows.at(-1)!.push([text, color]);
      room -= needed;
    } else {
      rows.push(...wrap(text, columns).map((row): Piece[] => [[row, color]]));
      room = columns - columnsOf(text);
    }
  }
  return rows;
}

/** One line of pieces, with a gap between them. */
export function spaced(pieces: StyledLine, gap: string): StyledLine {
  return pieces.flatMap((piece, index) => (index === 0 ? [piece] : [[gap] as const, piece]));
}

/** The number of columns of pieces with a gap between them. */
export function spacedColumns(pieces: StyledLine, gap: string): number {
  return pieces.reduce((sum, [text]) => sum + columnsOf(text), gap.length * Math.max(0, pieces.length - 1));
}
