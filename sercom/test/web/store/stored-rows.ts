import fc from 'fast-check';
import type { PacketRecord } from '../../../src/records/record.js';
import { separateId } from '../../../src/records/request-ids.js';
import type { MarkKind } from '../../../src/web/protocol.js';
import type { Mark, PacketStore } from '../../../src/web/store/packet-store.js';

/** Times near each other, so that they go backwards and are equal at times. */
const times = fc.integer({ min: 0, max: 200 }).map((step) => 1_700_000_000_000_000 + step);

const names = fc.constantFrom('arm', 'leg', 'a b,*\u202e', '');

const contents = fc.uint8Array({ maxLength: 40 });

/** Packets without ids, and rejected frames. */
const frames: fc.Arbitrary<PacketRecord> = fc
  .record({
    timeUs: times,
    name: names,
    dir: fc.constantFrom('rx' as const, 'tx' as const),
    bytes: contents,
    error: fc.constantFrom(undefined, undefined, 'malformed', 'too-long', 'checksum', 'too-short'),
    more: fc.nat(100),
  })
  .map(({ error, more, ...record }) =>
    error === undefined
      ? { ...record, length: record.bytes.length }
      : { ...record, dir: 'rx', length: record.bytes.length + more, error },
  );

/** Packets of sessions that are heard: their bytes are a part of a frame, or a copy of it. */
const heard: fc.Arbitrary<PacketRecord> = fc
  .record({ frame: frames, start: fc.nat(3), end: fc.nat(4), isCopied: fc.boolean(), number: fc.nat(2 ** 32 - 1) })
  .map(({ frame, start, end, isCopied, number }) => {
    const onWire: PacketRecord = { ...frame, length: frame.bytes.length };
    delete onWire.error;
    const part = frame.bytes.subarray(start, Math.max(start, frame.bytes.length - end));
    const bytes = isCopied ? part.slice() : part;
    const { timeUs, name, dir } = frame;
    const type = number % 2 === 0 ? ('data' as const) : ('datagram' as const);
    return { timeUs, name, dir, length: bytes.length, bytes, heard: { type, number }, onWire };
  });

/** Frames of no session that is heard: rejected, and shown in part. */
const unknown: fc.Arbitrary<PacketRecord> = frames.map((frame) => {
  const { error: reason, ...onWire } = frame;
  return { ...onWire, bytes: frame.bytes.subarray(0, 8), error: 'checksum', onWire: reason ? frame : onWire };
});

/** Every form of record that a sink may get. */
export const storedRecords: fc.Arbitrary<PacketRecord> = fc
  .tuple(fc.oneof(frames, frames, heard, unknown), fc.constantFrom(undefined, 1 as const, 2 as const))
  .map(([record, idBytes]) => separateId(record, idBytes));

export const marks: fc.Arbitrary<Mark> = fc
  .record({
    timeUs: times,
    kind: fc.constantFrom<MarkKind>('disconnected', 'connected', 'session', 'marker'),
    name: fc.option(names, { nil: undefined }),
    text: fc.string({ unit: 'grapheme', maxLength: 20 }),
  })
  .map(({ name, ...mark }) => (name === undefined ? mark : { ...mark, name }));

/** What a row was added as. */
export type Added = { readonly record: PacketRecord } | { readonly mark: Mark };

export const addedRows: fc.Arbitrary<Added> = fc.oneof(
  { weight: 6, arbitrary: storedRecords.map((record) => ({ record })) },
  { weight: 1, arbitrary: marks.map((mark) => ({ mark })) },
);

export function addTo(store: PacketStore, added: Added): number {
  return 'mark' in added ? store.mark(added.mark) : store.add(added.record);
}

/** A packet of a connection. */
export function packet(bytes: Uint8Array | number[], about: Partial<PacketRecord> = {}): PacketRecord {
  const content = Uint8Array.from(bytes);
  return { timeUs: 0, name: 'arm', dir: 'rx', length: content.length, bytes: content, ...about };
}

/** A record in a form that tests can compare. */
export function comparable({ bytes, onWire, ...record }: PacketRecord): unknown {
  const hex = Buffer.from(bytes).toString('hex');
  return { ...record, hex, ...(onWire === undefined ? {} : { onWire: comparable(onWire) }) };
}
