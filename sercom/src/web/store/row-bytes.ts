import type { PacketRecord } from '../../records/record.js';
import {
  dirOf,
  hasCode,
  heardTypeOf,
  type RowFields,
  reasonOf,
  requestKindOf,
  skippedOf,
  startInWire,
  WireForm,
  wireFormOf,
  wireReasonOf,
} from './row-fields.js';

/** The largest length that is kept: that of a frame that never ended may be larger. */
export const MAX_LENGTH = 2 ** 32 - 1;

/** The id and the code. */
const REQUEST_BYTES = 3;

/** The number of what was heard. */
const HEARD_BYTES = 8;

/** Of the bytes on the wire: the length and how many are held. Of the packet: where it begins in them, and its size. */
const WIRE_BYTES = 16;

/** A part of the memory of a chunk. */
export interface ByteRange {
  readonly bytes: Uint8Array;
  /** Of the same memory. */
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
}

/** How many bytes a record needs for its packet, its id and its bytes on the wire. The packet is held once if it can be. */
export function recordBytes(record: PacketRecord, fields: RowFields): number {
  const { bytes, request, heard, onWire } = record;
  const extras = (request === undefined ? 0 : REQUEST_BYTES) + (heard === undefined ? 0 : HEARD_BYTES);
  if (onWire === undefined) {
    return extras + bytes.length;
  }
  if (wireFormOf(fields) === WireForm.suffix) {
    return extras + onWire.bytes.length;
  }
  return extras + WIRE_BYTES + onWire.bytes.length + (startInWire(record, onWire) < 0 ? bytes.length : 0);
}

/** Writes as many bytes as {@link recordBytes} says. */
export function writeRecord(record: PacketRecord, fields: RowFields, { bytes, view, start }: ByteRange): void {
  const { request, heard, onWire } = record;
  let at = start;
  if (request !== undefined) {
    view.setUint16(at, request.id);
    view.setUint8(at + 2, request.code ?? 0);
    at += REQUEST_BYTES;
  }
  if (heard !== undefined) {
    view.setFloat64(at, heard.number);
    at += HEARD_BYTES;
  }
  if (wireFormOf(fields) === WireForm.general) {
    writeWire(record, onWire!, bytes, view, at);
  } else {
    bytes.set((onWire ?? record).bytes, at);
  }
}

function writeWire(record: PacketRecord, onWire: PacketRecord, bytes: Uint8Array, view: DataView, at: number): void {
  const start = startInWire(record, onWire);
  const wireBytes = onWire.bytes.length;
  const wireAt = at + WIRE_BYTES;
  view.setUint32(at, Math.min(onWire.length, MAX_LENGTH));
  view.setUint32(at + 4, wireBytes);
  view.setUint32(at + 8, start < 0 ? wireBytes : start);
  view.setUint32(at + 12, record.bytes.length);
  bytes.set(onWire.bytes, wireAt);
  if (start < 0) {
    bytes.set(record.bytes, wireAt + wireBytes);
  }
}

/** What a chunk holds of a record besides its bytes. */
interface RecordHead {
  readonly timeUs: number;
  readonly name: string;
  readonly length: number;
  readonly fields: RowFields;
}

/**
 * Reads what {@link writeRecord} has written. The bytes of the record are a part of this memory.
 *
 * @param isWithWire - whether the record gets its `onWire`
 */
export function readRecord(
  head: RecordHead,
  { bytes, view, start, end }: ByteRange,
  isWithWire: boolean,
): PacketRecord {
  const { timeUs, name, length, fields } = head;
  const dir = dirOf(fields);
  const record: PacketRecord = { timeUs, name, dir, length, bytes };
  const error = reasonOf(fields);
  if (error !== undefined) {
    record.error = error;
  }
  let at = start;
  const kind = requestKindOf(fields);
  if (kind !== undefined) {
    const id = view.getUint16(at);
    record.request = hasCode(fields) ? { kind, id, code: view.getUint8(at + 2) } : { kind, id };
    at += REQUEST_BYTES;
  }
  const type = heardTypeOf(fields);
  if (type !== undefined) {
    record.heard = { type, number: view.getFloat64(at) };
    at += HEARD_BYTES;
  }
  const form = wireFormOf(fields);
  if (form === WireForm.general) {
    readWire(record, { bytes, view, start: at, end }, isWithWire, fields);
    return record;
  }
  const skipped = skippedOf(fields);
  record.bytes = bytes.subarray(at + skipped, end);
  if (isWithWire && form === WireForm.suffix) {
    record.onWire = { timeUs, name, dir, length: length + skipped, bytes: bytes.subarray(at, end) };
  }
  return record;
}

function readWire(record: PacketRecord, { bytes, view, start }: ByteRange, isWithWire: boolean, fields: RowFields) {
  const wireAt = start + WIRE_BYTES;
  const payloadAt = wireAt + view.getUint32(start + 8);
  record.bytes = bytes.subarray(payloadAt, payloadAt + view.getUint32(start + 12));
  if (isWithWire) {
    const { timeUs, name, dir } = record;
    const wire = bytes.subarray(wireAt, wireAt + view.getUint32(start + 4));
    const error = wireReasonOf(fields);
    record.onWire = { timeUs, name, dir, length: view.getUint32(start), bytes: wire };
    if (error !== undefined) {
      record.onWire.error = error;
    }
  }
}
