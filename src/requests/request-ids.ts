import { invalidOption, type OptionRule } from '../options.js';

/** Ids of a connection. */
export interface RequestIdOptions {
  /** Length of an id in bytes: 1 for up to 127 requests at a time, 2 for up to 32,767. */
  bytes: 1 | 2;
}

/** What `requestIds` accepts. */
export const aRequestIdOptions: OptionRule = {
  expected: '{ bytes: 1 } or { bytes: 2 }',
  accepts(value) {
    const { bytes } = (value ?? {}) as Partial<RequestIdOptions>;
    return (bytes === 1 || bytes === 2) && Object.keys(value as object).length === 1;
  },
};

/** @throws InvalidArgumentError (`INVALID_CONNECTION`) if `maxPacketBytes` of a connection is too small for its ids */
export function checkPacketLimit(
  where: string,
  maxPacketBytes: number,
  requestIds: RequestIdOptions | undefined,
): void {
  const leastBytes = requestIds === undefined ? 0 : requestIds.bytes + 1;
  if (maxPacketBytes < leastBytes) {
    throw invalidOption(
      `${where}: maxPacketBytes is ${maxPacketBytes}; with requestIds, an error reply needs ${leastBytes}`,
      'INVALID_CONNECTION',
    );
  }
}

/** Why the other end could not answer, in an error reply. */
export const REPLY_CODES = { handlerFailed: 1, noHandler: 2 } as const;

/** What a packet with an id is, seen from the host. */
export type PacketKind = 'plain' | 'reply' | 'error-reply' | 'device-request';

/** Up to this length, an array has its bytes in itself instead of in a buffer. */
const SHORT_BYTES = 64;

/** The id of a packet that is neither a request nor a reply. */
const PLAIN = 0;

/**
 * The ids before the packets of a connection, as docs/wire.md describes them: 0 for packets that are neither request nor
 * reply, ids without the top bit for requests of the host, ids with the top bit for those of the device. A reply repeats
 * the id of its request. The top bit alone marks an error reply.
 */
export class RequestIds {
  readonly bytes: 1 | 2;
  /** The highest id of a request of the host. */
  readonly maxHostId: number;
  readonly #errorId: number;

  constructor({ bytes }: RequestIdOptions) {
    this.bytes = bytes;
    this.#errorId = bytes === 1 ? 0x80 : 0x8000;
    this.maxHostId = this.#errorId - 1;
  }

  /** The id at an offset of a packet, which must be long enough. */
  idOf(packet: Uint8Array, offset = 0): number {
    return this.bytes === 1 ? packet[offset]! : (packet[offset]! << 8) | packet[offset + 1]!;
  }

  kindOf(id: number): PacketKind {
    if (id === PLAIN) {
      return 'plain';
    }
    if (id === this.#errorId) {
      return 'error-reply';
    }
    return id < this.#errorId ? 'reply' : 'device-request';
  }

  /** The packet without its id. */
  payloadOf(packet: Uint8Array): Uint8Array {
    // A view of a short array would first move its bytes to a buffer of their own, which costs more than a copy.
    return packet.length <= SHORT_BYTES ? packet.slice(this.bytes) : packet.subarray(this.bytes);
  }

  /** The packet behind its id. Copies the packet. */
  withId(id: number, packet: Uint8Array): Uint8Array {
    const { bytes } = this;
    const whole = Buffer.allocUnsafe(bytes + packet.length);
    if (bytes === 2) {
      whole[0] = id >> 8;
    }
    whole[bytes - 1] = id;
    whole.set(packet, bytes);
    return whole;
  }

  /** The packet behind the id of packets that are neither request nor reply. Copies the packet. */
  plain(packet: Uint8Array): Uint8Array {
    return this.withId(PLAIN, packet);
  }

  errorReply(requestId: number, code: number): Uint8Array {
    return this.withId(this.#errorId, this.withId(requestId, Uint8Array.of(code)));
  }

  /** The id of the request and the code in an error reply, or undefined if it has not exactly these two. */
  readErrorReply(packet: Uint8Array): { requestId: number; code: number } | undefined {
    return packet.length === 2 * this.bytes + 1
      ? { requestId: this.idOf(packet, this.bytes), code: packet[2 * this.bytes]! }
      : undefined;
  }
}
