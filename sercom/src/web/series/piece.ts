import type { Memory } from '../store/memory.js';
import { Entries } from './entries.js';

/** The fields of a point. */
export const TIME = 0;
export const VALUE = 1;
export const ROW = 2;
export const POINT_FIELDS = 3;

/** The bounds of a piece of several points. */
const START_US = 0;
const END_US = 1;
const MIN = 2;
const MAX = 3;
const BOUNDS = 4;

/** What else is known of it: the mean of its values, and the indices of the points that have its bounds. */
const MEAN = 0;
const EARLIEST = 1;
const LATEST = 2;
const LOWEST = 3;
const HIGHEST = 4;
const DETAILS = 5;

/** A piece of level n has 16ⁿ points. */
const FACTOR_SHIFT = 4;

/** How many points a piece of a level has. */
export function sizeOf(level: number): number {
  return 1 << (FACTOR_SHIFT * level);
}

/** How many pieces of a level make one of the next. */
const FACTOR = sizeOf(1);

/** Pieces of several points, all of the same size. */
export class Level {
  /** Apart from the details, because a plot looks at the bounds of many pieces, and memory is slow. */
  readonly bounds: Entries;
  readonly details: Entries;

  constructor(memory: Memory) {
    this.bounds = new Entries(BOUNDS, memory);
    this.details = new Entries(DETAILS, memory);
  }

  get end(): number {
    return this.bounds.end;
  }

  dropBefore(position: number): void {
    this.bounds.dropBefore(position);
    this.details.dropBefore(position);
  }

  restartAt(position: number): void {
    this.bounds.restartAt(position);
    this.details.restartAt(position);
  }

  /**
   * Adds a piece.
   *
   * @param part - a piece of the level below. It is moved
   * @param first - the position of the first of its parts
   */
  add(part: Piece, partLevel: number, first: number): void {
    part.moveTo(partLevel, first);
    let { startUs, endUs, min, max, earliest, latest, lowest, highest } = part;
    let mean = 0;
    for (let position = first; position < first + FACTOR; position++) {
      part.moveTo(partLevel, position);
      if (part.startUs < startUs) {
        ({ startUs, earliest } = part);
      }
      if (part.endUs >= endUs) {
        ({ endUs, latest } = part);
      }
      if (part.min < min) {
        ({ min, lowest } = part);
      }
      if (part.max > max) {
        ({ max, highest } = part);
      }
      // A mean of means, because a sum may be larger than a double can be.
      mean += part.mean / FACTOR;
    }
    const position = this.bounds.add();
    this.bounds.set(position, START_US, startUs);
    this.bounds.set(position, END_US, endUs);
    this.bounds.set(position, MIN, min);
    this.bounds.set(position, MAX, max);
    this.details.add();
    this.details.set(position, MEAN, mean);
    this.details.set(position, EARLIEST, earliest);
    this.details.set(position, LATEST, latest);
    this.details.set(position, LOWEST, lowest);
    this.details.set(position, HIGHEST, highest);
  }
}

/**
 * A piece of a series: points that were added one after the other, or a single point, on level 0. The object is moved from
 * piece to piece, because making one for each would take too long.
 */
export class Piece {
  readonly #points: Entries;
  readonly #levels: readonly Level[];
  #isPoint = true;
  #position = 0;
  #count = 1;
  /** Where the point or the bounds are, so that they are found once for all fields. */
  #chunk: Float64Array = new Float64Array(0);
  #offset = 0;
  #details: Entries;

  /** @param levels - the pieces of 16, 256, … points */
  constructor(points: Entries, levels: readonly Level[]) {
    this.#points = points;
    this.#levels = levels;
    this.#details = points;
  }

  /** @param position - how many pieces of its size come before it, counted from index 0 */
  moveTo(level: number, position: number): void {
    this.#isPoint = level === 0;
    this.#position = position;
    this.#count = sizeOf(level);
    let entries = this.#points;
    if (level > 0) {
      const { bounds, details } = this.#levels[level - 1]!;
      entries = bounds;
      this.#details = details;
    }
    this.#chunk = entries.chunkOf(position);
    this.#offset = entries.offsetOf(position);
  }

  /** How many points it has. */
  get count(): number {
    return this.#count;
  }

  /** The earliest of its times. */
  get startUs(): number {
    return this.#chunk[this.#offset + (this.#isPoint ? TIME : START_US)]!;
  }

  /** The latest of its times. */
  get endUs(): number {
    return this.#chunk[this.#offset + (this.#isPoint ? TIME : END_US)]!;
  }

  get min(): number {
    return this.#chunk[this.#offset + (this.#isPoint ? VALUE : MIN)]!;
  }

  get max(): number {
    return this.#chunk[this.#offset + (this.#isPoint ? VALUE : MAX)]!;
  }

  get mean(): number {
    return this.#isPoint ? this.max : this.#details.get(this.#position, MEAN);
  }

  /** The index of the point at {@link startUs}: the first if there are several. */
  get earliest(): number {
    return this.#indexIn(EARLIEST);
  }

  /** The index of the point at {@link endUs}: the last if there are several. */
  get latest(): number {
    return this.#indexIn(LATEST);
  }

  /** The index of the first point with the value {@link min}. */
  get lowest(): number {
    return this.#indexIn(LOWEST);
  }

  /** The index of the first point with the value {@link max}. */
  get highest(): number {
    return this.#indexIn(HIGHEST);
  }

  #indexIn(field: number): number {
    return this.#isPoint ? this.#position : this.#details.get(this.#position, field);
  }
}
