import type { Batch, MarkRow, PlotAnswer, PlotRequest } from '../../src/web/protocol.js';
import { MAX_COLUMNS, MAX_PLOT_SERIES } from '../../src/web/request-limits.js';
import type { PlotState, SeriesName, TimeRange } from '../state.js';
import { isFollowing, type Span, spanOf } from './axes/time-range.js';
import { NO_POINTS, type Points } from './chart/points.js';
import { keyOfSeries, keysOf } from './plot-list.js';
import { type Ask, PlotLoader } from './plot-loader.js';

/** What is to be shown. */
export interface Wanted {
  readonly plots: readonly PlotState[];
  readonly range: TimeRange;
  /** Of the widest plot, in pixels of the screen. */
  readonly columns: number;
}

export interface PlotDataEvents {
  /** There are other points, or another part of the time is to be shown. */
  changed(): void;
  /** @returns whether it is worth asking again later */
  failed(error: unknown): boolean;
}

/** How long points of a time that is over may be out of date: packets can carry earlier times than those before. */
const OLD_TIMES_MS = 1_000;

/** What belongs to a request. */
interface Ticket {
  readonly keys: readonly string[];
  readonly span: Span;
  readonly range: TimeRange;
}

/** The points that plots show: asks for them when the shown time or what is held has changed. */
export class PlotData {
  readonly #events: PlotDataEvents;
  readonly #loader: PlotLoader<Ticket>;
  #wanted: Wanted | undefined;
  #asked: Wanted | undefined;
  #held: Span | undefined;
  #heldEnd = 0;
  #heldFirst = 0;
  #indices = new Map<string, number>();
  #points = new Map<string, Points>();
  #marks: readonly MarkRow[] = [];
  #moreMarks = 0;
  #shown: Span | undefined;
  #later: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: Ask, events: PlotDataEvents, now?: () => number) {
    this.#events = events;
    this.#loader = new PlotLoader(
      ask,
      { answered: (answer, ticket) => this.#answered(answer, ticket), failed: (error) => events.failed(error) },
      now,
    );
  }

  /** The times of the packets that are held. */
  get held(): Span | undefined {
    return this.#held;
  }

  /** The time to show. While it follows, that of the latest points: otherwise new time would be shown before its points. */
  get shown(): Span | undefined {
    return this.#shown;
  }

  get marks(): readonly MarkRow[] {
    return this.#marks;
  }

  get moreMarks(): number {
    return this.#moreMarks;
  }

  /** The points of a series; undefined while the server does not know it. */
  pointsOf(series: SeriesName): Points | undefined {
    const key = keyOfSeries(series);
    return this.#indices.has(key) ? (this.#points.get(key) ?? NO_POINTS) : undefined;
  }

  /** The index of a series in requests. */
  indexOf(series: SeriesName): number | undefined {
    return this.#indices.get(keyOfSeries(series));
  }

  /** All series that the server knows; their places are the indices that requests use. */
  setSeries(series: readonly SeriesName[]): void {
    this.#indices = new Map(series.map((each, index) => [keyOfSeries(each), index]));
    if (this.#wanted !== undefined) this.#ask();
  }

  /** Takes what is held from a batch; asks for points if it matters. */
  take({ held }: Batch): void {
    if (held === undefined) return;
    const before = this.#held;
    const hasGrown = held.end !== this.#heldEnd;
    const hasDropped = held.first !== this.#heldFirst;
    this.#heldEnd = held.end;
    this.#heldFirst = held.first;
    const { firstTimeUs, lastTimeUs } = held;
    this.#held =
      firstTimeUs === undefined || lastTimeUs === undefined
        ? undefined
        : { fromUs: Math.min(firstTimeUs, lastTimeUs), toUs: lastTimeUs };
    if (this.#wanted === undefined || !(hasGrown || hasDropped)) return;
    if (this.#concerns(this.#wanted.range, before, hasDropped)) this.#ask();
    else this.#later ??= setTimeout(() => this.#ask(), OLD_TIMES_MS);
  }

  /** Shows something else from now on. */
  want(wanted: Wanted): void {
    const hasMoved = wanted.range !== this.#wanted?.range || this.#shown === undefined;
    this.#wanted = wanted;
    if (hasMoved) this.#shown = spanOf(wanted.range, this.#held) ?? this.#shown;
    const { range, plots, columns } = this.#asked ?? {};
    if (range !== wanted.range || plots !== wanted.plots || columns !== wanted.columns) this.#ask();
  }

  /** Forgets everything of the feed; the next batches tell it again. */
  reset(): void {
    this.#loader.stop();
    clearTimeout(this.#later);
    this.#later = undefined;
    this.#held = undefined;
    this.#heldEnd = this.#heldFirst = 0;
    this.#indices.clear();
    this.#points.clear();
    this.#marks = [];
    this.#moreMarks = 0;
    this.#shown = undefined;
    this.#asked = undefined;
  }

  /** Asks for nothing until {@link want} is called again. */
  pause(): void {
    this.#loader.stop();
    clearTimeout(this.#later);
    this.#later = undefined;
    this.#wanted = undefined;
    this.#asked = undefined;
  }

  #ask(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    const wanted = this.#wanted;
    const span = wanted && spanOf(wanted.range, this.#held);
    if (wanted === undefined || span === undefined) return;
    this.#asked = wanted;
    const request = this.#requestOf(wanted, span);
    if (request === undefined) {
      this.#shown = span;
      this.#events.changed();
      return;
    }
    this.#loader.want(request.request, { keys: request.keys, span, range: wanted.range });
  }

  /** Without series to ask for, undefined. */
  #requestOf(
    { plots, columns }: Wanted,
    { fromUs, toUs }: Span,
  ): { request: PlotRequest; keys: readonly string[] } | undefined {
    const keys = keysOf(plots)
      .filter((key) => this.#indices.has(key))
      .slice(0, MAX_PLOT_SERIES);
    if (keys.length === 0) return undefined;
    const series = keys.map((key) => this.#indices.get(key)!);
    const whole = { fromUs: Math.floor(fromUs), toUs: Math.ceil(toUs) };
    return { keys, request: { series, ...whole, columns: Math.min(MAX_COLUMNS, Math.max(1, Math.round(columns))) } };
  }

  #answered({ series, marks, moreMarks }: PlotAnswer, { keys, span, range }: Ticket): void {
    this.#points = new Map(keys.map((key, index) => [key, series[index] ?? NO_POINTS]));
    this.#marks = marks;
    this.#moreMarks = moreMarks;
    // Points of a time that is no longer wanted are still better than none.
    if (range === this.#wanted?.range) this.#shown = span;
    this.#events.changed();
  }

  /** Whether packets that were added or dropped can belong to the shown time. */
  #concerns(range: TimeRange, before: Span | undefined, hasDropped: boolean): boolean {
    if (isFollowing(range) || before === undefined || this.#held === undefined) return true;
    const span = spanOf(range, this.#held)!;
    const mayBeDropped = hasDropped && span.fromUs <= this.#held.fromUs;
    return mayBeDropped || (before.toUs <= span.toUs && this.#held.toUs >= span.fromUs);
  }
}
