import type { JsonValue } from './json-value.js';

/** The result of decoding a packet. */
export interface DecodedValue {
  readonly value: JsonValue;
  /** The value as people read it. Not escaped yet; escaping makes it one line. */
  readonly text: string;
}

/** Decodes packets of one format. */
export interface Decoder {
  /** Name of the format in messages, for example `cbor`. */
  readonly name: string;
  /**
   * Decodes one packet.
   *
   * @throws Error with the reason if the packet is not in this format
   */
  decode(packet: Uint8Array): DecodedValue;
}
