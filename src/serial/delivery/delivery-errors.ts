import type { DeliveryFailure, TimeoutCause } from '../../delivery/outgoing-packet.js';
import { ConnectionError, type Delivered, InvalidArgumentError } from '../../errors.js';
import { type CompleteSerialConnection, describeConnection, idBytesOf } from '../serial-connection.js';

/** What to say of each cause of a time-out. */
const TIMEOUT_CAUSES: Readonly<Record<Exclude<TimeoutCause, 'noSession'>, string>> = {
  noPort: 'the port was not open; check that the device is plugged in',
  behindOthers:
    'packets sent before it were not acknowledged: see the error of the first of them; if the device is only slow, send ' +
    'less at once, or raise ackTimeoutMs',
  notTaken:
    'the device has received it, but its application has not taken it; let its loop run more often, or raise ackTimeoutMs',
  silent: 'the device has stopped answering; check that it runs, and its cable',
  lost:
    'the device answers, but the packet or its acknowledgement did not get through; the line is very bad, or the packet and ' +
    'the 9 bytes of its frame do not fit into the receive buffer of the device',
  stalled: 'the port does not accept it; check that the device reads, and its flow control',
};

/** What has happened to the connection of a packet. */
const CLOSED = {
  CONNECTION_LOST: 'the connection was lost',
  CONNECTION_RELEASED: 'the connection was released',
  SHUTDOWN_TIMEOUT: 'shutdown ended',
} as const;

/** The errors of one connection with acknowledged delivery. */
export class DeliveryErrors {
  readonly #name: string;
  readonly #connection: CompleteSerialConnection;

  constructor(name: string, connection: CompleteSerialConnection) {
    this.#name = name;
    this.#connection = connection;
  }

  /** @param receivedBytes - how much has arrived since the port was opened */
  timedOut({ delivered, cause }: DeliveryFailure, receivedBytes: number): ConnectionError {
    return this.#ofPacket('ACK_TIMEOUT', this.#timeout(describe(cause, receivedBytes)), delivered);
  }

  peerReset(delivered: Delivered): ConnectionError {
    return this.#ofPacket('PEER_RESET', 'the device restarted before it acknowledged the packet', delivered);
  }

  /** @param maxBytes - what the device accepts, with its id, as `packetBytes` */
  tooLarge(packetBytes: number, maxBytes: number): InvalidArgumentError {
    const idBytes = idBytesOf(this.#connection);
    const accepted = maxBytes < idBytes ? `${maxBytes}, not even an id` : maxBytes - idBytes;
    return new InvalidArgumentError(
      'PACKET_TOO_LARGE',
      `send to "${this.#name}": the packet has ${packetBytes - idBytes} bytes, the device accepts ${accepted}; ` +
        'split it, or raise LINK_MAX_PACKET_BYTES in the firmware',
    );
  }

  /** @param reason - follows "the device" */
  incompatible(reason: string): ConnectionError {
    return this.#error('PEER_INCOMPATIBLE', `${this.#where}: the device ${reason}`, 'no');
  }

  /**
   * The error of a session that has ended.
   *
   * @param cause - of a time-out
   * @param receivedBytes - how much has arrived since the port was opened
   */
  ended(why: 'PEER_RESET' | 'ACK_TIMEOUT', cause: TimeoutCause | undefined, receivedBytes: number): ConnectionError {
    const what =
      why === 'PEER_RESET' ? 'the device restarted' : `a packet was ${this.#timeout(describe(cause, receivedBytes))}`;
    return this.#error(why, `${this.#where}: ${what}`, 'unknown');
  }

  /** The error of a packet that there cannot be a session for, or that was never accepted. */
  copy({ code, message, cause }: ConnectionError, delivered: Delivered): ConnectionError {
    return this.#error(code, message, delivered, cause);
  }

  /** @param error - why the connection was closed before the packet was acknowledged */
  closed(error: ConnectionError, delivered: Delivered): ConnectionError {
    const what = CLOSED[error.code as keyof typeof CLOSED];
    return this.#ofPacket(error.code, `${what} before the device acknowledged the packet`, delivered, error);
  }

  #ofPacket(
    code: ConnectionError['code'],
    why: string,
    delivered: Delivered,
    cause?: ConnectionError,
  ): ConnectionError {
    const what = delivered === 'no' ? 'it was never sent' : 'it may have been delivered';
    return this.#error(code, `send to "${this.#name}": ${why}; ${what}`, delivered, cause);
  }

  #timeout(why: string): string {
    return `not acknowledged within ackTimeoutMs (${this.#connection.ackTimeoutMs} ms); ${why}`;
  }

  get #where(): string {
    return `connection ${describeConnection(this.#name, this.#connection)}`;
  }

  #error(code: ConnectionError['code'], message: string, delivered: Delivered, cause?: unknown): ConnectionError {
    // An undefined cause would be printed.
    return new ConnectionError(code, this.#name, message, { delivered, ...(cause === undefined ? {} : { cause }) });
  }
}

/** What to say of the cause of a time-out. */
function describe(cause: TimeoutCause = 'lost', receivedBytes: number): string {
  if (cause !== 'noSession') {
    return TIMEOUT_CAUSES[cause];
  }
  return receivedBytes === 0
    ? 'the device has not answered, and nothing has arrived from it; check that it runs, and baudRate'
    : 'the device has not answered the handshake, but something else arrived from it; its firmware probably speaks plain ' +
        "COBS (use delivery: 'plain', or link.h in the firmware), or baudRate is wrong";
}
