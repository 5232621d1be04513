import type { SerialStats } from 'serial-communicator';
import { count } from '../text/count.js';

/** The counters of a port that show what arrived. */
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

/** Adds up the counters of several ports. */
export function sumOf(ports: readonly Arrivals[]): Arrivals {
  return combined((counter) => ports.reduce((sum, port) => sum + port[counter], 0));
}

/** What arrived at a port since. */
export function since(before: Arrivals, now: Arrivals): Arrivals {
  return combined((counter) => now[counter] - before[counter]);
}

/**
 * Why no packets, or not all of them, arrived at a port, and what to do about it, as far as its counters show.
 *
 * @param arrivals - what arrived since the port was opened. Bytes from before the request help the diagnosis, too.
 * @param ifSilent - what to say if no bytes arrived, which depends on what was requested from the device
 * @param before - what had arrived before the request
 * @returns `undefined` if the counters show nothing wrong
 */
export function portTrouble(arrivals: Arrivals, ifSilent: string, before = NOTHING): string | undefined {
  const { bytesRead, delimiters } = arrivals;
  if (bytesRead === 0) {
    return `no bytes received: ${ifSilent}`;
  }
  if (delimiters === 0) {
    const received = count(bytesRead, 'byte');
    return `${received} received, but no delimiter (00): check the baud rate, and that the device sends COBS frames`;
  }
  return bytesRead === before.bytesRead
    ? `no bytes received in reply: ${ifSilent}`
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
    ? `${what} as too long: check the baud rate, or raise --max-packet`
    : `${what}: check that --baud and --checksum match the device`;
}

/** What to do if a board may have missed what was sent to it. */
export function settleAdvice(settleMs: number): string {
  const settle = settleMs === 0 ? 'try --settle 2000' : `try a longer --settle (it is ${settleMs} ms)`;
  return `a board that resets when its port opens (such as an Uno) ignores packets while its boot loader runs: ${settle}`;
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
