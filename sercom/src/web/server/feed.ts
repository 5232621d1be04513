import { parseFilter } from '../../records/filter.js';
import { escapeText } from '../../text/escape.js';
import type { Batch, ConnectionStatus, Held, Hello, Row } from '../protocol.js';
import { MatchingRows } from '../store/matching-rows.js';
import type { EventStream } from './event-stream.js';
import type { End, PageModel } from './page-model.js';

/** How long a feed looks at rows for its filter before others have their turn. */
const FILTER_BUDGET_MS = 10;

/** While it is looking at rows: how soon it goes on. */
const FILTER_PAUSE_MS = 5;

/** The least time from one batch to the next. */
export const BATCH_INTERVAL_MS = 40;

/**
 * The least time from one batch with rows to the next while each replaces all rows that the page shows. Nobody can read them,
 * and showing them takes time of a processor that the serial ports may need.
 */
const FLOOD_INTERVAL_MS = 250;

/** How often changed kinds are sent. */
const KINDS_INTERVAL_MS = 200;

/** What a feed shows. */
export interface FeedView {
  /** See `ViewRequest.view`. */
  readonly view: number;
  readonly filter: string | undefined;
  /** How many rows it follows; 0 if it does not. */
  readonly follow: number;
  readonly kinds: boolean;
}

/** The statuses of all connections. Another object if one has changed. */
export type Statuses = readonly ConnectionStatus[];

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** One page: what it shows, and what it has been sent. */
export class Feed {
  readonly id: string;
  readonly #model: PageModel;
  readonly #stream: EventStream;
  #matching: MatchingRows;
  #filter: string | undefined;
  #follow = 0;
  /** The position after the last row that was sent, or skipped. Undefined if it has not begun to follow. */
  #followedEnd: number | undefined;
  #showsKinds = false;
  #rowsAtMs = Number.NEGATIVE_INFINITY;
  #hasMissed = false;
  #skippedRows = 0;
  #kindsAtMs = Number.NEGATIVE_INFINITY;
  #kindsVersion = 0;
  #newView: number | undefined;
  #sentAtMs = Number.NEGATIVE_INFINITY;
  /** What was sent last, as JSON or as it is. */
  readonly #sent: {
    held?: string;
    matching?: string;
    names: number;
    series: number;
    skippedRows: number;
    numbersWithoutSeries: number;
    forgottenKinds: number;
    statuses?: Statuses;
    end?: End;
  } = { names: 0, series: 0, skippedRows: 0, numbersWithoutSeries: 0, forgottenKinds: 0 };

  constructor(id: string, model: PageModel, stream: EventStream) {
    this.id = id;
    this.#model = model;
    this.#stream = stream;
    this.#matching = new MatchingRows(model.store, undefined);
    const { all } = model.store.names;
    this.#sent.names = all.length;
    const hello: Hello = {
      ...model.hello,
      feed: id,
      canSend: model.sender !== undefined,
      names: all.map(escapeText),
    };
    stream.send('hello', hello);
  }

  /** The rows that match its filter. */
  get matching(): MatchingRows {
    return this.#matching;
  }

  /** Its filter, in the syntax of `--filter`. Undefined if it shows all rows. */
  get filter(): string | undefined {
    return this.#filter;
  }

  /** Rows that came while it followed, and were not sent, because the client was slow. */
  get skippedRows(): number {
    return this.#skippedRows;
  }

  /**
   * Changes what it shows.
   *
   * @throws CliError if the filter is invalid. Nothing has changed then
   */
  show({ view, filter, follow, kinds }: FeedView): void {
    if (filter !== this.#filter) {
      const matches = filter === undefined ? undefined : parseFilter(filter, 'filter', this.#model.hasIds);
      this.#matching.close();
      this.#matching = new MatchingRows(this.#model.store, matches);
      this.#filter = filter;
      this.#followedEnd = undefined;
    }
    if (follow === 0) {
      this.#followedEnd = undefined;
    }
    this.#follow = follow;
    if (kinds && !this.#showsKinds) {
      this.#kindsAtMs = Number.NEGATIVE_INFINITY;
    }
    this.#showsKinds = kinds;
    this.#newView = view;
  }

  /**
   * Sends what has changed, unless the client is slow.
   *
   * @returns in how many milliseconds there is more to do, although nothing changes; `undefined` if there is not
   */
  update(nowMs: number, statuses: Statuses): number | undefined {
    if (this.#stream.isBlocked) {
      this.#hasMissed = true;
      return undefined;
    }
    const isComplete = this.#matching.advance(FILTER_BUDGET_MS);
    const waitMs = this.#sentAtMs + BATCH_INTERVAL_MS - nowMs;
    if (waitMs > 0) {
      return isComplete ? waitMs : FILTER_PAUSE_MS;
    }
    const batch: Mutable<Batch> = {};
    const floodWaitMs = this.#floodWaitMs(nowMs);
    if (this.#newView !== undefined) {
      batch.view = this.#newView;
      this.#newView = undefined;
    }
    this.#addNames(batch);
    if (floodWaitMs === undefined) {
      this.#addRows(batch, isComplete, nowMs);
    }
    this.#addSeries(batch);
    if (statuses !== this.#sent.statuses) {
      batch.connections = statuses;
      this.#sent.statuses = statuses;
    }
    const kindsDueMs = this.#addKinds(batch, nowMs);
    const { end } = this.#model;
    if (end !== undefined && end !== this.#sent.end) {
      batch.end = end;
      this.#sent.end = end;
    }
    if (Object.keys(batch).length > 0) {
      this.#sentAtMs = nowMs;
      this.#stream.send('batch', batch);
    }
    return isComplete ? earliest(kindsDueMs, floodWaitMs) : FILTER_PAUSE_MS;
  }

  /** Sends a last batch, even if the client is slow, and ends. */
  end(end: End): void {
    this.#stream.send('batch', { end } satisfies Batch);
    this.#stream.end();
  }

  /** Frees what it holds. */
  close(): void {
    this.#matching.close();
  }

  #addNames(batch: Mutable<Batch>): void {
    const { all } = this.#model.store.names;
    if (all.length > this.#sent.names) {
      batch.newNames = all.slice(this.#sent.names).map(escapeText);
      this.#sent.names = all.length;
    }
  }

  /** How long rows wait, if they are a flood. */
  #floodWaitMs(nowMs: number): number | undefined {
    const waitMs = this.#rowsAtMs + FLOOD_INTERVAL_MS - nowMs;
    const isFlood =
      this.#followedEnd !== undefined && this.#follow > 0 && this.#matching.end - this.#followedEnd >= this.#follow;
    // A new view and the end of everything do not wait.
    return isFlood && waitMs > 0 && this.#newView === undefined && this.#model.end === undefined ? waitMs : undefined;
  }

  #addRows(batch: Mutable<Batch>, isComplete: boolean, nowMs: number): void {
    const { first, end } = this.#matching;
    const held = heldBy(this.#model);
    const heldText = JSON.stringify(held);
    if (heldText !== this.#sent.held) {
      batch.held = held;
      this.#sent.held = heldText;
    }
    const matching = { first, end, isComplete };
    const matchingText = JSON.stringify(matching);
    if (matchingText !== this.#sent.matching) {
      batch.matching = matching;
      this.#sent.matching = matchingText;
    }
    // Rows of a new filter are shown when the last ones are known.
    if (this.#follow > 0 && (isComplete || this.#followedEnd !== undefined)) {
      const rows = this.#followedRows(first, end);
      if (rows.length > 0) {
        batch.rows = rows;
        this.#rowsAtMs = nowMs;
      }
    }
    this.#hasMissed = false;
    if (this.#skippedRows !== this.#sent.skippedRows) {
      batch.skippedRows = this.#skippedRows;
      this.#sent.skippedRows = this.#skippedRows;
    }
  }

  #followedRows(first: number, end: number): Row[] {
    const from = Math.max(this.#followedEnd ?? 0, first, end - this.#follow);
    if (this.#hasMissed && this.#followedEnd !== undefined) {
      this.#skippedRows += from - this.#followedEnd;
    }
    this.#followedEnd = end;
    return rowsAt(this.#model, this.#matching, from, end);
  }

  #addSeries(batch: Mutable<Batch>): void {
    const { infos, numbersWithoutSeries } = this.#model.series;
    if (infos.length > this.#sent.series) {
      batch.newSeries = infos.slice(this.#sent.series);
      this.#sent.series = infos.length;
    }
    if (numbersWithoutSeries !== this.#sent.numbersWithoutSeries) {
      batch.numbersWithoutSeries = numbersWithoutSeries;
      this.#sent.numbersWithoutSeries = numbersWithoutSeries;
    }
  }

  /** Returns when there will be more. */
  #addKinds(batch: Mutable<Batch>, nowMs: number): number | undefined {
    if (!this.#showsKinds) {
      return undefined;
    }
    const waitMs = this.#kindsAtMs + KINDS_INTERVAL_MS - nowMs;
    if (waitMs > 0) {
      return waitMs;
    }
    this.#model.counts.countRows();
    const { version, kinds, forgottenKinds } = this.#model.kinds.changesSince(this.#kindsVersion);
    if (kinds.length > 0) {
      batch.kinds = kinds;
      this.#kindsAtMs = nowMs;
    }
    if (forgottenKinds !== this.#sent.forgottenKinds) {
      batch.forgottenKinds = forgottenKinds;
      this.#sent.forgottenKinds = forgottenKinds;
    }
    this.#kindsVersion = version;
    return undefined;
  }
}

function earliest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

/** What the server holds. */
function heldBy({ store }: PageModel): Held {
  const { first, end, usedBytes, droppedRows, firstTimeUs, lastTimeUs } = store;
  return {
    first,
    end,
    usedBytes,
    droppedRows,
    ...(firstTimeUs !== undefined && { firstTimeUs }),
    ...(lastTimeUs !== undefined && { lastTimeUs }),
  };
}

/** The rows at some positions of those that match. Positions without a row are left out. */
export function rowsAt({ rows }: PageModel, matching: MatchingRows, from: number, end: number): Row[] {
  const found: Row[] = [];
  for (let position = from; position < end; position++) {
    const row = matching.rowAt(position);
    const shown = row === undefined ? undefined : rows.row(row);
    if (shown !== undefined) {
      found.push(shown);
    }
  }
  return found;
}
