import { appendCrc32 } from '../framing/crc.js';
import { encodeFrame, maxWireBytes } from '../framing/frame-encoder.js';
import type { DeliveryStats } from './delivery-stats.js';
import type { OutgoingPacket } from './outgoing-packet.js';
import type { SendQueues } from './packet-queue.js';
import { ReceiveWindow } from './receive-window.js';
import { RoundTrip } from './round-trip.js';
import { SendWindow } from './send-window.js';
import { CRC_BYTES, FRAME_KINDS, headerBytes, POLL_FLAG, SEQUENCE_SPACE } from './wire-format.js';

/** How many datagrams wait for the application. More are dropped. */
const MAX_WAITING_DATAGRAMS = 64;

/** Sizes and times of a session. */
export interface SessionSettings {
  /** The CRC's initial value. */
  readonly key: number;
  /** The start counter of the answerer, or 0. */
  readonly d: number;
  /** How many packets the peer can hold. */
  readonly sendWindow: number;
  /** How many packets this end can hold. */
  readonly receiveWindow: number;
  /** The largest packet that the peer accepts. */
  readonly sendMaxPacketBytes: number;
  /** The largest packet that this end accepts. */
  readonly receiveMaxPacketBytes: number;
  /** Line speed in bit/s: the least time-out follows from it. */
  readonly baudRate: number;
  /** How long nothing may arrive before the peer is polled. */
  readonly pollMs: number;
  /** The round trip of the handshake, if it was measured. */
  readonly roundTripMs: number | undefined;
}

/** One session, the same at both ends: numbers, acknowledgements, time-outs. */
export class Session {
  readonly settings: SessionSettings;
  readonly outgoing: SendWindow;
  readonly incoming: ReceiveWindow;
  readonly #queues: SendQueues;
  readonly #stats: DeliveryStats;
  /** The frame that is being written, before it is encoded. */
  readonly #body: Uint8Array;
  /** The part of it that the last frame took. The next one often has the same length. */
  #frame: Uint8Array;
  readonly #sendHeaderBytes: number;
  readonly #receiveHeaderBytes: number;
  #datagrams: Uint8Array[] = [];
  /** The number of the next datagram to be sent. */
  #nextDatagram = 0;
  /** The number of the last datagram that arrived, or -1. One with the same number is the same. */
  #lastDatagram = -1;
  #owesAck = false;
  #wantsPoll: boolean;
  /** When something valid last arrived. */
  #heardAtMs: number;
  #polledAtMs: number;
  /** Polls since something arrived that a poll could be about. */
  #polls = 0;
  #isConfirmed = false;
  /** Since the port was opened again, until something arrives. What was never sent waits, so that it is not lost. */
  #mayBeGone = false;
  /** The longest frames of this session so far, without their CRCs. */
  #longestSentBytes = 0;
  #longestReceivedBytes = 0;
  /** Packets and datagrams take turns, if there are both: when taken, and when sent. */
  #takesDatagram = true;
  #sendsDatagram = true;

  /** @param polls - whether to begin with a poll, unless there is something to send */
  constructor(settings: SessionSettings, queues: SendQueues, stats: DeliveryStats, nowMs: number, polls: boolean) {
    const { sendWindow, receiveWindow, sendMaxPacketBytes, roundTripMs } = settings;
    this.settings = settings;
    this.#queues = queues;
    this.#stats = stats;
    this.#sendHeaderBytes = headerBytes(receiveWindow);
    this.#receiveHeaderBytes = headerBytes(sendWindow);
    this.#body = new Uint8Array(this.#sendHeaderBytes + sendMaxPacketBytes + CRC_BYTES);
    this.#frame = this.#body;
    this.outgoing = new SendWindow(sendWindow, new RoundTrip(roundTripMs), stats);
    this.incoming = new ReceiveWindow(receiveWindow);
    this.#heardAtMs = nowMs;
    this.#polledAtMs = nowMs;
    this.#wantsPoll = polls;
  }

  /** Whether a frame of this session has arrived. */
  get isConfirmed(): boolean {
    return this.#isConfirmed;
  }

  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  /** Packets and datagrams that have arrived and were not taken. */
  get waiting(): number {
    return this.incoming.waiting + this.#datagrams.length;
  }

  /** When to call {@link advance}. */
  get dueAtMs(): number {
    return Math.min(this.outgoing.timeoutAtMs, this.#pollAtMs);
  }

  /** Reads a frame whose CRC was that of this session, without the CRC. The session keeps the memory. */
  receive(body: Uint8Array, nowMs: number): void {
    const end = body.length;
    const kind = body[0]! >> 6;
    if (end < this.#receiveHeaderBytes || end > this.#receiveHeaderBytes + this.settings.receiveMaxPacketBytes) {
      this.#stats.invalidFrames++;
      return;
    }
    const flagsAndNext = body[1]!;
    if (end > this.#longestReceivedBytes) {
      this.#longestReceivedBytes = end;
      this.#setMinTimeout();
    }
    this.#isConfirmed = true;
    this.#mayBeGone = false;
    this.#heardAtMs = nowMs;
    const progressed = this.outgoing.acknowledge(flagsAndNext & (SEQUENCE_SPACE - 1), body, 2, nowMs);
    if (progressed || this.outgoing.count === 0) {
      this.#polls = 0;
    }
    if ((flagsAndNext & POLL_FLAG) !== 0) {
      this.#owesAck = true;
    }
    if (kind === FRAME_KINDS.ack) {
      this.#stats.acksReceived++;
    } else if (kind === FRAME_KINDS.data) {
      this.#owesAck = true;
      this.#stats.dataFramesReceived++;
      const number = body[0]! & (SEQUENCE_SPACE - 1);
      if (!this.incoming.add(number, body.subarray(this.#receiveHeaderBytes, end))) {
        this.#stats.duplicates++;
      }
    } else {
      this.#stats.datagramsReceived++;
      const number = body[0]! & (SEQUENCE_SPACE - 1);
      if (number === this.#lastDatagram) {
        this.#stats.duplicates++;
        return;
      }
      this.#lastDatagram = number;
      if (this.#datagrams.length < MAX_WAITING_DATAGRAMS) {
        this.#datagrams.push(body.subarray(this.#receiveHeaderBytes, end));
      } else {
        this.#stats.datagramsDropped++;
      }
    }
  }

  /** The next packet or datagram for the application. A packet is acknowledged from now on. */
  take(): Uint8Array | undefined {
    if (this.#datagrams.length > 0 && (this.#takesDatagram || !this.incoming.hasNext)) {
      this.#takesDatagram = false;
      this.#stats.datagramsTaken++;
      return this.#datagrams.shift();
    }
    this.#takesDatagram = true;
    const packet = this.incoming.take();
    if (packet !== undefined) {
      this.#owesAck = true;
      this.#stats.packetsTaken++;
    }
    return packet;
  }

  /** Acts on the time. Then, there may be something to write. */
  advance(nowMs: number): void {
    if (this.outgoing.timeoutAtMs <= nowMs) {
      this.outgoing.timeOut();
    } else if (this.#pollAtMs <= nowMs) {
      this.#wantsPoll = true;
    }
  }

  /** The port was opened again. */
  resume(nowMs: number): void {
    this.outgoing.resume();
    this.#polls = 0;
    this.#wantsPoll = true;
    this.#mayBeGone = true;
    this.#heardAtMs = nowMs;
  }

  /** Ends the session. What has arrived and was not taken is dropped. Returns the packets that were not acknowledged. */
  end(): OutgoingPacket[] {
    this.#stats.packetsDropped += this.incoming.waiting;
    this.#stats.datagramsDropped += this.#datagrams.length;
    return this.outgoing.end();
  }

  /** Whether {@link write} has something to write. */
  get hasWork(): boolean {
    const { outgoing } = this;
    const { packets, datagrams } = this.#queues;
    return (
      this.#owesAck ||
      this.#wantsPoll ||
      outgoing.mayResend ||
      (!this.#mayBeGone && ((packets.first !== undefined && outgoing.mayAdd) || datagrams.first !== undefined))
    );
  }

  /**
   * Writes whole frames while there is something to send and room for it.
   *
   * @param maxFrames - 1 to write one frame at most
   * @returns the index after the last frame
   */
  write(target: Uint8Array, offset: number, nowMs: number, maxFrames: number): number {
    let at = offset;
    for (let frames = 0; frames < maxFrames; frames++) {
      const end = this.#writeNext(target, at, nowMs);
      if (end === at) {
        break;
      }
      at = end;
    }
    return at;
  }

  /** When to poll. */
  get #pollAtMs(): number {
    if (this.#wantsPoll) {
      // Waits for the port, not for a time.
      return Number.POSITIVE_INFINITY;
    }
    const { pollMs } = this.settings;
    const { inFlight, count, roundTrip } = this.outgoing;
    const { timeoutMs } = roundTrip;
    // A packet in flight that never gets through is never answered. A poll shows whether the peer is there.
    const waitMs =
      inFlight > 0 || (this.#isConfirmed && this.#polls === 0 && count === 0)
        ? pollMs
        : Math.min(timeoutMs * 2 ** this.#polls, Math.max(timeoutMs, pollMs));
    return Math.max(this.#heardAtMs, this.#polledAtMs) + waitMs;
  }

  #writeNext(target: Uint8Array, offset: number, nowMs: number): number {
    const { outgoing } = this;
    const roomBytes = target.length - offset;
    if (outgoing.mayResend) {
      const number = outgoing.numberToResend();
      return this.#fits(outgoing.packet(number), roomBytes) ? this.#writeData(number, target, offset, nowMs) : offset;
    }
    const { packets, datagrams } = this.#queues;
    const packet = outgoing.mayAdd && !this.#mayBeGone ? packets.first : undefined;
    const datagram = this.#mayBeGone ? undefined : datagrams.first;
    if (datagram !== undefined && (this.#sendsDatagram || packet === undefined)) {
      return this.#fits(datagram, roomBytes) ? this.#writeDatagram(target, offset) : offset;
    }
    if (packet !== undefined) {
      if (!this.#fits(packet, roomBytes)) {
        return offset;
      }
      packets.delete(packet);
      return this.#writeData(outgoing.add(packet), target, offset, nowMs);
    }
    const needsAck = this.#owesAck || this.#wantsPoll;
    return needsAck && roomBytes > maxWireBytes(this.#sendHeaderBytes + CRC_BYTES)
      ? this.#writeAck(target, offset, nowMs)
      : offset;
  }

  #fits(packet: OutgoingPacket, roomBytes: number): boolean {
    return roomBytes >= maxWireBytes(this.#sendHeaderBytes + packet.payload.length + CRC_BYTES);
  }

  #writeData(number: number, target: Uint8Array, offset: number, nowMs: number): number {
    const packet = this.outgoing.packet(number);
    this.outgoing.transmitted(number, nowMs);
    this.#stats.dataFramesSent++;
    this.#sendsDatagram = true;
    // It will be answered.
    this.#wantsPoll = false;
    return this.#writeFrame((FRAME_KINDS.data << 6) | number, 0, packet.payload, target, offset);
  }

  #writeDatagram(target: Uint8Array, offset: number): number {
    const packet = this.#queues.datagrams.shift()!;
    packet.transmitted();
    this.#stats.datagramsSent++;
    this.#sendsDatagram = false;
    const number = this.#nextDatagram;
    this.#nextDatagram = (number + 1) & (SEQUENCE_SPACE - 1);
    const end = this.#writeFrame((FRAME_KINDS.datagram << 6) | number, 0, packet.payload, target, offset);
    packet.delivered();
    return end;
  }

  #writeAck(target: Uint8Array, offset: number, nowMs: number): number {
    const flags = this.#wantsPoll ? POLL_FLAG : 0;
    let at = offset;
    this.#stats.acksSent++;
    if (this.#wantsPoll) {
      if (this.outgoing.count > 0) {
        // Ends half a frame, for which the peer had no more room.
        target[at++] = 0;
      }
      this.#stats.pollsSent++;
      this.#wantsPoll = false;
      // Beyond this, the time between two polls no longer grows.
      this.#polls = Math.min(this.#polls + 1, 16);
      this.#polledAtMs = nowMs;
    }
    return this.#writeFrame(FRAME_KINDS.ack << 6, flags, undefined, target, at);
  }

  /** An acknowledgement takes at least as long as a frame each way on the line. */
  #setMinTimeout(): void {
    const bytes =
      maxWireBytes(this.#longestSentBytes + CRC_BYTES) + maxWireBytes(this.#longestReceivedBytes + CRC_BYTES);
    this.outgoing.roundTrip.minTimeoutMs = (2 * bytes * 10_000) / this.settings.baudRate + 20;
  }

  #writeFrame(
    kindAndNumber: number,
    flags: number,
    payload: Uint8Array | undefined,
    target: Uint8Array,
    offset: number,
  ): number {
    const body = this.#body;
    body[0] = kindAndNumber;
    body[1] = flags | this.incoming.next;
    let end = this.incoming.writeHeld(body, 2);
    if (payload !== undefined) {
      body.set(payload, end);
      end += payload.length;
    }
    this.#owesAck = false;
    if (end > this.#longestSentBytes) {
      this.#longestSentBytes = end;
      this.#setMinTimeout();
    }
    appendCrc32(body, end, this.settings.key);
    end += CRC_BYTES;
    if (this.#frame.length !== end) {
      this.#frame = body.subarray(0, end);
    }
    return encodeFrame(this.#frame, target, offset);
  }
}
