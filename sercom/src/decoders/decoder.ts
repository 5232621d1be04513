import type { Jsonable } from './jsonable.js';

/** What a packet means. */
export interface DecodedValue {
  /** Something that JSON can hold. */
  readonly value: Jsonable;
  /** The same for people, in one line once it has been escaped. It is not escaped yet. */
  readonly text: string;
}

/** Makes values of packets. */
export interface Decoder {
  /** What the format is called in messages: `cbor`. */
  readonly name: string;
  /**
   * @throws Error with the reason if the packet is not of the format
   */
  decode(packet: Uint8Array): DecodedValue;
}
