import { encodeFrame, maxWireBytes } from '../framing/frame-encoder.js';
import { type DeliveryStats, newDeliveryStats } from './delivery-stats.js';
import { HandshakeTimer } from './handshake-timer.js';
import type { OpenerEvents, OpenerSettings } from './opener-interface.js';
import { type OpenerEvent, type OpenerState, sessionOf, transition } from './opener-states.js';
import { type DeliveryFailure, type DeliveryListener, OutgoingPacket } from './outgoing-packet.js';
import { PacketQueue } from './packet-queue.js';
import { refusal } from './refusal.js';
import { Session } from './session.js';
import { SessionChecksum } from './session-checksum.js';
import { type CauseOf, timeoutCauses } from './timeout-cause.js';
import {
  CRC_BYTES,
  FRAME_KINDS,
  handshakeBody,
  headerBytes,
  MAX_HANDSHAKE_BYTES,
  MAX_PACKET_BYTES,
  MAX_WINDOW,
  type NoSessionFrame,
  PROTOCOL_VERSION,
  readHandshake,
  type StatusFrame,
  sessionKey,
} from './wire-format.js';

/** How often an idle peer is polled within `keepAliveMs`. */
const POLLS = 3;

/**
 * The host's side of acknowledged delivery: bytes and the time in, bytes and events out. It does no I/O and has no
 * timers. Whoever drives it
 *
 * - passes on what the port receives, and when the port opens and closes;
 * - calls {@link write} after every other call, while the port accepts bytes;
 * - calls {@link take} after {@link receive}, while the application is free;
 * - calls {@link advance} at {@link dueAtMs}.
 *
 * Times are in milliseconds, from any clock that does not go back.
 */
export class Opener {
  readonly stats: DeliveryStats = newDeliveryStats();
  /** For the decoder of what is received. What it makes of a frame is for {@link receive}. */
  readonly checksum = new SessionChecksum(() => sessionOf(this.#state)?.settings.key);
  readonly #settings: OpenerSettings;
  readonly #events: OpenerEvents;
  readonly #queues = { packets: new PacketQueue(), datagrams: new PacketQueue() };
  readonly #handshake: HandshakeTimer;
  #state: OpenerState = { name: 'closed' };
  /** As reported. It outlives the session: a peer that was silent is heard again, whatever it says. */
  #isSilent = false;

  constructor(settings: OpenerSettings, events: OpenerEvents) {
    this.#settings = { ...settings, maxPacketBytes: Math.min(settings.maxPacketBytes, MAX_PACKET_BYTES) };
    this.#events = events;
    this.#handshake = new HandshakeTimer(settings.random);
  }

  get state(): OpenerState['name'] {
    return this.#state.name;
  }

  /** The session, for its round trip and its windows. */
  get session(): Session | undefined {
    return sessionOf(this.#state);
  }

  /** How many packets and datagrams wait to be sent for the first time. */
  get waiting(): number {
    return this.#queues.packets.size + this.#queues.datagrams.size;
  }

  /** The longest frame that is received, without its checksum. */
  get maxFrameBytes(): number {
    // The window of the other direction, and so the length of the header, is not known before the handshake.
    return Math.max(headerBytes(MAX_WINDOW) + this.#settings.maxPacketBytes, MAX_HANDSHAKE_BYTES - CRC_BYTES);
  }

  /** Whether any packet or datagram waits, or is not acknowledged. */
  get hasPackets(): boolean {
    return this.waiting > 0 || (this.session?.outgoing.count ?? 0) > 0;
  }

  /** Whether {@link write} has something to write. */
  get hasWork(): boolean {
    switch (this.#state.name) {
      case 'opening':
        return this.#handshake.isDue;
      case 'inSession':
        return this.#state.session.hasWork;
      default:
        return false;
    }
  }

  /** When to call {@link advance}. Infinity if time changes nothing. */
  get dueAtMs(): number {
    const { packets, datagrams } = this.#queues;
    const session = sessionOf(this.#state);
    let dueAtMs = Math.min(
      session?.outgoing.oldest?.deadlineMs ?? packets.first?.deadlineMs ?? Number.POSITIVE_INFINITY,
      datagrams.first?.deadlineMs ?? Number.POSITIVE_INFINITY,
    );
    if (this.#state.name === 'opening') {
      dueAtMs = Math.min(dueAtMs, this.#handshake.dueAtMs);
    } else if (this.#state.name === 'inSession') {
      dueAtMs = Math.min(dueAtMs, this.#state.session.dueAtMs, this.#isSilent ? dueAtMs : this.#silentAtMs);
    }
    return dueAtMs;
  }

  /** The port is open, and the device has settled. */
  portOpened(nowMs: number): void {
    this.#move({ type: 'portOpened' }, nowMs);
  }

  /** The port was closed or lost. The session waits for it. */
  portClosed(nowMs: number): void {
    this.#move({ type: 'portClosed' }, nowMs);
  }

  /** Ends the session, if there is one. Each packet that was not acknowledged fails. */
  end(nowMs: number): void {
    const unsettled = this.#endSession();
    this.#move({ type: 'end' }, nowMs);
    this.#fail([...unsettled, ...this.#drainQueues()], 'CLOSED');
  }

  /**
   * Sends a packet, in order, after the handshake.
   *
   * @param packet - must not be changed until it is settled or aborted
   * @param listener - may be called within this call, if the packet can never be sent
   */
  send(packet: Uint8Array, listener: DeliveryListener, nowMs: number): OutgoingPacket {
    return this.#add(this.#queues.packets, packet, listener, nowMs);
  }

  /** Sends a datagram after the handshake: at most once, and perhaps before packets that were sent earlier. */
  sendDatagram(packet: Uint8Array, listener: DeliveryListener, nowMs: number): OutgoingPacket {
    return this.#add(this.#queues.datagrams, packet, listener, nowMs);
  }

  /** Nothing more is reported of this packet. If it has a number, it is still sent until it is taken. */
  abort(packet: OutgoingPacket): void {
    if (packet.place === 'waiting') {
      this.stats.packetsAborted++;
      this.#queues.packets.delete(packet);
      this.#queues.datagrams.delete(packet);
      packet.place = 'settled';
    }
    packet.abort();
  }

  /** Reads a frame whose checksum was right, without it. The opener keeps its memory. */
  receive(body: Uint8Array, nowMs: number): void {
    if (this.#isSilent) {
      this.#isSilent = false;
      this.#events.silent(false);
    }
    if (body[0]! >> 6 === FRAME_KINDS.handshake) {
      this.#receiveHandshake(body, nowMs);
    } else {
      sessionOf(this.#state)?.receive(body, nowMs);
    }
  }

  /** The next packet or datagram for the application, or `undefined`. A packet is acknowledged from now on. */
  take(): Uint8Array | undefined {
    return sessionOf(this.#state)?.take();
  }

  /** Acts on the time. Not before {@link dueAtMs} is there anything to do. */
  advance(nowMs: number): void {
    this.#expire(nowMs);
    if (this.#state.name === 'opening') {
      this.#handshake.advance(nowMs);
    } else if (this.#state.name === 'inSession') {
      this.#state.session.advance(nowMs);
      if (!this.#isSilent && this.#silentAtMs <= nowMs) {
        this.#isSilent = true;
        this.#events.silent(true);
        // On a line that repeats an old OPEN, the peer may have forgotten the session before it was confirmed.
        const { isConfirmed, outgoing } = this.#state.session;
        if (!isConfirmed && outgoing.count === 0) {
          this.#move({ type: 'unconfirmed' }, nowMs);
        }
      }
    }
  }

  /**
   * Writes whole frames while there is something to send and room for it.
   *
   * @param target - `maxWriteBytes` of the longest packet has room for any frame
   * @returns the index after the last frame
   */
  write(target: Uint8Array, offset: number, nowMs: number): number {
    switch (this.#state.name) {
      case 'opening':
        return this.#handshake.isDue ? this.#writeOpen(target, offset, nowMs) : offset;
      case 'inSession':
        return this.#state.session.write(target, offset, nowMs, Number.POSITIVE_INFINITY);
      default:
        return offset;
    }
  }

  get #silentAtMs(): number {
    const { heardAtMs = Number.POSITIVE_INFINITY } = sessionOf(this.#state) ?? {};
    return heardAtMs + this.#settings.keepAliveMs;
  }

  #add(queue: PacketQueue, payload: Uint8Array, listener: DeliveryListener, nowMs: number): OutgoingPacket {
    const packet = new OutgoingPacket(payload, nowMs + this.#settings.ackTimeoutMs, listener);
    const session = sessionOf(this.#state);
    this.stats.packetsAccepted++;
    if (this.#state.name === 'incompatible') {
      this.#fail([packet], 'PEER_INCOMPATIBLE');
    } else if (session !== undefined && payload.length > session.settings.sendMaxPacketBytes) {
      this.#fail([packet], 'PACKET_TOO_LARGE');
    } else {
      queue.push(packet);
    }
    return packet;
  }

  #receiveHandshake(body: Uint8Array, nowMs: number): void {
    this.stats.handshakesReceived++;
    const frame = readHandshake(body);
    const isAnswer = frame?.type === 'status' && frame.h === this.#handshake.h && frame.h !== 0;
    if (isAnswer && this.#state.name === 'opening') {
      this.#receiveStatus(frame, nowMs);
    } else if (frame?.type === 'noSession') {
      this.#receiveNoSession(frame, nowMs);
    } else {
      this.stats.handshakesIgnored++;
    }
  }

  #receiveStatus(status: StatusFrame, nowMs: number): void {
    const { baudRate, keepAliveMs, maxPacketBytes, receiveWindow } = this.#settings;
    const reason = refusal(status, receiveWindow, maxPacketBytes);
    if (reason !== undefined) {
      this.#move({ type: 'refused', reason }, nowMs);
      this.#events.incompatible(reason);
      this.#fail(this.#drainQueues(), 'PEER_INCOMPATIBLE');
      return;
    }
    const settings = {
      key: sessionKey(status.h, status.d),
      d: status.d,
      sendWindow: status.receiveWindow,
      receiveWindow: status.sendWindow,
      sendMaxPacketBytes: status.receiveMaxPacketBytes,
      receiveMaxPacketBytes: status.sendMaxPacketBytes,
      baudRate,
      pollMs: keepAliveMs / POLLS,
      roundTripMs: nowMs - this.#handshake.sentAtMs,
    };
    const session = new Session(settings, this.#queues, this.stats, nowMs, true);
    this.#move({ type: 'accepted', session }, nowMs);
    this.stats.sessions++;
    const tooLarge = this.#drainQueues(({ payload }) => payload.length > status.receiveMaxPacketBytes);
    this.#fail(tooLarge, 'PACKET_TOO_LARGE');
    this.#events.established(status);
  }

  #receiveNoSession({ d }: NoSessionFrame, nowMs: number): void {
    const state = this.#state;
    if (state.name === 'inSession' && (d === 0 || d !== state.session.settings.d)) {
      const unsettled = [...this.#endSession(), ...this.#drainQueues()];
      this.#move({ type: 'noSession' }, nowMs);
      this.stats.peerResets++;
      this.#fail(unsettled, 'PEER_RESET');
      this.#events.ended('PEER_RESET');
    } else if (state.name === 'incompatible') {
      this.#move({ type: 'noSession' }, nowMs);
    } else {
      this.stats.handshakesIgnored++;
      if (state.name === 'opening') {
        this.#handshake.peerStarted(nowMs);
      }
    }
  }

  /** Fails the packets whose time is over. If one of them has a number, its session ends with it. */
  #expire(nowMs: number): void {
    const session = sessionOf(this.#state);
    const isExpired = (packet: OutgoingPacket | undefined) => packet !== undefined && packet.deadlineMs <= nowMs;
    if (isExpired(session?.outgoing.oldest)) {
      const causeOf = timeoutCauses(this.#state, this.#settings, nowMs);
      const unsettled = [...this.#endSession(), ...this.#drainQueues()];
      this.#move({ type: 'ackTimeout' }, nowMs);
      this.stats.ackTimeouts++;
      const cause = causeOf(unsettled[0]!);
      this.#fail(unsettled, 'ACK_TIMEOUT', causeOf);
      this.#events.ended('ACK_TIMEOUT', cause);
      return;
    }
    for (const queue of [this.#queues.packets, this.#queues.datagrams]) {
      if (isExpired(queue.first)) {
        this.#fail(queue.remove(isExpired), 'ACK_TIMEOUT', timeoutCauses(this.#state, this.#settings, nowMs));
      }
    }
  }

  #move(event: OpenerEvent, nowMs: number): void {
    const before = this.#state;
    const state = transition(before, event);
    if (state === before) {
      return;
    }
    this.#state = state;
    if (state.name === 'opening') {
      this.#handshake.start();
    } else if (state.name === 'inSession' && before.name === 'away') {
      state.session.resume(nowMs);
    }
  }

  #endSession(): OutgoingPacket[] {
    return sessionOf(this.#state)?.end() ?? [];
  }

  #drainQueues(isMatch: (packet: OutgoingPacket) => boolean = () => true): OutgoingPacket[] {
    return [...this.#queues.packets.remove(isMatch), ...this.#queues.datagrams.remove(isMatch)];
  }

  #fail(packets: readonly OutgoingPacket[], code: DeliveryFailure['code'], causeOf?: CauseOf): void {
    for (const packet of packets) {
      this.stats.packetsFailed++;
      packet.failed(code, causeOf?.(packet));
    }
  }

  #writeOpen(target: Uint8Array, offset: number, nowMs: number): number {
    const { receiveWindow: window, maxPacketBytes } = this.#settings;
    if (target.length - offset < maxWireBytes(MAX_HANDSHAKE_BYTES) + 1) {
      return offset;
    }
    const h = this.#handshake.next(nowMs);
    this.stats.handshakesSent++;
    const body = handshakeBody({ type: 'open', version: PROTOCOL_VERSION, h, window, maxPacketBytes });
    // The delimiter ends half a frame that the peer may have received.
    target[offset] = 0;
    return encodeFrame(body, target, offset + 1);
  }
}
