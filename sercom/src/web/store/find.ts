import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MatchingRows } from './matching-rows.js';
import type { PacketStore } from './packet-store.js';
import { TimeSlice } from './time-slice.js';
import type { Wanted } from './wanted.js';

/** How long the event loop waits for a search at a time. */
const SLICE_MS = 3;

export interface FindOptions {
  readonly store: PacketStore;
  /** The rows to look at. Those that are not known yet are looked for on the way. */
  readonly rows: MatchingRows;
  readonly wanted: Wanted;
  /** Where to begin, among `rows`: the row at this position is looked at first. */
  readonly position: number;
  /** Default: forward. */
  readonly isBackward?: boolean;
  readonly signal: AbortSignal;
}

export interface Found {
  readonly position: number;
  readonly row: number;
}

/**
 * Finds the next row that is wanted, in slices of a few milliseconds between which other work is done. Rows that are added
 * after its call are not looked at.
 *
 * @returns `undefined` if there is none
 * @throws the reason of the signal, when it is aborted
 */
export async function find(options: FindOptions): Promise<Found | undefined> {
  const { store, rows, position, isBackward = false, signal } = options;
  const { end } = store;
  signal.throwIfAborted();
  while (Math.max(position, rows.first) >= rows.end && rows.next < end && !rows.advance(SLICE_MS)) {
    await turn(signal);
  }
  const start = rows.rowAt(isBackward ? Math.min(position, rows.end - 1) : Math.max(position, rows.first));
  if (start === undefined) {
    return undefined;
  }
  const row = isBackward ? await backward(options, Math.min(start, end - 1)) : await forward(options, start, end);
  return row === undefined ? undefined : { position: rows.positionOf(row), row };
}

async function forward(options: FindOptions, start: number, end: number): Promise<number | undefined> {
  const { store, rows, signal } = options;
  let slice = new TimeSlice(SLICE_MS);
  // Older rows may be dropped at each turn.
  for (let row = start; row < end; row = Math.max(row, store.first)) {
    if (row >= rows.next) {
      if (rows.advance(SLICE_MS) && row >= rows.next) {
        // The rows were closed.
        return undefined;
      }
      await turn(signal);
      slice = new TimeSlice(SLICE_MS);
      continue;
    }
    if (isWanted(options, row, slice)) {
      return row;
    }
    row++;
    if (slice.isOver()) {
      await turn(signal);
      slice = new TimeSlice(SLICE_MS);
    }
  }
  return undefined;
}

async function backward(options: FindOptions, start: number): Promise<number | undefined> {
  let slice = new TimeSlice(SLICE_MS);
  for (let row = start; row >= options.store.first; row--) {
    if (isWanted(options, row, slice)) {
      return row;
    }
    if (slice.isOver()) {
      await turn(options.signal);
      slice = new TimeSlice(SLICE_MS);
    }
  }
  return undefined;
}

function isWanted({ store, rows, wanted }: FindOptions, row: number, slice: TimeSlice): boolean {
  if (!rows.has(row)) {
    slice.spend(0);
    return false;
  }
  const record = store.payload(row);
  slice.spend(record?.bytes.length ?? 0);
  return record === undefined ? wanted.matchesMark(store.markAt(row)!) : wanted.matches(record);
}

/** Lets the event loop do other work. */
async function turn(signal: AbortSignal): Promise<void> {
  await nextTurn();
  signal.throwIfAborted();
}
