import type { SerialStats } from 'serial-communicator';
import { count } from '../text/count.js';
import { explainUnframed, isTelnet, quotedText } from './unframed-bytes.js';

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
  | 'tooShortFrames'
>;

const NOTHING: Arrivals = combined(() => 0);

/** What to say if the packets that arrived are too short for ids. */
export const TOO_SHORT_FOR_IDS = 'packets are too short for an id: check that the device uses ids (--request-ids)';

const SEE_BYTES = '"sercom monitor --raw" shows them';

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
 * @param unframed - bytes that are no packet
 * @param before - what had arrived before the request
 * @returns `undefined` if the counters show nothing wrong
 */
export function portTrouble(
  arrivals: Arrivals,
  ifSilent: string,
  unframed: Uint8Array,
  before = NOTHING,
): string | undefined {
  const { bytesRead, delimiters } = arrivals;
  if (bytesRead === 0) {
    return `no bytes received: ${ifSilent}`;
  }
  if (delimiters === 0) {
    return withoutDelimiter(bytesRead, unframed, SEE_BYTES);
  }
  return bytesRead === before.bytesRead
    ? `no bytes received in reply: ${ifSilent}`
    : rejections(since(before, arrivals), unframed);
}

/**
 * Why bytes that arrived are no packets, and what to do about it.
 *
 * @param unframed - bytes that are no packet
 * @param seeBytes - how the user can see them
 * @returns `undefined` if there are none
 */
export function receiveTrouble(arrivals: Arrivals, unframed: Uint8Array, seeBytes = SEE_BYTES): string | undefined {
  const { bytesRead, delimiters } = arrivals;
  return bytesRead > 0 && delimiters === 0
    ? withoutDelimiter(bytesRead, unframed, seeBytes)
    : (rejections(arrivals, unframed) ?? skipped(arrivals));
}

function withoutDelimiter(bytesRead: number, unframed: Uint8Array, seeBytes: string): string {
  return `${count(bytesRead, 'byte')} received, but no delimiter (00): ${explainUnframed(unframed)}; ${seeBytes}`;
}

/** Which bytes were not decoded, because they were the first; `undefined` if there were none. */
export function skipped({ skippedBytes, delimiters }: Arrivals): string | undefined {
  return skippedBytes === 0 || delimiters === 0
    ? undefined
    : `the ${count(skippedBytes, 'byte')} before the first delimiter were skipped; --no-skip-first decodes them`;
}

/**
 * Why frames were rejected; `undefined` if none was.
 *
 * @param unframed - if a frame was malformed, its first bytes
 */
export function rejections(
  { malformedFrames, tooLongFrames, checksumFrames, tooShortFrames }: Arrivals,
  unframed: Uint8Array,
): string | undefined {
  const rejected = malformedFrames + tooLongFrames + checksumFrames + tooShortFrames;
  if (rejected === 0) {
    return undefined;
  }
  const what = `${count(rejected, 'frame')} rejected`;
  const text = malformedFrames > 0 ? quotedText(unframed) : undefined;
  if (text !== undefined) {
    return `${what}; the last one looks like text (${text}): does the device print text (Serial.println) on this port?`;
  }
  if (malformedFrames > 0 && isTelnet(unframed)) {
    return `${what}; the last one looks like telnet: if a server speaks it, use rfc2217:// instead of tcp://`;
  }
  if (tooShortFrames === rejected) {
    return `${what} as too short for an id: check that the device uses ids (--request-ids)`;
  }
  return tooLongFrames === rejected
    ? `${what} as too long: check the baud rate, or raise --max-packet`
    : `${what}: check that --baud and --checksum match the device`;
}

/** Why a device may not answer the handshake of a session, and what to do about it. */
export function whyNoSession(arrivals: Arrivals, unframed: Uint8Array): string {
  const ifSilent = 'check that the device runs, that its firmware uses link.h, and --baud';
  return arrivals.bytesRead === 0 || arrivals.delimiters === 0
    ? portTrouble(arrivals, ifSilent, unframed)!
    : 'frames arrived, but no answer to the handshake: its firmware probably sends plain frames (--delivery plain), or --baud is wrong';
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
    tooShortFrames: of('tooShortFrames'),
  };
}
