/**
 * What travels between the live page and its server: `docs/web.md`. Types only, so that the page and the server share them
 * without sharing code. Every text in them that may come from a device is escaped already (see `text/escape.ts`).
 */

/** The version of this protocol. It changes when a front end written for the one before would misunderstand it. */
export type ProtocolVersion = 1;

/**
 * A row of the table: a packet, a rejected frame, or a mark between them. Rows are numbered from 0 in the order in which they
 * came, and keep their number when older rows are dropped.
 */
export type Row = PacketRow | MarkRow;

export interface PacketRow {
  readonly row: number;
  /** In microseconds since 1970 (UTC). */
  readonly timeUs: number;
  readonly dir: 'rx' | 'tx';
  /** The index of its connection in {@link Hello.names}, or of a name that a {@link Batch} added. */
  readonly name: number;
  /** Of the packet, or of the rejected frame on the wire, in bytes. */
  readonly length: number;
  /** The first bytes, at most {@link Hello.shownBytes}. */
  readonly hex: string;
  /** These bytes as quoted text. */
  readonly text: string;
  /** The kind and the number of its id, if packets have ids. */
  readonly kind?: 'plain' | 'request' | 'reply' | 'error';
  readonly id?: number;
  /** The decoded packet on one line, cut to 200 characters. */
  readonly decoded?: string;
  /** Why the frame was rejected, the packet cannot be decoded, or the request failed. */
  readonly problem?: string;
}

/** What happened between packets: a port was lost or came back, a session began, or the user set a marker. */
export interface MarkRow {
  readonly row: number;
  readonly timeUs: number;
  readonly mark: MarkKind;
  /** The index of its connection. None if it concerns all. */
  readonly name?: number;
  readonly text: string;
}

export type MarkKind = 'disconnected' | 'connected' | 'session' | 'marker';

/** The first event of a feed. */
export interface Hello {
  readonly version: ProtocolVersion;
  /** Identifies the feed in requests that change its view. */
  readonly feed: string;
  /** Identifies the run of sercom. Rows and kinds keep their numbers within one; a page that finds another one starts afresh. */
  readonly run: string;
  /** What it shows: `monitor` and its connections, or `replay` and its files, without their folders. At most a few of them. */
  readonly title: string;
  readonly isLive: boolean;
  /** Whether {@link SendRequest}s are accepted. */
  readonly canSend: boolean;
  /** Of the ids in front of packets: 0, 1 or 2. With ids, requests can be sent. */
  readonly idBytes: 0 | 1 | 2;
  readonly names: readonly string[];
  /** Whether there is a decoder, so that there are decoded packets and series. */
  readonly hasDecoder: boolean;
  readonly shownBytes: number;
  readonly leadingBytes: number;
  readonly memoryBytes: number;
}

/**
 * Each further event of a feed, at most 25 a second; while each would replace all rows that the page follows, 4 a second have
 * rows. Fields that have not changed are left out.
 */
export interface Batch {
  /** {@link ViewRequest.view} of the view that this batch and those after it show: in the first one that does. */
  readonly view?: number;
  readonly held?: Held;
  /** How many rows match the filter of the view, and whether all rows have been looked at. */
  readonly matching?: { readonly first: number; readonly end: number; readonly isComplete: boolean };
  /** While the view follows: its last rows, without those that were sent before. */
  readonly rows?: readonly Row[];
  /** Rows that came while the view followed and were not sent, because the page was slow. A total. */
  readonly skippedRows?: number;
  /** Names that were added, as in a recording. */
  readonly newNames?: readonly string[];
  /** All connections, about twice a second. */
  readonly connections?: readonly ConnectionStatus[];
  /** Series that were added. Their indices count on. */
  readonly newSeries?: readonly SeriesInfo[];
  /** Numbers that belong to no series, because there are too many, or their paths are too long. A total. */
  readonly numbersWithoutSeries?: number;
  /** While the view shows kinds: those that have changed, about five times a second. */
  readonly kinds?: readonly Kind[];
  readonly forgottenKinds?: number;
  /**
   * Nothing more will come. `isOver`: the recording is over, but the server stays, so the page stays useful. Otherwise sercom
   * ends.
   */
  readonly end?: { readonly isOver: boolean; readonly text: string };
}

/** What the server holds. */
export interface Held {
  /** The rows from `first` to `end - 1`. */
  readonly first: number;
  readonly end: number;
  readonly usedBytes: number;
  /**
   * Packets and rejected frames that were dropped, to stay within {@link Hello.memoryBytes}. Dropped marks are counted by the
   * metrics only.
   */
  readonly droppedRows: number;
  readonly firstTimeUs?: number;
  readonly lastTimeUs?: number;
}

export interface ConnectionStatus {
  readonly state: 'connected' | 'disconnected' | 'released' | 'recorded';
  /** Why it is not connected. */
  readonly problem?: string;
  readonly path?: string;
  readonly baudRate?: number;
  readonly receivedPackets: number;
  readonly receivedBytes: number;
  readonly sentPackets: number;
  readonly sentBytes: number;
  /** Per second, over the last two. */
  readonly receivedPerSecond: number;
  readonly receivedBytesPerSecond: number;
  readonly sentPerSecond: number;
  /** By reason. */
  readonly rejected: Readonly<Record<string, number>>;
  readonly reconnects: number;
  /** When the port was lost, or released, the last time, and when it came back after that: not yet if there is no such time. */
  readonly lostAtUs?: number;
  readonly returnedAtUs?: number;
  /** Packets that wait for a slow reader in sercom, and bytes that wait to be sent. */
  readonly queuedPackets: number;
  readonly queuedBytes: number;
  /** Bytes that were no part of a packet or rejected frame. */
  readonly skippedBytes: number;
}

export interface SeriesInfo {
  readonly name: number;
  /** Set if its packets were sent. Received and sent packets have series of their own. */
  readonly dir?: 'tx';
  /** For example `imu.accel[2]`; empty if the packet itself is a number. */
  readonly path: string;
}

/** Packets with the same connection, direction, kind of id, reason of rejection and leading bytes. */
export interface Kind {
  /** Identifies it as long as the page is open. */
  readonly key: number;
  readonly name: number;
  readonly dir: 'rx' | 'tx';
  readonly request?: string;
  readonly problem?: string;
  readonly count: number;
  /** The mean time between its packets. */
  readonly intervalUs?: number;
  readonly lastTimeUs: number;
  readonly length: number;
  /** The first bytes of the last packet, at most 32. */
  readonly hex: string;
  /** Which of these bytes differ from the packet before. */
  readonly changed: readonly number[];
  readonly text: string;
  /** Selects it, in the syntax of `--filter`. */
  readonly filter: string;
}

/** POST /api/view: what a feed is to send from now on. Answer: {@link ViewAnswer}. */
export interface ViewRequest {
  readonly feed: string;
  /**
   * Counts up from 1. The answer and the batches travel on two connections, so this is how the page knows which batches are
   * still about the view before: their rows and positions are of another filter.
   */
  readonly view: number;
  /** In the syntax of `--filter`. Default: all rows. */
  readonly filter?: string;
  /** How many rows to send while the view follows; 0 while it is held. At most 500. */
  readonly follow: number;
  readonly kinds?: boolean;
}
export interface ViewAnswer {
  /** Why the filter is invalid. Nothing of the request applies then. */
  readonly problem?: string;
}

/** POST /api/rows: rows by their position among those that match the filter of the feed. At most 500. */
export interface RowsRequest {
  readonly feed: string;
  /** Positions count from 0 for the first row that ever matched; see {@link Batch.matching}. */
  readonly position: number;
  readonly count: number;
}
export interface RowsAnswer {
  /** Of the first of these rows. It is later than asked for if that one was dropped. */
  readonly position: number;
  readonly rows: readonly Row[];
}

/** POST /api/locate: the position of the first row at or after a time or a row number. */
export interface LocateRequest {
  readonly feed: string;
  readonly timeUs?: number;
  readonly row?: number;
}
export interface LocateAnswer {
  readonly position: number;
  readonly row?: number;
}

/** POST /api/find: the next row, among those that match the filter, that contains bytes or text, or that matches. */
export interface FindRequest {
  readonly feed: string;
  /** Text, `0x…` for bytes, or conditions in the syntax of `--filter` with `=` in them. */
  readonly what: string;
  readonly position: number;
  readonly backward?: boolean;
}
export interface FindAnswer {
  /** Not set if there is none. */
  readonly position?: number;
  readonly row?: number;
  readonly problem?: string;
}

/** POST /api/packet: everything of one row. 404 if it was dropped. */
export interface PacketRequest {
  readonly row: number;
}
export interface PacketAnswer {
  readonly row: Row;
  /** The first 262,144 bytes; of a rejected frame, those that are held. Empty for a mark, as the next two. */
  readonly hex: string;
  /** Like the command's `--dump`. It says how many bytes are not shown. */
  readonly dump: string;
  readonly text: string;
  /**
   * The decoded packet, with escaped texts and keys. Keys are escaped as in JSON, and so as in {@link SeriesInfo.path}. It has at
   * most 10,000 values; `… N more` stands for the others.
   */
  readonly value?: JsonValue;
  /** The series it has a number for, with the index of each in the feed's list. */
  readonly series: readonly { readonly series: number; readonly value: number }[];
}
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** POST /api/plot: points of series for a range of time, as many as a screen can show. */
export interface PlotRequest {
  /** At most 64. */
  readonly series: readonly number[];
  /** Both ends are in it. Default: all that is held. */
  readonly fromUs?: number;
  readonly toUs?: number;
  /** In columns of pixels, at most 4,000; fewer are answered for more than 16 series. */
  readonly columns: number;
}
export interface PlotAnswer {
  readonly fromUs: number;
  readonly toUs: number;
  readonly series: readonly PlotSeries[];
  readonly marks: readonly MarkRow[];
  /** Marks in the range that are not among them, because there are more than 200. They are the earlier ones. */
  readonly moreMarks: number;
}
export interface PlotSeries {
  /**
   * Real points in the order of time; those of the same time in the order of their packets. Of each column of pixels the first,
   * the lowest, the highest and the last, or all if they are few. In addition, the last point before the range and the first
   * after it, so that lines reach its edges. `null` is a gap, where the device was away.
   */
  readonly timesUs: readonly number[];
  readonly values: readonly (number | null)[];
  /** The row of each point; -1 in a gap. */
  readonly rows: readonly number[];
  /** Of all points in the range. */
  readonly summary?: { readonly min: number; readonly max: number; readonly mean: number; readonly count: number };
}

/** POST /api/send. 403 without `--allow-send`. */
export interface SendRequest {
  readonly name: number;
  readonly format: 'hex' | 'text' | 'json';
  readonly text: string;
  /** Send it as a request, and wait for the reply this long. Needs ids. */
  readonly replyTimeoutMs?: number;
}
export interface SendAnswer {
  /** When it was sent, or the request replied to. */
  readonly isSent: boolean;
  readonly problem?: string;
  readonly reply?: { readonly hex: string; readonly text: string; readonly tookMs: number };
}

/** POST /api/save: what is held, as a file. The answer is its content. With `feed`, only rows that match its filter. */
export interface SaveRequest {
  readonly format: 'log' | 'pcapng' | 'csv';
  readonly feed?: string;
}

/** POST /api/save-plot: the points of series in a range as CSV: all of them, not only those that a screen can show. */
export interface SavePlotRequest {
  /** At most 64. */
  readonly series: readonly number[];
  readonly fromUs?: number;
  readonly toUs?: number;
}

/** POST /api/mark: sets a marker, here and in the log. Only with `--allow-send`, since it changes files. */
export interface MarkRequest {
  readonly text?: string;
}

/** Any answer with a status other than 200. */
export interface ErrorAnswer {
  readonly problem: string;
}
