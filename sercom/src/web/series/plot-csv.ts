import { setImmediate as turn } from 'node:timers/promises';
import { isoTime } from '../../formats/times.js';
import { csvCell } from '../../text/csv.js';
import { escapeText } from '../../text/escape.js';
import type { SavePlotRequest, SeriesInfo } from '../protocol.js';
import { checkRange, checkSeries, type HeldTimes } from './plot-request.js';
import type { Series } from './series.js';
import type { SeriesStore } from './series-store.js';
import type { TimeRange } from './time-range.js';

/** How many lines to make before other work gets a turn. */
const LINES_PER_CHUNK = 1_000;

/** What a saved plot is made of. */
export interface CsvSources {
  readonly series: SeriesStore;
  /** The times of all rows that are held, which is the range by default. */
  readonly held: HeldTimes;
  /** The name of a connection. */
  readonly nameOf: (index: number) => string;
}

/**
 * All points of series in a range as CSV, one column for each series and one line for each packet with a point. Lines are in
 * the order of packets, which is the order of time unless a clock was set. Points that come later than the call are not in
 * it.
 *
 * It can be read once, a chunk of text at a time, as slowly as its reader wants. Points that are dropped in the meantime are
 * counted in {@link missedPoints}.
 */
export class PlotCsv implements AsyncIterable<string> {
  readonly #header: string;
  readonly #columns: readonly Column[];

  /** @throws PlotRequestError if the request makes no sense */
  constructor(request: SavePlotRequest, { series, held, nameOf }: CsvSources) {
    const range = checkRange(request, held);
    this.#columns = checkSeries(request.series, series).map((each) => new Column(each, range));
    const titles = request.series.map((index) => csvCell(titleOf(series.infos[index]!, nameOf)));
    this.#header = `${['time', ...titles].join(',')}\n`;
  }

  /** Points that may have been in the range, but were dropped before they were read. */
  get missedPoints(): number {
    return this.#columns.reduce((sum, { missedPoints }) => sum + missedPoints, 0);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void> {
    yield this.#header;
    for (let chunk = this.#nextLines(); chunk !== ''; chunk = this.#nextLines()) {
      yield chunk;
      await turn();
    }
  }

  /** Empty at the end. */
  #nextLines(): string {
    for (const column of this.#columns) {
      column.refresh();
    }
    let lines = '';
    for (let count = 0; count < LINES_PER_CHUNK; count++) {
      const row = this.#nextRow();
      if (row === Number.POSITIVE_INFINITY) {
        break;
      }
      lines += this.#line(row);
    }
    return lines;
  }

  #nextRow(): number {
    let row = Number.POSITIVE_INFINITY;
    for (const column of this.#columns) {
      row = Math.min(row, column.row);
    }
    return row;
  }

  #line(row: number): string {
    let timeUs = 0;
    let cells = '';
    for (const column of this.#columns) {
      cells += ',';
      if (column.row === row) {
        timeUs = column.timeUs;
        cells += column.value;
        column.advance();
      }
    }
    return `${isoTime(timeUs)}${cells}\n`;
  }
}

/** Reads the points of a series in a range, while older ones may be dropped. */
class Column {
  missedPoints = 0;
  readonly #series: Series;
  readonly #range: TimeRange;
  readonly #end: number;
  /** The first point that has not been read. */
  #index: number;

  constructor(series: Series, range: TimeRange) {
    this.#series = series;
    this.#range = range;
    this.#end = series.end;
    this.#index = series.first;
  }

  /** Finds the next point, after points may have been dropped. */
  refresh(): void {
    const first = Math.min(this.#series.first, this.#end);
    if (first > this.#index) {
      this.missedPoints += first - this.#index;
      this.#index = first;
    }
    this.#find(this.#index);
  }

  /** Of the next point. Infinity if there is none. */
  get row(): number {
    return this.#index < this.#end ? this.#series.row(this.#index) : Number.POSITIVE_INFINITY;
  }

  get timeUs(): number {
    return this.#series.timeUs(this.#index);
  }

  get value(): number {
    return this.#series.value(this.#index);
  }

  advance(): void {
    this.#find(this.#index + 1);
  }

  #find(from: number): void {
    const { fromUs, toUs } = this.#range;
    this.#index = Math.min(this.#end, this.#series.nextIn(fromUs, toUs, from));
  }
}

/** For example `arm imu.x`, or `arm tx speed` if its packets were sent. */
function titleOf({ name, dir, path }: SeriesInfo, nameOf: CsvSources['nameOf']): string {
  return [escapeText(nameOf(name)), dir, path].filter((part) => part !== undefined && part !== '').join(' ');
}
