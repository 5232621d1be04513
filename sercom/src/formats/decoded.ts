import type { DecodedValue } from '../decoders/index.js';
import type { RecordDecoder } from '../decoders/record-decoder.js';
import type { PacketRecord } from '../records/record.js';
import { shorten } from '../text/shorten.js';

/** A decoded packet, or why it could not be decoded. */
export type Decoded = { readonly value: DecodedValue } | { readonly problem: string };

/** Reasons that quote the packet may be as long as it is. */
const MAX_REASON_CHARACTERS = 200;

/** Where a record has its result. */
const RESULT = Symbol('decoded');

/** As a property, because the result of a record in a `WeakMap` takes much longer to set than most packets to decode. */
interface DecodedRecord extends PacketRecord {
  [RESULT]?: Result;
}

interface Result {
  /** A copy of the record that differs has this property, too. */
  readonly record: PacketRecord;
  readonly decoders: RecordDecoder;
  readonly decoded: Decoded | undefined;
}

/**
 * Decodes the packet of a record. A rejected frame, an error reply and bytes as they arrived have none, and there may be no
 * decoder for a packet. Several sinks may ask for the same record, some of them much later, so it keeps its last result.
 */
export function decodeRecord(record: DecodedRecord, decoders: RecordDecoder): Decoded | undefined {
  let result = record[RESULT];
  if (result?.record !== record || result.decoders !== decoders) {
    result = { record, decoders, decoded: decode(record, decoders) };
    record[RESULT] = result;
  }
  return result.decoded;
}

function decode(record: PacketRecord, decoders: RecordDecoder): Decoded | undefined {
  const hasPacket = record.error === undefined && !record.isRaw && record.request?.kind !== 'error';
  const decoder = hasPacket ? decoders.of(record) : undefined;
  if (decoder === undefined) {
    return undefined;
  }
  try {
    return { value: decoder.decode(record.bytes) };
  } catch (cause) {
    return { problem: `cannot decode as ${decoder.name}: ${shorten((cause as Error).message, MAX_REASON_CHARACTERS)}` };
  }
}
