import type { Memory } from '../store/memory.js';
import { Entries } from './entries.js';
import { Level, Piece, POINT_FIELDS, ROW, sizeOf, TIME, VALUE } from './piece.js';

/** The largest pieces have 16⁷ points, which is as far as the bit operations reach. */
const MAX_LEVELS = 7;

/**
 * Looks at a piece, which is valid until it returns.
 *
 * @returns whether the piece is dealt with. If not, its parts are looked at. A single point has none
 */
export type PieceVisitor = (piece: Piece) => boolean;

/**
 * The points of one number: time, value and row. Above them is a pyramid: levels of pieces, each of which sums up 16 pieces of
 * the level below. So what is asked about many points needs few visits. Pieces are made of points that were added one after
 * the other, whatever their times. Where times go backwards, pieces span more time, and more visits are needed; the answers
 * are exact all the same.
 */
export class Series {
  readonly #memory: Memory;
  readonly #points: Entries;
  /** The pieces of 16, 256, … points. Only complete pieces are in it. */
  readonly #levels: Level[] = [];
  readonly #piece: Piece;

  /**
   * @param memory - where to account for what is allocated
   * @param firstIndex - of the first point
   */
  constructor(memory: Memory, firstIndex = 0) {
    this.#memory = memory;
    this.#points = new Entries(POINT_FIELDS, memory);
    this.#points.restartAt(firstIndex);
    this.#piece = new Piece(this.#points, this.#levels);
  }

  /** The index of the oldest point. It is {@link end} if there is none. Indices stay when older points are dropped. */
  get first(): number {
    return this.#points.first;
  }

  /** The index of the next point. */
  get end(): number {
    return this.#points.end;
  }

  timeUs(index: number): number {
    return this.#points.get(index, TIME);
  }

  value(index: number): number {
    return this.#points.get(index, VALUE);
  }

  row(index: number): number {
    return this.#points.get(index, ROW);
  }

  /** @param row - not less than that of the point before */
  add(timeUs: number, value: number, row: number): void {
    const index = this.#points.add();
    this.#points.set(index, TIME, timeUs);
    this.#points.set(index, VALUE, value);
    this.#points.set(index, ROW, row);
    const end = index + 1;
    for (let level = 1; level <= MAX_LEVELS && (end & (sizeOf(level) - 1)) === 0; level++) {
      this.#addPiece(level, end / sizeOf(level) - 1);
    }
  }

  /** Drops the points before an index, and the pieces that contain one of them. */
  dropBefore(index: number): void {
    this.#points.dropBefore(index);
    if (this.first === this.end) {
      for (const level of this.#levels) {
        level.restartAt(0);
      }
      this.#levels.length = 0;
    }
    for (const [above, level] of this.#levels.entries()) {
      level.dropBefore(Math.ceil(this.first / sizeOf(above + 1)));
    }
  }

  /** Looks at all points: at the largest pieces first, and at their parts where the visitor wants to see them. */
  visit(visitor: PieceVisitor): void {
    const piece = this.#piece;
    for (let index = this.first; index < this.end; ) {
      let level = this.#largestLevelAt(index);
      piece.moveTo(level, index / sizeOf(level));
      while (!visitor(piece) && level > 0) {
        level--;
        piece.moveTo(level, index / sizeOf(level));
      }
      index += sizeOf(level);
    }
  }

  /** The index of the first point at or after an index whose time is in a range with both its ends. {@link end} if none is. */
  nextIn(fromUs: number, toUs: number, after: number): number {
    const piece = this.#piece;
    let index = Math.max(after, this.first);
    while (index < this.end) {
      let level = this.#largestLevelAt(index);
      piece.moveTo(level, index / sizeOf(level));
      while (piece.endUs >= fromUs && piece.startUs <= toUs) {
        if (level === 0) {
          return index;
        }
        level--;
        piece.moveTo(level, index / sizeOf(level));
      }
      index += sizeOf(level);
    }
    return this.end;
  }

  /** The index of the first point whose row is at or after a row. {@link end} if there is none. */
  indexOfRow(row: number): number {
    let low = this.first;
    let high = this.end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.row(middle) < row) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** The level of the largest piece that begins with a point. */
  #largestLevelAt(index: number): number {
    let level = 0;
    while (level < this.#levels.length) {
      const size = sizeOf(level + 1);
      if ((index & (size - 1)) !== 0 || index >= this.#levels[level]!.end * size) {
        break;
      }
      level++;
    }
    return level;
  }

  #addPiece(level: number, position: number): void {
    if (position * sizeOf(level) < this.first) {
      return;
    }
    let pieces = this.#levels[level - 1];
    if (pieces === undefined) {
      pieces = new Level(this.#memory);
      this.#levels.push(pieces);
    }
    if (pieces.end !== position) {
      // The pieces before it lack points that were dropped.
      pieces.restartAt(position);
    }
    pieces.add(this.#piece, level - 1, position * sizeOf(1));
  }
}
