import type { SerialStats } from 'serial-communicator';
import { count } from '../records/totals.js';

/** What the counters of a line tell of what has come. */
export type Arrivals = Pick<
  SerialStats,
  | 'bytesRead'
  | 'delimiters'
  | 'skippedBytes'
  | 'packetsReceived'
  | 'malformedFrames'
  | 'tooLongFrames'
  | 'checksumFrames'
>;

const NOTHING: Arrivals = combined(() => 0);

/** All counters of several lines, in one. */
export function sumOf(lines: readonly Arrivals[]): Arrivals {
  return combined((counter) => lines.reduce((sum, line) => sum + line[counter], 0));
}

/** What has come on a line since. */
export function since(before: Arrivals, now: Arrivals): Arrivals {
  return combined((counter) => now[counter] - before[counter]);
}

/**
 * Why nothing, or not all, came, and what to do about it, as far as a line's counters tell.
 *
 * @param arrivals - what has come since the port was opened: what came before anything was sent tells of the line, too
 * @param ifSilent - what to say where not a byte came: that depends on what was asked of the device
 * @param before - what had come before the device was asked
 * @returns `undefined` if nothing is wrong with the line
 */
export function lineTrouble(arrivals: Arrivals, ifSilent: string, before = NOTHING): string | undefined {
  const { bytesRead, delimiters } = arrivals;
  if (bytesRead === 0) {
    return `not a byte came: ${ifSilent}`;
  }
  if (delimiters === 0) {
    return `${count(bytesRead, 'byte')} came, but no delimiter (00): does the device send COBS, is the baud rate right?`;
  }
  return bytesRead === before.bytesRead
    ? `not a byte came in answer: ${ifSilent}`
    : rejections(since(before, arrivals));
}

/** Why frames were rejected; `undefined` if none was. */
export function rejections({ malformedFrames, tooLongFrames, checksumFrames }: Arrivals): string | undefined {
  const rejected = malformedFrames + tooLongFrames + checksumFrames;
  if (rejected === 0) {
    return undefined;
  }
  const what = `${count(rejected, 'frame')} rejected`;
  return tooLongFrames === rejected
    ? `${what} as too long: is the baud rate right, or must --max-packet be raised?`
    : `${what}: is the baud rate right, and does the device add a checksum (--baud, --checksum)?`;
}

/** What to do if a board may have missed what it was sent. */
export function settleAdvice(settleMs: number): string {
  const settle = settleMs === 0 ? 'try --settle 2000' : `try a longer --settle (it is ${settleMs} ms)`;
  return `a board that resets when its port is opened, as an Uno does, loses what is sent to its boot loader: ${settle}`;
}

function combined(of: (counter: keyof Arrivals) => number): Arrivals {
  return {
    bytesRead: of('bytesRead'),
    delimiters: of('delimiters'),
    skippedBytes: of('skippedBytes'),
    packetsReceived: of('packetsReceived'),
    malformedFrames: of('malformedFrames'),
    tooLongFrames: of('tooLongFrames'),
    checksumFrames: of('checksumFrames'),
  };
}
