import type { SendOptions } from '../../call-arguments.js';
import type { DeliveryStats } from '../../delivery/delivery-stats.js';
import type { ConnectionError } from '../../errors.js';
import type { Transmission } from '../../requests/transmission.js';
import type { LinkReceiver, ReceiverEvents } from '../receiving/link-receiver.js';
import type { LinkOutput } from '../sending/link-output.js';

/** The sizes of a session, as both ends have agreed on them. */
export interface SessionInfo {
  /** How many packets the device can hold. */
  readonly sendWindow: number;
  /** How many packets the device sends before it waits for an acknowledgement. */
  readonly receiveWindow: number;
  /** The largest packet that the device accepts, in bytes, with its id. */
  readonly sendMaxPacketBytes: number;
  /** The largest packet that the device sends, in bytes, with its id. */
  readonly receiveMaxPacketBytes: number;
}

/** Counts of a connection with acknowledged delivery, and how its session is now. */
export interface AcknowledgedStats extends DeliveryStats {
  /** The session, if there is one. */
  session: SessionInfo | undefined;
  /** Smoothed time from sending a packet to its acknowledgement, in milliseconds. Undefined before the first one. */
  roundTripMs: number | undefined;
  /** How many packets may be in flight now: at most `sendWindow`, less after time-outs. */
  windowLimit: number;
  /** Packets that were sent and not acknowledged. */
  unacknowledged: number;
}

/**
 * How packets get from one end of a connection to the other: what its setting `delivery` selects. It outlives links. What
 * it sends leaves through its {@link LinkOutput}, and a receiver of each link brings it what arrives.
 */
export interface ConnectionDelivery {
  /** What the link writes. Without a link, what the next one will write. */
  readonly output: LinkOutput;
  /** Whether the device is ready for packets, once it has settled. */
  readonly isReady: boolean;
  /** Why there cannot be a session with this device. */
  readonly failure: ConnectionError | undefined;
  /** Of acknowledged delivery. */
  readonly stats: AcknowledgedStats | undefined;
  newReceiver(events: ReceiverEvents): LinkReceiver;
  /** @param refusal - why packets are not accepted now */
  send(packet: Uint8Array, options: SendOptions | undefined, refusal: ConnectionError | undefined): Promise<void>;
  sendRequest(packet: Uint8Array, transmission: Transmission, refusal: ConnectionError | undefined): void;
  /** Keeps room for a packet that is sent later, until the returned function is called. Throws if there is none. */
  hold(packetBytes: number, refusal: ConnectionError | undefined): () => void;
  /** Brings the counts of written bytes up to date. */
  countWritten(): void;
  /** The device has settled: the link may write. */
  settled(): void;
  /** The port was lost. */
  lost(error: ConnectionError, willReconnect: boolean): void;
  /** The connection was released: packets that still wait reject with `error`. */
  released(error: ConnectionError): void;
  /** The connection was closed for good: packets that still wait reject with `error`. */
  closed(error: ConnectionError): void;
}
