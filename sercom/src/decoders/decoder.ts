import type { JsonValue } from './json-value.js';

/** The result of decoding a packet. */
export interface DecodedValue {
  readonly value: JsonValue;
  /** The value as people read it: JSON, or less than that where it is clear. Not escaped yet; escaping makes it one line. */
  readonly text: string;
}

/** Decodes packets of one format. */
export interface Decoder {
  /** The name that selects it, for example `cbor`: its key in the table of decoders. */
  readonly name: string;
  /**
   * Decodes one packet.
   *
   * @throws Error with the reason if the packet is not in this format
   */
  decode(packet: Uint8Array): DecodedValue;
}
