import type { DecodedValue, Decoder } from '../decoders/index.js';
import type { PacketRecord } from '../records/packet-record.js';

/** What became of a packet: its meaning, or why it has none. */
export type Decoded = { readonly value: DecodedValue } | { readonly problem: string };

/** Decodes the packet of a record; a rejected frame has none. */
export function decodeRecord({ bytes, error }: PacketRecord, decoder: Decoder): Decoded | undefined {
  if (error !== undefined) {
    return undefined;
  }
  try {
    return { value: decoder.decode(bytes) };
  } catch (cause) {
    return { problem: `not ${decoder.name}: ${(cause as Error).message}` };
  }
}
