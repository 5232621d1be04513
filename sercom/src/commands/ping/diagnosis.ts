import { type Arrivals, portTrouble, settleAdvice } from '../../session/diagnosis.js';
import type { PingTally } from './tally.js';

/** Devices that echo at all have room for a packet of that many bytes. */
const USUAL_ROOM_BYTES = 64;

/** How it was pinged. */
export interface PingLine {
  settleMs: number;
  isSimulated: boolean;
  /** How many packets might be under way. */
  window: number;
}

/**
 * Why packets did not come back as they were, and what to do about it.
 *
 * @param arrivals - what has come
 * @param before - what had come before the first of them was sent
 * @returns `undefined` if all came back
 */
export function pingTrouble(
  tally: PingTally,
  arrivals: Arrivals,
  before: Arrivals,
  line: PingLine,
): string | undefined {
  const { lost, corrupted, received, smallestLost, largestReceived } = tally;
  if (lost + corrupted === 0) {
    return undefined;
  }
  const isSizeSuspect = smallestLost > Math.max(largestReceived, USUAL_ROOM_BYTES);
  const room = isSizeSuspect ? `, and has it room for packets of ${smallestLost} bytes (--size)` : '';
  const trouble = portTrouble(arrivals, `does the device echo${room}?${onReset(line)}`, before);
  if (trouble !== undefined) {
    return trouble;
  }
  if (corrupted > 0) {
    return 'packets came back with other bytes: does the device echo, and does it add a checksum (--checksum)?';
  }
  if (received === 0) {
    return `what came was not sent before: does the device echo${room}?`;
  }
  if (isSizeSuspect) {
    return `up to ${largestReceived} bytes came back: has the device room for packets of ${smallestLost} bytes (--size)?`;
  }
  return line.window > 1
    ? `has the device room for ${line.window} packets (--window)? Or wait longer (--timeout)`
    : 'does the device keep up (--interval)? Or wait longer (--timeout)';
}

function onReset({ settleMs, isSimulated }: PingLine): string {
  // The settle time of a simulated board is known.
  return isSimulated ? '' : ` If it does, ${settleAdvice(settleMs)}`;
}
