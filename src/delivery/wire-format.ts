import { appendCrc32, crc32 } from '../framing/crc.js';
import { maxWireBytes } from '../framing/frame-encoder.js';

/*
 * The frames of acknowledged delivery, to the byte. A frame on the wire is COBS(body ‖ CRC) and a delimiter. Here, bodies
 * are built and read. Numbers are most significant byte first, the CRC least significant byte first.
 */

export const PROTOCOL_VERSION = 1;

/** Sequence numbers are 0 to 63. */
export const SEQUENCE_SPACE = 64;

/** Half of the sequence space: a receiver can then tell new packets from repeated ones. */
export const MAX_WINDOW = 32;

/** What fits into the fields of OPEN and STATUS. */
export const MAX_PACKET_BYTES = 65_535;

/** The CRC's initial value for frames of the handshake. No session has this key. */
export const HANDSHAKE_KEY = 0xffffffff;

export const CRC_BYTES = 4;

/** Bits 7 and 6 of the first byte. The other six are the number. */
export const FRAME_KINDS = { data: 0, ack: 1, datagram: 2, handshake: 3 } as const;

/** Asks the peer to answer at once with an ACK. */
export const POLL_FLAG = 0x80;

const OPEN = 0xc1;
const STATUS = 0xc2;
const NO_SESSION = 0xc3;

/** The shortest frame, without its CRC: a header. */
export const MIN_FRAME_BYTES = 3;

/** The largest body of a handshake frame, with its CRC. */
export const MAX_HANDSHAKE_BYTES = 20;

/** The opener asks for a session. */
export interface OpenFrame {
  readonly type: 'open';
  readonly version: number;
  /** The opener's handshake number: random, not 0, new in each transmission. */
  readonly h: number;
  /** How many packets the opener can hold. */
  readonly window: number;
  /** The largest packet that the opener accepts. */
  readonly maxPacketBytes: number;
}

/** Answers an OPEN. The names of the sizes are from the point of view of the answerer. */
export interface StatusFrame {
  readonly type: 'status';
  readonly version: number;
  /** Of the OPEN that is answered. */
  readonly h: number;
  /** The answerer's start counter, or 0. */
  readonly d: number;
  readonly receiveWindow: number;
  readonly sendWindow: number;
  readonly receiveMaxPacketBytes: number;
  readonly sendMaxPacketBytes: number;
}

/** The answerer has no session: it has just started, or received a frame of a session that it does not know. */
export interface NoSessionFrame {
  readonly type: 'noSession';
  readonly version: number;
  readonly d: number;
}

export type HandshakeFrame = OpenFrame | StatusFrame | NoSessionFrame;

/** The key of a session: the CRC's initial value for all its frames. */
export function sessionKey(h: number, d: number): number {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, h);
  view.setUint32(4, d);
  const key = crc32(bytes, 8);
  return key === HANDSHAKE_KEY ? 0 : key;
}

/** The number of bytes of the bitmap `held`. */
export function heldBytes(window: number): number {
  return Math.ceil(window / 8);
}

/** The length of the header of a DATA, ACK or DATAGRAM frame that acknowledges a direction with this window. */
export function headerBytes(window: number): number {
  return 2 + heldBytes(window);
}

/** Most bytes of a frame before COBS besides its packet. */
export const FRAME_OVERHEAD_BYTES = headerBytes(MAX_WINDOW) + CRC_BYTES;

/** Room that any frame needs, if no packet is longer than this: on the wire, with the delimiters around it. */
export function maxWriteBytes(packetBytes: number): number {
  return maxWireBytes(Math.max(FRAME_OVERHEAD_BYTES + packetBytes, MAX_HANDSHAKE_BYTES)) + 1;
}

/** The body of a handshake frame, with its CRC. */
export function handshakeBody(frame: HandshakeFrame): Uint8Array {
  const body = new Uint8Array(MAX_HANDSHAKE_BYTES);
  const view = new DataView(body.buffer);
  let end: number;
  body[1] = frame.version;
  switch (frame.type) {
    case 'open':
      body[0] = OPEN;
      view.setUint32(2, frame.h);
      body[6] = frame.window;
      view.setUint16(7, frame.maxPacketBytes);
      end = 9;
      break;
    case 'status':
      body[0] = STATUS;
      view.setUint32(2, frame.h);
      view.setUint32(6, frame.d);
      body[10] = frame.receiveWindow;
      body[11] = frame.sendWindow;
      view.setUint16(12, frame.receiveMaxPacketBytes);
      view.setUint16(14, frame.sendMaxPacketBytes);
      end = 16;
      break;
    case 'noSession':
      body[0] = NO_SESSION;
      view.setUint32(2, frame.d);
      end = 6;
      break;
  }
  appendCrc32(body, end, HANDSHAKE_KEY);
  return body.subarray(0, end + CRC_BYTES);
}

/**
 * Reads a handshake frame, without its CRC. The version and the number after it are in the same place in
 * every version, and what follows may be longer in a later one.
 *
 * @returns `undefined` if it is of an unknown type, or too short
 */
export function readHandshake(body: Uint8Array): HandshakeFrame | undefined {
  const bytes = body.length;
  const view = new DataView(body.buffer, body.byteOffset, bytes);
  if (bytes < 6) {
    return undefined;
  }
  const version = body[1]!;
  const isKnown = version === PROTOCOL_VERSION;
  switch (body[0]) {
    case OPEN:
      if (isKnown && bytes !== 9) {
        return undefined;
      }
      return {
        type: 'open',
        version,
        h: view.getUint32(2),
        window: isKnown ? body[6]! : 0,
        maxPacketBytes: isKnown ? view.getUint16(7) : 0,
      };
    case STATUS:
      if (isKnown && bytes !== 16) {
        return undefined;
      }
      return {
        type: 'status',
        version,
        h: view.getUint32(2),
        d: isKnown ? view.getUint32(6) : 0,
        receiveWindow: isKnown ? body[10]! : 0,
        sendWindow: isKnown ? body[11]! : 0,
        receiveMaxPacketBytes: isKnown ? view.getUint16(12) : 0,
        sendMaxPacketBytes: isKnown ? view.getUint16(14) : 0,
      };
    case NO_SESSION:
      return { type: 'noSession', version, d: view.getUint32(2) };
    default:
      return undefined;
  }
}
