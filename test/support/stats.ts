import { expect } from 'vitest';
import type { ConnectionStats, SerialStats } from '../../src/index.js';

/**
 * Checks the equations of `docs/reliability.md`: every loss is counted. Call this when no packet is waiting for a busy
 * handler. `settled` states that no send is pending, either.
 */
export function expectNothingUncounted(stats: SerialStats, { settled = true } = {}): void {
  const { acceptedBytes, rejectedBytes, skippedBytes, unfinishedBytes, delimiters } = stats;
  expect(acceptedBytes + rejectedBytes + skippedBytes + unfinishedBytes + delimiters, 'bytes read').toBe(
    stats.bytesRead,
  );
  const { packetsDelivered, packetsWithoutHandler, packetsDropped, repliesReceived, lateReplies, requestsReceived } =
    stats;
  expect(
    packetsDelivered + packetsWithoutHandler + packetsDropped + repliesReceived + lateReplies + requestsReceived,
    'packets received',
  ).toBe(stats.packetsReceived);
  expectRequestsCounted(stats, { settled });
  const {
    packetsSent,
    packetsAborted,
    packetsTimedOut,
    packetsLost,
    packetsUndelivered,
    packetsReleased,
    packetsShutDown,
    packetsWaiting,
  } = stats;
  expect(
    packetsSent +
      packetsAborted +
      packetsTimedOut +
      packetsLost +
      packetsUndelivered +
      packetsReleased +
      packetsShutDown +
      packetsWaiting,
    'packets accepted',
  ).toBe(stats.packetsAccepted);
  expect(stats.bytesWritten, 'bytes written').toBeGreaterThanOrEqual(stats.packetBytesSent + 2 * packetsSent);
  if (settled) {
    expect(packetsWaiting, 'packets waiting').toBe(0);
  }
}

/** Checks that each request is counted once. `settled` states that none is pending. */
export function expectRequestsCounted(stats: ConnectionStats, { settled = true } = {}): void {
  const { requestsReplied, requestsTimedOut, requestsFailed, requestsWaiting } = stats;
  expect(requestsReplied + requestsTimedOut + requestsFailed + requestsWaiting, 'requests made').toBe(
    stats.requestsMade,
  );
  if (settled) {
    expect(requestsWaiting, 'requests waiting').toBe(0);
  }
}
