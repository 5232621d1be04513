import type { SendOptions } from './call-arguments.js';
import { EventSource } from './event-source.js';
import type { RequestSettings } from './requests/request-settings.js';
import type { LineCounts, Transmission } from './requests/transmission.js';

const NO_LINE: LineCounts = { rejectedFrames: 0, skippedBytes: 0, unfinishedBytes: 0 };

/**
 * What an implementation supplies to {@link Communicator}. The communicator checks the state, the name and the arguments
 * before it calls any of these.
 */
export abstract class CommunicatorHooks<Connection, Events, Kept> extends EventSource<Events> {
  /**
   * Checks the description of a new connection. Returns what to keep of it.
   *
   * @throws InvalidArgumentError (`INVALID_CONNECTION`) if it is invalid
   */
  protected abstract checkConnection(name: string, connection: Connection): Kept;

  /** Opens all connections. If one fails, closes the others again before it rejects. Delivers nothing yet. */
  protected abstract openConnections(connections: ReadonlyMap<string, Kept>): Promise<void>;

  /** Called once, right after the state has become STARTED. From now on packets may be delivered. */
  protected abstract startReceiving(): void;

  /**
   * Sends a packet over an existing connection, as `send` promises. If the connection has ids, the packet begins
   * with one, which does not count for `maxPacketBytes`.
   */
  protected abstract transmit(name: string, packet: Uint8Array, options: SendOptions | undefined): Promise<void>;

  /**
   * Sends a packet as `transmit` does, but reports to the request that it belongs to. Calls `transmit` unless overridden:
   * then the packet cannot be taken back.
   */
  protected transmitRequest(name: string, packet: Uint8Array, transmission: Transmission): void {
    transmission.beginWriting();
    this.transmit(name, packet, undefined).then(
      () => transmission.written(),
      (error) => transmission.failed(error),
    );
  }

  /**
   * Keeps room in the send queue for a packet that is sent later, until the returned function is called. Throws what
   * `transmit` would reject with. Keeps nothing unless overridden.
   */
  protected hold(_name: string, _packetBytes: number): () => void {
    return () => {};
  }

  /** Finishes the accepted sends and closes all connections. Never rejects. */
  protected abstract closeConnections(): Promise<void>;

  /**
   * Waits for an existing connection, as `ready` promises; `signal` is not aborted yet. Resolves at once unless
   * overridden, which suits connections that can send as soon as they are open, and are never lost.
   */
  protected async waitUntilReady(_name: string, _signal: AbortSignal | undefined): Promise<void> {}

  /** The settings of a connection that its requests depend on. The defaults unless overridden. */
  protected requestSettings(_connection: Kept): RequestSettings {
    return {};
  }

  /** What was received on a connection so far, apart from packets, for messages of requests. Nothing unless overridden. */
  protected lineCounts(_name: string): LineCounts {
    return NO_LINE;
  }

  /** Closes one connection, as `NamedConnection.release` promises. Does nothing unless overridden. */
  protected async releaseConnection(_name: string): Promise<void> {}

  /** Opens a released connection again, as `NamedConnection.reopen` promises. Does nothing unless overridden. */
  protected async reopenConnection(_name: string, _signal: AbortSignal | undefined): Promise<void> {}
}
