import { randomInt } from 'node:crypto';
import type { SendOptions } from '../../call-arguments.js';
import { Opener } from '../../delivery/opener.js';
import type { DeliveryFailure } from '../../delivery/outgoing-packet.js';
import type { Session } from '../../delivery/session.js';
import { FRAME_OVERHEAD_BYTES, MAX_PACKET_BYTES, MAX_WINDOW } from '../../delivery/wire-format.js';
import { ConnectionError } from '../../errors.js';
import type { Transmission } from '../../requests/transmission.js';
import { watchAbort } from '../../timing/abort-watch.js';
import { PatientTimer } from '../../timing/patient-timer.js';
import { AcknowledgedReceiver } from '../receiving/acknowledged-receiver.js';
import { DeliveryLoop } from '../receiving/delivery-loop.js';
import type { LinkOwner, LinkReceiver, ReceiverEvents } from '../receiving/link-receiver.js';
import type { Outcome } from '../sending/packet-group.js';
import { SendRoom } from '../sending/send-room.js';
import { type CompleteSerialConnection, idBytesOf } from '../serial-connection.js';
import type { LinkStats } from '../serial-stats.js';
import { AcknowledgedOutput } from './acknowledged-output.js';
import type { AcknowledgedStats, ConnectionDelivery, SessionInfo } from './connection-delivery.js';
import { DeliveryErrors } from './delivery-errors.js';
import { PendingSend, type PendingSendOwner } from './pending-send.js';

/** The usual wait, for the slices of the timer: a time-out is at most as long. */
const USUAL_WAIT_MS = 2_000;

/** Of `keepAliveMs`. */
const DEFAULT_KEEP_ALIVE_MS = 3_000;

/** What acknowledged delivery reports. None of these may throw. */
export interface DeliveryOwner extends LinkOwner {
  /** There is something to write. */
  wake(): void;
  sessionStarted(session: SessionInfo): void;
  /** The session ended, and its packets have rejected: the device restarted, or a packet was not acknowledged. */
  sessionEnded(error: ConnectionError): void;
  /** There cannot be a session with this device. */
  incompatible(error: ConnectionError): void;
  silent(isSilent: boolean): void;
}

/** Drives an {@link Opener}: with the clock, a timer, the port of each link, and the calls of the application. */
export class AcknowledgedDelivery implements ConnectionDelivery, PendingSendOwner {
  readonly output: AcknowledgedOutput;
  readonly #connection: CompleteSerialConnection;
  readonly #stats: LinkStats;
  readonly #owner: DeliveryOwner;
  readonly #errors: DeliveryErrors;
  readonly #room: SendRoom;
  readonly #opener: Opener;
  readonly #timer = new PatientTimer(USUAL_WAIT_MS);
  readonly #loop: DeliveryLoop<Uint8Array>;
  #isReceiving = false;
  #plannedMs = Number.POSITIVE_INFINITY;
  /** Bytes read when the port was opened. */
  #readBefore = 0;
  #failure: ConnectionError | undefined;
  /** Why everything fails, while it does. */
  #closing: { outcome: Outcome; error: ConnectionError } | undefined;

  constructor(name: string, connection: CompleteSerialConnection, stats: LinkStats, owner: DeliveryOwner) {
    const { maxPacketBytes, ackTimeoutMs, keepAliveMs = DEFAULT_KEEP_ALIVE_MS } = connection;
    const { baudRate = Number.POSITIVE_INFINITY } = connection;
    this.#connection = connection;
    this.#stats = stats;
    this.#owner = owner;
    this.#errors = new DeliveryErrors(name, connection);
    this.#room = new SendRoom(name, connection, FRAME_OVERHEAD_BYTES);
    this.#opener = new Opener(
      {
        maxPacketBytes: Math.min(maxPacketBytes + idBytesOf(connection), MAX_PACKET_BYTES),
        receiveWindow: MAX_WINDOW,
        ackTimeoutMs,
        keepAliveMs,
        baudRate,
        random: () => randomInt(2 ** 32),
      },
      {
        established: () => owner.sessionStarted(infoOf(this.#opener.session!)),
        ended: (why, cause) => owner.sessionEnded(this.#errors.ended(why, cause, this.#receivedBytes)),
        incompatible: (reason) => {
          this.#failure = this.#errors.incompatible(reason);
          owner.incompatible(this.#failure);
        },
        silent: (isSilent) => owner.silent(isSilent),
      },
    );
    this.output = new AcknowledgedOutput(this.#opener, stats, { nowMs: () => this.nowMs(), wrote: () => this.#plan() });
    this.#loop = new DeliveryLoop(
      () => this.#opener.take(),
      (packet) => this.#pass(packet),
      { delivered: () => this.#isReceiving || this.#changed(), idle: () => {} },
    );
  }

  get isReady(): boolean {
    return this.#opener.state === 'inSession';
  }

  get failure(): ConnectionError | undefined {
    return this.#opener.state === 'incompatible' ? this.#failure : undefined;
  }

  get isDelivering(): boolean {
    return this.#loop.isDelivering;
  }

  get stats(): AcknowledgedStats {
    const { stats, session } = this.#opener;
    return {
      ...stats,
      session: session && infoOf(session),
      roundTripMs: session?.outgoing.roundTrip.smoothedMs,
      windowLimit: session?.outgoing.limit ?? 0,
      unacknowledged: session?.outgoing.count ?? 0,
    };
  }

  /** How much has arrived since the port was opened. */
  get #receivedBytes(): number {
    return this.#stats.bytesRead - this.#readBefore;
  }

  /** A clock that stands still while the event loop is blocked, and while nothing is awaited. */
  nowMs(): number {
    return this.#timer.watchedMs;
  }

  newReceiver(events: ReceiverEvents): LinkReceiver {
    this.#readBefore = this.#stats.bytesRead;
    return new AcknowledgedReceiver(this.#opener, this.#stats, this.#owner, events, this);
  }

  /** The opener has received frames. The link will write what they ask for. */
  received(): void {
    this.#isReceiving = true;
    this.#loop.run();
    this.#isReceiving = false;
    this.#plan();
  }

  send(packet: Uint8Array, options: SendOptions | undefined, refusal: Error | undefined): Promise<void> {
    const pending = this.#add(packet, undefined, options?.acknowledged !== false, refusal);
    if (!(pending instanceof PendingSend)) {
      return Promise.reject(pending);
    }
    const signal = options?.signal;
    if (signal !== undefined && !pending.isSettled) {
      pending.unwatch = watchAbort(signal, () => this.#abort(pending, signal.reason));
    }
    return pending.promise!;
  }

  sendRequest(packet: Uint8Array, transmission: Transmission, refusal: Error | undefined): void {
    // Its reply may arrive before its acknowledgement. The application may then change its memory.
    const pending = this.#add(new Uint8Array(packet), transmission, true, refusal);
    if (pending instanceof PendingSend) {
      transmission.withdraw = (reason) => this.#abort(pending, reason);
    } else {
      queueMicrotask(() => transmission.failed(pending));
    }
  }

  hold(packetBytes: number, refusal: ConnectionError | undefined): () => void {
    if (refusal !== undefined) {
      throw refusal;
    }
    return this.#room.hold(packetBytes);
  }

  countWritten(): void {
    this.output.countWritten();
  }

  settled(): void {
    this.output.portOpened(this.#connection.syncOnOpen);
    this.#opener.portOpened(this.nowMs());
    this.#changed();
  }

  lost(error: ConnectionError, willReconnect: boolean): void {
    this.#leavePort('packetsLost', error, willReconnect);
  }

  released(error: ConnectionError): void {
    this.#leavePort('packetsReleased', error, false);
  }

  closed(error: ConnectionError): void {
    this.#leavePort('packetsShutDown', error, false);
  }

  delivered(pending: PendingSend): void {
    this.#stats.packetBytesSent += pending.packetBytes;
    this.#settle(pending, 'packetsSent');
    pending.resolve();
  }

  failed(pending: PendingSend, failure: DeliveryFailure): Error {
    const { code, delivered } = failure;
    switch (code) {
      case 'ACK_TIMEOUT':
        this.#settle(pending, 'packetsTimedOut');
        return this.#errors.timedOut(failure, this.#receivedBytes);
      case 'PEER_RESET':
        this.#settle(pending, 'packetsUndelivered');
        return this.#errors.peerReset(delivered);
      case 'PACKET_TOO_LARGE':
        this.#settle(pending, 'packetsUndelivered');
        return this.#errors.tooLarge(pending.packetBytes, this.#opener.session!.settings.sendMaxPacketBytes);
      case 'PEER_INCOMPATIBLE':
        this.#settle(pending, 'packetsUndelivered');
        return this.#errors.copy(this.#failure!, delivered);
      case 'CLOSED': {
        const { outcome, error } = this.#closing!;
        this.#settle(pending, outcome);
        return this.#errors.closed(error, delivered);
      }
    }
  }

  #add(
    packet: Uint8Array,
    transmission: Transmission | undefined,
    isAcknowledged: boolean,
    refusal: Error | undefined,
  ): PendingSend | Error {
    const wireBytes = this.#room.wireBytes(packet.length);
    const error = refusal ?? this.#room.refusal(packet.length, wireBytes);
    if (error !== undefined) {
      this.#stats.packetsRefused++;
      return error instanceof ConnectionError ? this.#errors.copy(error, 'no') : error;
    }
    const pending = new PendingSend(packet.length, transmission, this);
    this.#stats.packetsAccepted++;
    this.#stats.packetsWaiting++;
    this.#room.take(wireBytes);
    const nowMs = this.nowMs();
    pending.packet = isAcknowledged
      ? this.#opener.send(packet, pending, nowMs)
      : this.#opener.sendDatagram(packet, this.output.datagram(pending), nowMs);
    if (pending.packet.deadlineMs < this.#plannedMs) {
      this.#plan();
    }
    return pending;
  }

  #abort(pending: PendingSend, reason: unknown): void {
    if (!pending.isSettled) {
      this.#opener.abort(pending.packet!);
      this.#settle(pending, 'packetsAborted');
      pending.reject(reason);
      // A shutdown may wait for nothing else.
      this.#changed();
    }
  }

  #settle(pending: PendingSend, outcome: Outcome): void {
    this.#stats.packetsWaiting--;
    this.#stats[outcome]++;
    this.#room.giveBack(this.#room.wireBytes(pending.packetBytes));
  }

  /** Ends what is being written, and, unless the session waits for the port, everything else. */
  #leavePort(outcome: Outcome, error: ConnectionError, keepsSession: boolean): void {
    this.#closing = { outcome, error };
    this.output.abandonWrite();
    if (keepsSession) {
      this.#opener.portClosed(this.nowMs());
    } else {
      this.#opener.end(this.nowMs());
    }
    this.#closing = undefined;
    this.#plan();
  }

  #pass(packet: Uint8Array): Promise<void> | undefined {
    if (packet.length < idBytesOf(this.#connection)) {
      this.#stats.tooShortFrames++;
      this.#owner.rejected({ reason: 'too-short', wireBytes: packet.length, head: packet });
      return undefined;
    }
    this.#stats.packetsReceived++;
    this.#stats.packetBytesReceived += packet.length;
    return this.#owner.packet(packet);
  }

  #changed(): void {
    this.#owner.wake();
    this.#plan();
  }

  /** Plans the next look at the time, unless an earlier one is planned. */
  #plan(): void {
    const dueMs = Math.min(this.#opener.dueAtMs, this.output.dueAtMs);
    if (dueMs < this.#plannedMs || dueMs === Number.POSITIVE_INFINITY) {
      this.#timer.stop();
      this.#plannedMs = dueMs;
      if (dueMs !== Number.POSITIVE_INFINITY) {
        this.#timer.start(dueMs, () => this.#due());
      }
    }
  }

  #due(): void {
    this.#plannedMs = Number.POSITIVE_INFINITY;
    const nowMs = this.nowMs();
    this.#opener.advance(nowMs);
    this.output.expire(nowMs);
    this.#changed();
  }
}

function infoOf({ settings }: Session): SessionInfo {
  const { sendWindow, receiveWindow, sendMaxPacketBytes, receiveMaxPacketBytes } = settings;
  return { sendWindow, receiveWindow, sendMaxPacketBytes, receiveMaxPacketBytes };
}
