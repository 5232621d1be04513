import type { AcknowledgedStats } from 'serial-communicator';
import { type Arrivals, portTrouble, settleAdvice } from '../../session/diagnosis.js';
import { count } from '../../text/count.js';
import type { PingTally } from './tally.js';

/** Packets up to this size are assumed to fit into the buffer of any device that echoes. */
const USUAL_BUFFER_BYTES = 64;

/** How the device was pinged. */
export interface PingSetup {
  settleMs: number;
  isSimulated: boolean;
  /** Maximum number of packets in flight. */
  window: number;
  /** Whether packets are requests with ids. */
  hasIds: boolean;
  /** The latest bytes that are no frame. */
  unframed: Uint8Array;
  /** Of acknowledged delivery. */
  delivery?: Pick<AcknowledgedStats, 'packetsDelivered' | 'peerResets' | 'ackTimeouts'> | undefined;
}

/**
 * Why packets did not come back unchanged, and what to do about it.
 *
 * @param arrivals - the counters of the connection
 * @param before - its counters before the first packet was sent
 * @returns `undefined` if all packets came back
 */
export function pingTrouble(
  tally: PingTally,
  arrivals: Arrivals,
  before: Arrivals,
  setup: PingSetup,
): string | undefined {
  const { lost, corrupted, received, late, smallestLost, largestReceived } = tally;
  if (lost + corrupted === 0) {
    return undefined;
  }
  if (setup.delivery !== undefined) {
    return sessionTrouble(tally, setup.delivery);
  }
  const isSizeSuspect = smallestLost > Math.max(largestReceived, USUAL_BUFFER_BYTES);
  const bufferQuestion = isSizeSuspect ? `, and can it buffer packets of ${smallestLost} bytes (--size)` : '';
  const ifSilent = `does the device echo${bufferQuestion}?${resetAdvice(setup)}`;
  const trouble = portTrouble(arrivals, ifSilent, setup.unframed, before);
  if (trouble !== undefined) {
    return trouble;
  }
  if (late > 0 && lost > 0) {
    const replies = count(late, 'reply', 'replies');
    // A wrong id counts as late, too.
    return received > 0
      ? `${replies} came too late: increase --timeout`
      : `${replies} came, but no packet waited for ${late === 1 ? 'it' : 'them'}: increase --timeout, or check that the device repeats the id of each request`;
  }
  if (corrupted > 0) {
    return 'packets came back altered: check that the device echoes, and that --checksum matches it';
  }
  if (received === 0 && setup.hasIds) {
    return 'received no reply: does the device repeat the id of each request (--request-ids)?';
  }
  if (received === 0) {
    return `received packets that were never sent: does the device echo${bufferQuestion}?`;
  }
  if (isSizeSuspect) {
    return `packets of up to ${largestReceived} bytes came back: can the device buffer packets of ${smallestLost} bytes (--size)?`;
  }
  return setup.window > 1
    ? `can the device buffer ${setup.window} packets (--window)? If so, increase --timeout`
    : 'can the device keep up (--interval)? If so, increase --timeout';
}

function sessionTrouble(
  { lost, corrupted, received }: PingTally,
  { packetsDelivered, peerResets, ackTimeouts }: NonNullable<PingSetup['delivery']>,
): string {
  if (peerResets > 0) {
    return `the device restarted ${count(peerResets, 'time')}: check its power supply and its program`;
  }
  if (ackTimeouts > 0) {
    return 'packets were not acknowledged in time: check the line, that the device takes packets, or raise --ack-timeout';
  }
  if (corrupted > 0) {
    return 'packets came back altered: check that the device echoes';
  }
  if (packetsDelivered === 0) {
    return 'the device has answered the handshake, but taken no packet in time: check that its program takes packets, or increase --timeout';
  }
  return received === 0
    ? `the device has taken ${count(packetsDelivered, 'packet')}, but returned none: does it echo? If so, increase --timeout`
    : `${count(lost, 'packet')} came back too late or not at all: increase --timeout, or check that the device echoes each one`;
}

function resetAdvice({ settleMs, isSimulated }: PingSetup): string {
  // The default settle time is right for a simulated board.
  return isSimulated ? '' : ` If so, ${settleAdvice(settleMs)}`;
}
