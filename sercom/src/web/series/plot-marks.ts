import { setImmediate as turn } from 'node:timers/promises';
import type { MarkKind } from '../protocol.js';
import type { Memory } from '../store/memory.js';
import { Entries } from './entries.js';
import type { TimeRange } from './time-range.js';

/** The fields of a mark. */
const TIME = 0;
const ROW = 1;
const KIND = 2;
const NAME = 3;
const FIELDS = 4;

const KINDS: readonly MarkKind[] = ['disconnected', 'connected', 'session', 'marker'];
const DISCONNECTED = KINDS.indexOf('disconnected');
const CONNECTED = KINDS.indexOf('connected');

/** Instead of the index of a connection, in a mark that concerns all. */
const ALL = -1;

/** Looking at these takes about a millisecond. Then other work gets a turn: a recording may be nothing but marks. */
const MARKS_PER_TURN = 65_536;

/** What plots need to know of a mark. */
export interface PlotMark {
  /** Not less than that of any mark before. */
  readonly row: number;
  readonly timeUs: number;
  readonly mark: MarkKind;
  /** The index of its connection. None if it concerns all. */
  readonly name?: number;
}

/** The marks that plots show, and the gaps that follow from them. Their texts stay with the rows. */
export class PlotMarks {
  readonly #marks: Entries;

  constructor(memory: Memory) {
    this.#marks = new Entries(FIELDS, memory);
  }

  add({ row, timeUs, mark, name = ALL }: PlotMark): void {
    const index = this.#marks.add();
    this.#marks.set(index, TIME, timeUs);
    this.#marks.set(index, ROW, row);
    this.#marks.set(index, KIND, KINDS.indexOf(mark));
    this.#marks.set(index, NAME, name);
  }

  /** Drops the marks of rows before a row. */
  dropBefore(row: number): void {
    let index = this.#marks.first;
    while (index < this.#marks.end && this.#marks.get(index, ROW) < row) {
      index++;
    }
    this.#marks.dropBefore(index);
  }

  /** The rows of the marks in a range, in the order of rows: the last ones if they are more than `limit`. */
  async rowsIn({ fromUs, toUs }: TimeRange, limit: number): Promise<{ rows: number[]; more: number }> {
    const rows: number[] = [];
    let more = 0;
    let seen = 0;
    // Marks that are dropped in a turn are not looked at any more.
    for (let index = this.#marks.end - 1; index >= this.#marks.first; index--) {
      const timeUs = this.#marks.get(index, TIME);
      if (timeUs >= fromUs && timeUs <= toUs) {
        if (rows.length < limit) {
          rows.push(this.#marks.get(index, ROW));
        } else {
          more++;
        }
      }
      if (++seen % MARKS_PER_TURN === 0) {
        await turn();
      }
    }
    return { rows: rows.reverse(), more };
  }

  /**
   * When connections were away: from each `disconnected` to the next `connected`, without an end if it has not come back. In
   * the order of their beginnings.
   *
   * If the clock went back in between, the range ends where it begins.
   */
  async awayTimes(names: Iterable<number>): Promise<ReadonlyMap<number, readonly TimeRange[]>> {
    const all = new Map(Array.from(names, (name) => [name, new AwayTimes()]));
    // Marks that come in a turn may be more than there is time for.
    const { end } = this.#marks;
    let seen = 0;
    for (let index = this.#marks.first; index < end; index = Math.max(index + 1, this.#marks.first)) {
      const kind = this.#marks.get(index, KIND);
      if (kind === DISCONNECTED || kind === CONNECTED) {
        const name = this.#marks.get(index, NAME);
        const timeUs = this.#marks.get(index, TIME);
        for (const each of name === ALL ? all.values() : [all.get(name)]) {
          each?.add(timeUs, kind === CONNECTED);
        }
      }
      if (++seen % MARKS_PER_TURN === 0) {
        await turn();
      }
    }
    return new Map(Array.from(all, ([name, each]) => [name, each.ranges()]));
  }
}

/** Collects when one connection was away. */
class AwayTimes {
  readonly #ranges: TimeRange[] = [];
  #sinceUs: number | undefined;

  add(timeUs: number, isConnected: boolean): void {
    if (!isConnected) {
      this.#sinceUs ??= timeUs;
    } else if (this.#sinceUs !== undefined) {
      this.#ranges.push({ fromUs: this.#sinceUs, toUs: Math.max(this.#sinceUs, timeUs) });
      this.#sinceUs = undefined;
    }
  }

  ranges(): readonly TimeRange[] {
    const last = this.#sinceUs === undefined ? [] : [{ fromUs: this.#sinceUs, toUs: Number.POSITIVE_INFINITY }];
    return this.#ranges.concat(last).sort((one, other) => one.fromUs - other.fromUs);
  }
}
