import type { Piece } from './piece.js';
import type { Series } from './series.js';
import type { TimeRange } from './time-range.js';

const NONE = -1;

/**
 * What a plot shows of a series: its range of time in columns of pixels, and of each column the first, the lowest, the
 * highest and the last point. A line through them looks like one through all points (this is known as M4).
 */
export class Columns {
  /** How many points are in the range. */
  count = 0;
  /** How many pieces of the series were looked at. */
  visits = 0;
  readonly #series: Series;
  readonly #fromUs: number;
  readonly #toUs: number;
  readonly #perUs: number;
  readonly #columns: number;
  /** By column: times and values, and the indices of the points that have them. */
  readonly #startUs: Float64Array;
  readonly #endUs: Float64Array;
  readonly #lows: Float64Array;
  readonly #highs: Float64Array;
  readonly #earliest: Float64Array;
  readonly #latest: Float64Array;
  readonly #lowest: Float64Array;
  readonly #highest: Float64Array;
  #beforeUs = Number.NEGATIVE_INFINITY;
  #before = NONE;
  #afterUs = Number.POSITIVE_INFINITY;
  #after = NONE;

  constructor(series: Series, { fromUs, toUs }: TimeRange, columns: number) {
    this.#series = series;
    this.#fromUs = fromUs;
    this.#toUs = toUs;
    this.#columns = columns;
    this.#perUs = toUs > fromUs ? columns / (toUs - fromUs) : 0;
    this.#startUs = new Float64Array(columns).fill(Number.POSITIVE_INFINITY);
    this.#endUs = new Float64Array(columns).fill(Number.NEGATIVE_INFINITY);
    this.#lows = new Float64Array(columns).fill(Number.POSITIVE_INFINITY);
    this.#highs = new Float64Array(columns).fill(Number.NEGATIVE_INFINITY);
    this.#earliest = new Float64Array(columns).fill(NONE);
    this.#latest = new Float64Array(columns).fill(NONE);
    this.#lowest = new Float64Array(columns).fill(NONE);
    this.#highest = new Float64Array(columns).fill(NONE);
    series.visit((piece) => this.#visit(piece));
  }

  /**
   * The indices of the points to show, in the order of time. All points in the range if they are few. The last point before
   * the range and the first after it are among them, if they exist.
   */
  points(): number[] {
    const isFew = this.count <= 4 * this.#columns;
    const points = isFew ? this.#allInRange() : this.#ofColumns();
    if (this.#before !== NONE) {
      points.unshift(this.#before);
    }
    if (this.#after !== NONE) {
      points.push(this.#after);
    }
    return points;
  }

  #visit(piece: Piece): boolean {
    this.visits++;
    const { startUs, endUs } = piece;
    if (endUs < this.#fromUs) {
      if (endUs >= this.#beforeUs) {
        this.#beforeUs = endUs;
        this.#before = piece.latest;
      }
      return true;
    }
    if (startUs > this.#toUs) {
      if (startUs < this.#afterUs) {
        this.#afterUs = startUs;
        this.#after = piece.earliest;
      }
      return true;
    }
    if (startUs < this.#fromUs || endUs > this.#toUs) {
      return false;
    }
    const column = this.#columnAt(startUs);
    if (column !== this.#columnAt(endUs)) {
      return false;
    }
    this.#addToColumn(column, piece);
    this.count += piece.count;
    return true;
  }

  #columnAt(timeUs: number): number {
    return Math.min(this.#columns - 1, Math.floor((timeUs - this.#fromUs) * this.#perUs));
  }

  /** Pieces come in the order in which they were added, so that what is there already was added before. */
  #addToColumn(column: number, piece: Piece): void {
    if (piece.startUs < this.#startUs[column]!) {
      this.#startUs[column] = piece.startUs;
      this.#earliest[column] = piece.earliest;
    }
    if (piece.endUs >= this.#endUs[column]!) {
      this.#endUs[column] = piece.endUs;
      this.#latest[column] = piece.latest;
    }
    if (piece.min < this.#lows[column]!) {
      this.#lows[column] = piece.min;
      this.#lowest[column] = piece.lowest;
    }
    if (piece.max > this.#highs[column]!) {
      this.#highs[column] = piece.max;
      this.#highest[column] = piece.highest;
    }
  }

  #ofColumns(): number[] {
    const points: number[] = [];
    const ofColumn = [NONE, NONE, NONE, NONE];
    for (let column = 0; column < this.#columns; column++) {
      if (this.#earliest[column] !== NONE) {
        ofColumn[0] = this.#earliest[column]!;
        ofColumn[1] = this.#lowest[column]!;
        ofColumn[2] = this.#highest[column]!;
        ofColumn[3] = this.#latest[column]!;
        this.#append(points, ofColumn);
      }
    }
    return points;
  }

  /** Appends a few points in the order of time, each once. Sorted here, because `sort` takes long for so few. */
  #append(points: number[], few: number[]): void {
    const start = points.length;
    for (const point of few) {
      let at = points.length;
      while (at > start && this.#isLater(points[at - 1]!, point)) {
        at--;
      }
      if (at === start || points[at - 1] !== point) {
        points.push(point);
        points.copyWithin(at + 1, at, points.length - 1);
        points[at] = point;
      }
    }
  }

  /** Points with the same time are in the order in which they were added. */
  #isLater(point: number, other: number): boolean {
    const differenceUs = this.#series.timeUs(point) - this.#series.timeUs(other);
    return differenceUs > 0 || (differenceUs === 0 && point > other);
  }

  #allInRange(): number[] {
    const series = this.#series;
    const points: number[] = [];
    let isSorted = true;
    const next = (from: number) => series.nextIn(this.#fromUs, this.#toUs, from);
    for (let index = next(series.first); index < series.end; index = next(index + 1)) {
      isSorted &&= points.length === 0 || series.timeUs(points.at(-1)!) <= series.timeUs(index);
      points.push(index);
    }
    return isSorted ? points : points.sort((one, other) => series.timeUs(one) - series.timeUs(other));
  }
}
