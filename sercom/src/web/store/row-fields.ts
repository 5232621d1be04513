import type { RejectReason } from 'serial-communicator';
import type { PacketRecord, RequestKind } from '../../records/record.js';
import type { MarkKind } from '../protocol.js';

/**
 * What a row is, except for its time, its length and its bytes, packed into 28 bits:
 *
 * | bits | meaning |
 * |---|---|
 * | 0 | it is a mark |
 * | 1 | it was sent |
 * | 2–4 | the reason of rejection, or the kind of mark |
 * | 5–7 | the kind of id |
 * | 8 | the error reply has a code |
 * | 9–10 | the kind of frame that was heard |
 * | 11–12 | how `onWire` is held: {@link WireForm} |
 * | 13–14 | how many bytes `onWire` has before the payload, with {@link WireForm.suffix} |
 * | 15–17 | the reason of rejection of `onWire` |
 * | 18–27 | the index of the name |
 */
export type RowFields = number;

const MARK = 1;
const SENT = 2;
const REASON_SHIFT = 2;
const REQUEST_SHIFT = 5;
const CODE = 1 << 8;
const HEARD_SHIFT = 9;
const WIRE_SHIFT = 11;
const SKIPPED_SHIFT = 13;
const WIRE_REASON_SHIFT = 15;
const NAME_SHIFT = 18;
const THREE_BITS = 7;
const TWO_BITS = 3;

/** Everything but the direction and the name. */
const MORE = (1 << NAME_SHIFT) - 1 - SENT;

/** The index of a mark that concerns all connections. */
const NO_NAME = (1 << 10) - 1;

/** How the bytes on the wire are held, if they are not those of the packet. */
export const WireForm = {
  /** There are none. */
  none: 0,
  /** The packet is their end, after a few bytes: an id. */
  suffix: 1,
  /** Both are described before them. */
  general: 2,
} as const;

const REASONS: Readonly<Record<RejectReason, number>> = { malformed: 1, 'too-long': 2, checksum: 3, 'too-short': 4 };
const REQUESTS: Readonly<Record<RequestKind, number>> = { plain: 1, request: 2, reply: 3, error: 4 };
const HEARD: Readonly<Record<NonNullable<PacketRecord['heard']>['type'], number>> = { data: 1, datagram: 2 };
const MARKS: Readonly<Record<MarkKind, number>> = { disconnected: 0, connected: 1, session: 2, marker: 3 };

const REASON_OF = byNumber(REASONS);
const REQUEST_OF = byNumber(REQUESTS);
const HEARD_OF = byNumber(HEARD);
const MARK_OF = byNumber(MARKS);

/** Packs what a packet or a rejected frame is. */
export function recordFields(record: PacketRecord, nameIndex: number): RowFields {
  const { dir, error, request, heard, onWire } = record;
  let fields = nameIndex << NAME_SHIFT;
  if (dir === 'tx') {
    fields |= SENT;
  }
  if (error !== undefined) {
    fields |= REASONS[error] << REASON_SHIFT;
  }
  if (request !== undefined) {
    fields |= (REQUESTS[request.kind] << REQUEST_SHIFT) | (request.code === undefined ? 0 : CODE);
  }
  if (heard !== undefined) {
    fields |= HEARD[heard.type] << HEARD_SHIFT;
  }
  return onWire === undefined ? fields : fields | wireFields(record, onWire);
}

/** Packs what a mark is. */
export function markFields(kind: MarkKind, nameIndex: number | undefined): RowFields {
  return ((nameIndex ?? NO_NAME) << NAME_SHIFT) | (MARKS[kind] << REASON_SHIFT) | MARK;
}

/** Whether a row is a packet of which nothing but the direction and the name is known: its bytes are those of the packet. */
export function isPlain(fields: RowFields): boolean {
  return (fields & MORE) === 0;
}

export function isMark(fields: RowFields): boolean {
  return (fields & MARK) !== 0;
}

export function dirOf(fields: RowFields): PacketRecord['dir'] {
  return (fields & SENT) === 0 ? 'rx' : 'tx';
}

export function reasonOf(fields: RowFields): RejectReason | undefined {
  return REASON_OF[(fields >> REASON_SHIFT) & THREE_BITS];
}

export function markKindOf(fields: RowFields): MarkKind {
  return MARK_OF[(fields >> REASON_SHIFT) & THREE_BITS]!;
}

export function requestKindOf(fields: RowFields): RequestKind | undefined {
  return REQUEST_OF[(fields >> REQUEST_SHIFT) & THREE_BITS];
}

export function hasCode(fields: RowFields): boolean {
  return (fields & CODE) !== 0;
}

export function heardTypeOf(fields: RowFields): NonNullable<PacketRecord['heard']>['type'] | undefined {
  return HEARD_OF[(fields >> HEARD_SHIFT) & TWO_BITS];
}

export function wireFormOf(fields: RowFields): number {
  return (fields >> WIRE_SHIFT) & TWO_BITS;
}

/** How many bytes are before the packet, with {@link WireForm.suffix}. */
export function skippedOf(fields: RowFields): number {
  return (fields >> SKIPPED_SHIFT) & TWO_BITS;
}

export function wireReasonOf(fields: RowFields): RejectReason | undefined {
  return REASON_OF[(fields >> WIRE_REASON_SHIFT) & THREE_BITS];
}

export function nameIndexOf(fields: RowFields): number | undefined {
  const index = fields >> NAME_SHIFT;
  return index === NO_NAME ? undefined : index;
}

/** Where the packet begins in the bytes on the wire. -1 if it is not a part of that memory. */
export function startInWire({ bytes }: PacketRecord, { bytes: wire }: PacketRecord): number {
  const start = bytes.byteOffset - wire.byteOffset;
  return bytes.buffer === wire.buffer && start >= 0 && start + bytes.length <= wire.length ? start : -1;
}

function wireFields(record: PacketRecord, onWire: PacketRecord): RowFields {
  if (onWire.error !== undefined) {
    return (WireForm.general << WIRE_SHIFT) | (REASONS[onWire.error] << WIRE_REASON_SHIFT);
  }
  const start = startInWire(record, onWire);
  const isSuffix =
    start >= 0 &&
    start <= TWO_BITS &&
    start + record.bytes.length === onWire.bytes.length &&
    start + record.length === onWire.length;
  return isSuffix ? (WireForm.suffix << WIRE_SHIFT) | (start << SKIPPED_SHIFT) : WireForm.general << WIRE_SHIFT;
}

function byNumber<Key extends string>(numbers: Readonly<Record<Key, number>>): readonly (Key | undefined)[] {
  const keys: (Key | undefined)[] = [];
  for (const key in numbers) {
    keys[numbers[key]] = key;
  }
  return keys;
}
