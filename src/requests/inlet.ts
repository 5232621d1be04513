import type { ConnectionError } from '../errors.js';

/** What an implementation of `Communicator` reports of one connection. */
export interface Inlet {
  /**
   * A packet arrived, with its id if the connection has ids. It must be long enough for one. Returns a promise, which never
   * rejects, if the next packet has to wait.
   *
   * @param isOld - whether it arrived before the connection was lost: a request of the device then gets no reply
   */
  receive(packet: Uint8Array, isOld?: boolean): Promise<void> | undefined;
  /** A packet arrived and was dropped, since the connection is being closed. */
  dropped(): void;
  /** The connection is lost: nothing that was sent before gets a reply. */
  lost(error: ConnectionError): void;
  /**
   * The device is lost, but each packet that waits to be sent is still reported to its transmission: only requests that wait for
   * their replies reject.
   */
  repliesLost(error: ConnectionError): void;
}
