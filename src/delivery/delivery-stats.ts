/** What one end of a connection with acknowledged delivery has counted. The counts continue in the next session. */
export interface DeliveryStats {
  /** Handshakes that succeeded. */
  sessions: number;
  /** Sessions that ended because the peer restarted. */
  peerResets: number;
  /** Sessions that ended because a packet was not taken in time. */
  ackTimeouts: number;

  /** DATA frames written, each transmission of a packet for itself. */
  dataFramesSent: number;
  /** Of these, packets sent again because a later transmission was acknowledged. */
  resentLost: number;
  /** Of these, packets sent again because the acknowledgement did not arrive in time, or the port was opened again. */
  resentTimedOut: number;
  /** Times that no acknowledgement arrived in time. */
  timeouts: number;
  acksSent: number;
  /** Of these, with the request to answer. */
  pollsSent: number;
  datagramsSent: number;
  handshakesSent: number;
  /**
   * Packets and datagrams accepted for sending. Each is counted in `packetsDelivered`, `datagramsSent`, `packetsFailed` or
   * `packetsAborted` as well, or is pending.
   */
  packetsAccepted: number;
  /** Packets that the application at the other end has taken, including those that were aborted after they had been sent. */
  packetsDelivered: number;
  /** Packets and datagrams whose failure was reported. */
  packetsFailed: number;
  /** Packets and datagrams that were aborted before they were sent. */
  packetsAborted: number;

  /**
   * DATA frames received with a valid CRC. Each is counted in `packetsTaken`, `duplicates` or `packetsDropped` as well, or
   * waits; each DATAGRAM frame in `datagramsTaken`, `duplicates` or `datagramsDropped`, or waits.
   */
  dataFramesReceived: number;
  /** Packets that the application has taken. */
  packetsTaken: number;
  /** DATA and DATAGRAM frames dropped because they had arrived before. */
  duplicates: number;
  /**
   * Packets that had arrived and were dropped, because the session ended before the application took them, or the port was
   * closed already.
   */
  packetsDropped: number;
  acksReceived: number;
  datagramsReceived: number;
  /** Datagrams that the application has taken. */
  datagramsTaken: number;
  /** Datagrams that were dropped because too many waited, the session ended, or the port was closed already. */
  datagramsDropped: number;
  handshakesReceived: number;
  /** Handshake frames that answer an earlier OPEN, or have no meaning in this state or for this role. */
  handshakesIgnored: number;
  /** Acknowledgements of packets that were never sent or were acknowledged before. */
  staleAcks: number;
  /** Frames of the session that are too short for a header, or longer than the handshake allows. */
  invalidFrames: number;
}

export function newDeliveryStats(): DeliveryStats {
  return {
    sessions: 0,
    peerResets: 0,
    ackTimeouts: 0,
    dataFramesSent: 0,
    resentLost: 0,
    resentTimedOut: 0,
    timeouts: 0,
    acksSent: 0,
    pollsSent: 0,
    datagramsSent: 0,
    handshakesSent: 0,
    packetsAccepted: 0,
    packetsDelivered: 0,
    packetsFailed: 0,
    packetsAborted: 0,
    dataFramesReceived: 0,
    packetsTaken: 0,
    duplicates: 0,
    packetsDropped: 0,
    acksReceived: 0,
    datagramsReceived: 0,
    datagramsTaken: 0,
    datagramsDropped: 0,
    handshakesReceived: 0,
    handshakesIgnored: 0,
    staleAcks: 0,
    invalidFrames: 0,
  };
}
