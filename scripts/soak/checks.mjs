/** Checks one connection after its communicator has shut down. Returns one line for each violation. */
export function violations({ stats, sends, events, line }) {
  const found = [];
  const equal = (what, left, right) => {
    if (left !== right) {
      found.push(`${what}: ${left} instead of ${right}`);
    }
  };
  const atMost = (what, left, right) => {
    if (!(left <= right)) {
      found.push(`${what}: ${left} exceeds ${right}`);
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

  // Compare with the results of the sends.
  const { made, settled, outcomes } = sends;
  equal('settled sends', settled, made);
  const ended = (code) => outcomes[code] ?? 0;
  equal('packetsSent', stats.packetsSent, ended('sent'));
  equal('packetsTimedOut', stats.packetsTimedOut, ended('SEND_TIMEOUT'));
  equal('packetsShutDown', stats.packetsShutDown, ended('SHUTDOWN_TIMEOUT'));
  // Sends whose signal was already aborted never reach the queue.
  equal('packetsAborted', stats.packetsAborted + sends.abortedBefore, ended('aborted'));
  equal(
    'packetsLost and packetsRefused',
    stats.packetsLost + stats.packetsRefused,
    ended('CONNECTION_LOST') + ended('SEND_QUEUE_FULL') + ended('PACKET_TOO_LARGE'),
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

  // Compare with the events.
  equal('opens', stats.opens, events.connected);
  equal('losses', stats.losses, events.disconnected);
  equal('packetsDelivered', stats.packetsDelivered, events.packets);
  equal('handler errors', events.handlerErrors, events.throws);
  // Frames that wait for a busy handler when the port closes are counted without an event.
  atMost('rejectedFrame', events.rejectedFrames, stats.malformedFrames + stats.tooLongFrames + stats.checksumFrames);

  // Compare with the faulty line.
  equal('bytes from the line', stats.bytesRead, line.toHost.bytesOut);
  atMost('bytes to the line', stats.bytesWritten, line.toDevice.bytesIn);
  for (const way of ['toDevice', 'toHost']) {
    const { bytesIn, bytesOut, droppedBytes, insertedBytes, duplicatedBytes, lostBytes } = line[way];
    equal(`bytesOut ${way}`, bytesOut, bytesIn - droppedBytes + insertedBytes + duplicatedBytes - lostBytes);
  }
  return found;
}
