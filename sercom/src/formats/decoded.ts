import type { DecodedValue, Decoder } from '../decoders/index.js';
import type { PacketRecord } from '../records/record.js';

/** A decoded packet, or why it could not be decoded. */
export type Decoded = { readonly value: DecodedValue } | { readonly problem: string };

/** Reasons that quote the packet may be as long as it is. */
const MAX_REASON_CHARACTERS = 200;

/** Decodes the packet of a record. A rejected frame and bytes as they arrived have none. */
export function decodeRecord({ bytes, error, isRaw }: PacketRecord, decoder: Decoder): Decoded | undefined {
  if (error !== undefined || isRaw) {
    return undefined;
  }
  try {
    return { value: decoder.decode(bytes) };
  } catch (cause) {
    return { problem: `cannot decode as ${decoder.name}: ${cut((cause as Error).message)}` };
  }
}

function cut(reason: string): string {
  return reason.length > MAX_REASON_CHARACTERS ? `${reason.slice(0, MAX_REASON_CHARACTERS)}…` : reason;
}
