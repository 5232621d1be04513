/** Checks what was observed of one connection. Returns one line for each violated rule. */
export function findViolations({ stats, sends, events, line }) {
  const found = [];
  const equal = (what, left, right) => {
    if (left !== right) {
      found.push(`${what}: ${left}, expected ${right}`);
    }
  };
  const atMost = (what, left, right) => {
    if (!(left <= right)) {
      found.push(`${what}: ${left}, expected at most ${right}`);
    }
  };

  // The equations of docs/reliability.md.
  equal(
    'bytesRead',
    stats.bytesRead,
    stats.acceptedBytes + stats.rejectedBytes + stats.skippedBytes + stats.unfinishedBytes + stats.delimiters,
  );
  equal(
    'packetsReceived',
    stats.packetsReceived,
    stats.packetsDelivered + stats.packetsWithoutHandler + stats.packetsDropped,
  );
  equal(
    'packetsAccepted',
    stats.packetsAccepted,
    stats.packetsSent +
      stats.packetsAborted +
      stats.packetsTimedOut +
      stats.packetsLost +
      stats.packetsReleased +
      stats.packetsShutDown,
  );
  equal('packetsWaiting', stats.packetsWaiting, 0);

  // The statistics agree with how the sends settled.
  const { made, settled, outcomes } = sends;
  equal('sends that have settled', settled, made);
  const count = (outcome) => outcomes[outcome] ?? 0;
  equal('packetsSent', stats.packetsSent, count('sent'));
  equal('packetsTimedOut', stats.packetsTimedOut, count('SEND_TIMEOUT'));
  equal('packetsShutDown', stats.packetsShutDown, count('SHUTDOWN_TIMEOUT'));
  // A send whose signal was already aborted never reached the queue.
  equal('packetsAborted', stats.packetsAborted + sends.abortedBefore, count('aborted'));
  equal(
    'packetsLost and packetsRefused',
    stats.packetsLost + stats.packetsRefused,
    count('CONNECTION_LOST') + count('SEND_QUEUE_FULL') + count('PACKET_TOO_LARGE'),
  );
  const known = [
    'sent',
    'aborted',
    'SEND_TIMEOUT',
    'SHUTDOWN_TIMEOUT',
    'CONNECTION_LOST',
    'SEND_QUEUE_FULL',
    'PACKET_TOO_LARGE',
    'ILLEGAL_STATE',
  ];
  for (const code of Object.keys(outcomes).filter((outcome) => !known.includes(outcome))) {
    found.push(`a send settled with ${code}`);
  }

  // The statistics agree with the events.
  equal('opens', stats.opens, events.connected);
  equal('losses', stats.losses, events.disconnected);
  equal('packetsDelivered', stats.packetsDelivered, events.packets);
  equal('handler errors', events.handlerErrors, events.throws);
  // A rejected frame that waits for a busy handler when the port closes is counted, but emits no event.
  atMost('rejectedFrame', events.rejectedFrames, stats.malformedFrames + stats.tooLongFrames + stats.checksumFrames);

  // The statistics agree with those of the line.
  equal('bytes read from the line', stats.bytesRead, line.toHost.bytesOut);
  atMost('bytes written to the line', stats.bytesWritten, line.toDevice.bytesIn);
  for (const direction of ['toDevice', 'toHost']) {
    const { bytesIn, bytesOut, droppedBytes, insertedBytes, duplicatedBytes, lostBytes } = line[direction];
    equal(`bytesOut ${direction}`, bytesOut, bytesIn - droppedBytes + insertedBytes + duplicatedBytes - lostBytes);
  }
  return found;
}
