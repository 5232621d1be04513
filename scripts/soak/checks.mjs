/** What does not hold of one connection's life, one line each. */
export function violations({ stats, sends, events, line }) {
  const found = [];
  const equal = (what, left, right) => {
    if (left !== right) {
      found.push(`${what}: ${left} is not ${right}`);
    }
  };
  const atMost = (what, left, right) => {
    if (!(left <= right)) {
      found.push(`${what}: ${left} is more than ${right}`);
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
    stats.packetsSent + stats.packetsAborted + stats.packetsTimedOut + stats.packetsLost + stats.packetsShutDown,
  );
  equal('packetsWaiting', stats.packetsWaiting, 0);

  // What the sends have told.
  const { made, settled, outcomes } = sends;
  equal('sends that have settled', settled, made);
  const told = (code) => outcomes[code] ?? 0;
  equal('packetsSent', stats.packetsSent, told('sent'));
  equal('packetsTimedOut', stats.packetsTimedOut, told('SEND_TIMEOUT'));
  equal('packetsShutDown', stats.packetsShutDown, told('SHUTDOWN_TIMEOUT'));
  // A signal that had aborted before, and a communicator that had stopped, never asked the queue.
  equal('packetsAborted', stats.packetsAborted + sends.abortedBefore, told('aborted'));
  equal(
    'packetsLost and packetsRefused',
    stats.packetsLost + stats.packetsRefused,
    told('CONNECTION_LOST') + told('SEND_QUEUE_FULL') + told('PACKET_TOO_LARGE'),
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
    found.push(`a send ended with ${code}`);
  }

  // What the events have told.
  equal('opens', stats.opens, events.connected);
  equal('losses', stats.losses, events.disconnected);
  equal('packetsDelivered', stats.packetsDelivered, events.packets);
  equal('handler errors', events.handlerErrors, events.throws);
  // What waits behind a busy handler when the port is closed is counted, but not told.
  atMost('rejectedFrame', events.rejectedFrames, stats.malformedFrames + stats.tooLongFrames + stats.checksumFrames);

  // The other end of the port: the line.
  equal('bytes given by the line', stats.bytesRead, line.toHost.bytesOut);
  atMost('bytes taken by the line', stats.bytesWritten, line.toDevice.bytesIn);
  for (const way of ['toDevice', 'toHost']) {
    const { bytesIn, bytesOut, droppedBytes, insertedBytes, duplicatedBytes, lostBytes } = line[way];
    equal(`bytesOut ${way}`, bytesOut, bytesIn - droppedBytes + insertedBytes + duplicatedBytes - lostBytes);
  }
  return found;
}
