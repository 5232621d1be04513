import type { HeardFrame, HeardSession } from './heard-frame.js';
import { HeardNumbers } from './heard-numbers.js';
import { CRC_BYTES, FRAME_KINDS, headerBytes, MAX_WINDOW, POLL_FLAG, SEQUENCE_SPACE } from './wire-format.js';

/** The window that is assumed until the length of the headers is known. */
const USUAL_WINDOW = 8;
const USUAL_HEADER_BYTES = headerBytes(USUAL_WINDOW);
const MAX_HEADER_BYTES = headerBytes(MAX_WINDOW);

/** Who sends in a direction. */
export type Sender = 'host' | 'device';

/** A session in one direction: reads its frames, whose CRC has been checked. */
export class HeardDirection {
  readonly session: HeardSession;
  readonly #numbers = new HeardNumbers();
  /** The number and the payload of the latest datagram. A receiver drops another one with this number. */
  #datagram: { number: number; payload: Uint8Array } | undefined;
  /** Undefined if it is not known. */
  #sender: Sender | undefined;
  /** As an ACK or the window of the host has shown it. */
  #headerBytes: number | undefined;
  #usedHeaderBytes = USUAL_HEADER_BYTES;

  constructor(session: HeardSession) {
    this.session = session;
  }

  /** @param hostWindow - the window in OPEN, if it was heard. That of the device's packets is not larger */
  setSender(sender: Sender | undefined, hostWindow: number | undefined): void {
    this.#sender = sender;
    if (sender === 'host' && hostWindow !== undefined && hostWindow <= USUAL_WINDOW) {
      this.#headerBytes ??= USUAL_HEADER_BYTES;
    }
  }

  read(packet: Uint8Array): HeardFrame {
    const { session } = this;
    const kind = packet[0]! >> 6;
    const end = packet.length - CRC_BYTES;
    if (kind === FRAME_KINDS.ack) {
      this.#learnHeader(end);
    }
    const knownBytes = this.#knownHeaderBytes;
    const header = knownBytes ?? USUAL_HEADER_BYTES;
    if (header !== this.#usedHeaderBytes) {
      this.#usedHeaderBytes = header;
      this.#numbers.forgetContents();
    }
    if (end < header || end - header > this.#maxPayloadBytes) {
      return { type: 'unknown', packet };
    }
    const next = packet[1]! & (SEQUENCE_SPACE - 1);
    const isPoll = (packet[1]! & POLL_FLAG) !== 0;
    const about = { packet, session, next, held: heldNumbers(packet, header, next), isPoll };
    if (kind === FRAME_KINDS.ack) {
      return { type: 'ack', ...about };
    }
    const number = packet[0]! & (SEQUENCE_SPACE - 1);
    const payload = packet.subarray(header, end);
    const isExact = knownBytes !== undefined;
    if (kind === FRAME_KINDS.data) {
      const isNew = this.#numbers.isNew(number, payload, this.#window);
      return { type: 'data', ...about, number, payload, isNew, isExact };
    }
    const before = this.#datagram;
    const isNew = before?.number !== number || !isEqual(before.payload, payload);
    this.#datagram = { number, payload };
    return { type: 'datagram', ...about, number, payload, isNew, isExact };
  }

  get #knownHeaderBytes(): number | undefined {
    const { status } = this.session;
    if (status !== undefined && this.#sender !== undefined) {
      return headerBytes(this.#sender === 'host' ? status.sendWindow : status.receiveWindow);
    }
    return this.#headerBytes;
  }

  /** How many packets of this direction may be in flight. */
  get #window(): number {
    const { status } = this.session;
    if (status === undefined) {
      return MAX_WINDOW;
    }
    switch (this.#sender) {
      case 'host':
        return status.receiveWindow;
      case 'device':
        return status.sendWindow;
      default:
        return Math.max(status.receiveWindow, status.sendWindow);
    }
  }

  get #maxPayloadBytes(): number {
    const { status } = this.session;
    if (status === undefined || this.#sender === undefined) {
      return Number.POSITIVE_INFINITY;
    }
    return this.#sender === 'host' ? status.receiveMaxPacketBytes : status.sendMaxPacketBytes;
  }

  /** An ACK is nothing but a header. */
  #learnHeader(bytes: number): void {
    if (this.#headerBytes === undefined && bytes >= USUAL_HEADER_BYTES && bytes <= MAX_HEADER_BYTES) {
      this.#headerBytes = bytes;
    }
  }
}

function heldNumbers(packet: Uint8Array, header: number, next: number): number[] {
  const held: number[] = [];
  for (let index = 0; index < 8 * (header - 2); index++) {
    if ((packet[2 + (index >> 3)]! & (1 << (index & 7))) !== 0) {
      held.push((next + index) & (SEQUENCE_SPACE - 1));
    }
  }
  return held;
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
