import { crc32 } from 'node:zlib';
import cobs from 'cobs';
import type { ReadPort } from '../../../src/index.js';
import { readRaw } from '../../support/raw-port.js';

const HANDSHAKE_KEY = 0xffff_ffff;
const KINDS = ['DATA', 'ACK', 'DATAGRAM'];

/**
 * The host of a session over a raw port, in the words of docs/wire.md. It decides nothing by itself: each test makes its frames. It
 * shares no code with the library.
 */
export class HandMadeHost {
  /** Another one, if that was closed. */
  port: ReadPort;
  #key = HANDSHAKE_KEY;
  #unread = Buffer.alloc(0);

  constructor(port: ReadPort) {
    this.port = port;
  }

  /** Begins a session with an H, with a device without a start counter. The device learns of it with the next frame. */
  async open(h: number, hostMaxPacketBytes = 65_535): Promise<string> {
    const open = Buffer.alloc(9);
    open.writeUInt16BE(0xc101, 0);
    open.writeUInt32BE(h, 2);
    open.writeUInt8(32, 6);
    open.writeUInt16BE(hostMaxPacketBytes, 7);
    await this.port.write(frameOf(open, HANDSHAKE_KEY));
    let frame: string;
    do {
      frame = await this.next();
    } while (!frame.startsWith('STATUS'));
    // The H and D of the STATUS.
    const [, fields] = frame.split(' ');
    this.#key = crc32(Buffer.from(fields!.slice(0, 16), 'hex')) >>> 0;
    return frame;
  }

  /** Sends `DATA`. */
  data(number: number, next: number, text: string): Promise<void> {
    return this.port.write(this.dataFrame(number, next, text));
  }

  /** `DATA` with the key of the session, to be sent later. */
  dataFrame(number: number, next: number, text: string): Buffer {
    return frameOf(Buffer.concat([Buffer.of(number, next, 0), Buffer.from(text)]), this.#key);
  }

  /** Sends an `ACK`. */
  ack(next: number, held = 0): Promise<void> {
    return this.port.write(this.ackFrame(next, held));
  }

  /** An `ACK` with the key of the session, to be sent later. */
  ackFrame(next: number, held = 0): Buffer {
    return frameOf(Buffer.of(0x40, next, held), this.#key);
  }

  /** Sends a poll. */
  poll(next: number): Promise<void> {
    return this.ack(next | 0x80);
  }

  /** Sends a `DATAGRAM`. */
  datagram(number: number, next: number, text: string): Promise<void> {
    return this.port.write(frameOf(Buffer.concat([Buffer.of(0x80 | number, next, 0), Buffer.from(text)]), this.#key));
  }

  /** The next frame of the device: `DATA number next held payload`, for example. Frames of other sessions are `invalid`. */
  async next(): Promise<string> {
    for (;;) {
      const end = this.#unread.indexOf(0);
      const frame = this.#unread.subarray(0, Math.max(0, end));
      if (end >= 0) {
        this.#unread = this.#unread.subarray(end + 1);
      }
      if (frame.length > 0) {
        return this.#show(Buffer.from(cobs.decode(frame)));
      }
      if (end < 0) {
        this.#unread = Buffer.concat([this.#unread, await readRaw(this.port)]);
      }
    }
  }

  #show(sealed: Buffer): string {
    const body = sealed.subarray(0, -4);
    const crc = sealed.readUInt32LE(body.length);
    if (body[0]! >= 0xc0 && crc === crcOf(body, HANDSHAKE_KEY)) {
      return `${['', 'OPEN', 'STATUS', 'NO_SESSION'][body[0]! & 0x3f]} ${body.toString('hex', 2)}`;
    }
    if (crc !== crcOf(body, this.#key)) {
      return 'invalid';
    }
    const header = `${KINDS[body[0]! >> 6]} ${body[0]! & 0x3f} next ${body[1]}`;
    return `${header} held ${body[2]!.toString(2)} ${body.toString('latin1', 3)}`.trimEnd();
  }
}

function crcOf(body: Buffer, key: number): number {
  return crc32(body, ~key >>> 0);
}

/** A frame on the wire, with its delimiter. */
function frameOf(body: Buffer, key: number): Buffer {
  const crc = Buffer.alloc(4);
  crc.writeUInt32LE(crcOf(body, key));
  return Buffer.concat([cobs.encode(Buffer.concat([body, crc])), Buffer.of(0)]);
}
