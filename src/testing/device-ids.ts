/*
 * Ids as the device sees them. They share no code with the requests of the library, so that a fault there meets an
 * independent implementation.
 */

/** Codes of an error reply. */
export const ERROR_CODES = { handlerFailed: 1, noHandler: 2 } as const;

/** The parts of a received packet. */
export interface Split {
  readonly id: number;
  readonly payload: Uint8Array;
}

/** The ids before the packets of a device. */
export class DeviceIds {
  readonly #idBytes: number;
  /** The top bit: the id of an error reply. The ids of the device's own requests are above it. */
  readonly top: number;

  constructor(idBytes: number) {
    this.#idBytes = idBytes;
    this.top = idBytes === 1 ? 0x80 : 0x8000;
  }

  /** Whether an id is that of a request of the host. */
  isRequest(id: number): boolean {
    return id > 0 && id < this.top;
  }

  /** Puts an id before a packet. */
  join(id: number, payload: Uint8Array): Uint8Array {
    const idBytes = this.#idBytes === 1 ? [id] : [id >> 8, id & 0xff];
    return Uint8Array.of(...idBytes, ...payload);
  }

  /** The id of a packet, or undefined if the packet is too short for one. */
  idOf(packet: Uint8Array): number | undefined {
    if (packet.length < this.#idBytes) {
      return undefined;
    }
    return this.#idBytes === 1 ? packet[0]! : packet[0]! * 256 + packet[1]!;
  }

  /** Takes the id off a packet. Returns undefined if the packet is too short for one. */
  split(packet: Uint8Array): Split | undefined {
    const id = this.idOf(packet);
    return id === undefined ? undefined : { id, payload: packet.slice(this.#idBytes) };
  }

  /** The error reply to a request of the host. */
  errorReply(id: number, code: number): Uint8Array {
    return this.join(this.top, this.join(id, Uint8Array.of(code)));
  }

  /** What follows the id of an error reply: the id of the request, and the code. */
  splitError(payload: Uint8Array): { readonly id: number; readonly replyCode: number } | undefined {
    const split = payload.length === this.#idBytes + 1 ? this.split(payload) : undefined;
    return split && { id: split.id, replyCode: split.payload[0]! };
  }
}
