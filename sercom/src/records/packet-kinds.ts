import { toHex } from '../text/hex.js';
import { PacketKind } from './packet-kind.js';
import type { PacketRecord } from './record.js';

export type { PacketKind } from './packet-kind.js';

/** Beyond this, the kind that was seen least recently is forgotten. */
const MAX_KINDS = 1_000;

/** Up to this many leading bytes fit into a number, with how many there are. */
const MAX_BYTES_IN_NUMBER = 6;

/** What a kind is identified by, except for its leading bytes. */
type GroupKey = Pick<PacketRecord, 'name' | 'dir' | 'request' | 'error'>;

/** The leading bytes of a packet: packets have the same ones exactly if these are equal. */
type Lead = number | string;

/** Kinds that differ in nothing but their leading bytes. */
export interface KindGroup {
  readonly dir: PacketRecord['dir'];
  readonly request: PacketKind['request'];
  readonly error: PacketRecord['error'];
  readonly entries: Map<Lead, Entry>;
}

/** A kind, and its place in the order in which kinds were seen last. */
interface Entry {
  readonly kind: PacketKind;
  readonly group: KindGroup;
  readonly lead: Lead;
  /** Packets that were counted, but that the kind has not taken yet, and the rows of the last two of them. */
  untaken: number;
  lastRow: number;
  rowBefore: number;
  older: Entry | undefined;
  newer: Entry | undefined;
}

/**
 * Sorts packets into kinds. Every packet passes here while there is a live page, so its kind is found without making a text
 * of what identifies it, and moved in a list rather than in a map. Where many packets are held as rows, only the last two of
 * each kind are read: see {@link count}.
 */
export class PacketKinds {
  readonly #leadingBytes: number;
  /** By the name of the connection. Each has a few. */
  readonly #groups = new Map<string, KindGroup[]>();
  readonly #kinds = new Map<number, PacketKind>();
  #oldest: Entry | undefined;
  #newest: Entry | undefined;
  #nextKey = 0;
  #version = 0;
  #forgotten = 0;
  /** Those with untaken packets. */
  #counted: Entry[] = [];

  /** @param leadingBytes - the number of leading bytes that identify a kind */
  constructor(leadingBytes: number) {
    this.#leadingBytes = leadingBytes;
  }

  /** All kinds, in no particular order. */
  get all(): IterableIterator<PacketKind> {
    return this.#kinds.values();
  }

  /** How many packets were added. */
  get version(): number {
    return this.#version;
  }

  /** How many kinds were forgotten, because there are too many. */
  get forgotten(): number {
    return this.#forgotten;
  }

  add(record: PacketRecord): void {
    const group = this.groupOf(record);
    const lead = leadOf(record.bytes, 0, record.bytes.length, this.#leadingBytes);
    let entry = group.entries.get(lead);
    if (entry === undefined) {
      entry = this.#create(record, group, lead);
    } else {
      this.#renew(entry);
    }
    entry.kind.take(record, ++this.#version);
    if (this.#kinds.size > MAX_KINDS) {
      this.#forget(this.#oldest!);
    }
  }

  /** The group of packets that are alike but for their leading bytes, for {@link count}. Valid until the next {@link settle}. */
  groupOf({ name, dir, request, error }: GroupKey): KindGroup {
    let groups = this.#groups.get(name);
    if (groups === undefined) {
      groups = [];
      this.#groups.set(name, groups);
    }
    const kind = request?.kind;
    for (const group of groups) {
      if (group.dir === dir && group.request === kind && group.error === error) {
        return group;
      }
    }
    const group = { dir, request: kind, error, entries: new Map() };
    groups.push(group);
    return group;
  }

  /**
   * Counts a packet, which is read in {@link settle} if it is one of the last two of its kind.
   *
   * @param bytes - where the packet is, from `start` to the byte before `end`
   * @param row - identifies the packet
   * @returns false if its kind is new. It is to be added then
   */
  count(group: KindGroup, bytes: Uint8Array, start: number, end: number, row: number): boolean {
    const entry = group.entries.get(leadOf(bytes, start, end, this.#leadingBytes));
    if (entry === undefined) {
      return false;
    }
    this.#renew(entry);
    if (entry.untaken++ === 0) {
      this.#counted.push(entry);
    }
    entry.rowBefore = entry.lastRow;
    entry.lastRow = row;
    return true;
  }

  /** Takes the packets that were counted. Must be called before others are added to kinds that have some. */
  settle(read: (row: number) => PacketRecord): void {
    for (const entry of this.#counted) {
      const { kind, untaken, lastRow, rowBefore } = entry;
      this.#version += untaken;
      if (untaken > 1) {
        kind.take(read(rowBefore), this.#version, untaken - 1);
      }
      kind.take(read(lastRow), this.#version);
      entry.untaken = 0;
    }
    this.#counted = [];
  }

  clear(): void {
    this.#groups.clear();
    this.#kinds.clear();
    this.#counted = [];
    this.#oldest = undefined;
    this.#newest = undefined;
  }

  /** All kinds by connection, direction, kind of id, reason of rejection and leading bytes. */
  sorted(): PacketKind[] {
    return [...this.#kinds.values()].sort(compareKinds);
  }

  #create(record: PacketRecord, group: KindGroup, lead: Lead): Entry {
    const kind = new PacketKind(this.#nextKey++, record);
    const entry: Entry = {
      kind,
      group,
      lead,
      untaken: 0,
      lastRow: 0,
      rowBefore: 0,
      older: undefined,
      newer: undefined,
    };
    group.entries.set(lead, entry);
    this.#kinds.set(kind.key, kind);
    this.#append(entry);
    return entry;
  }

  /** It is the one that was seen last. */
  #renew(entry: Entry): void {
    if (entry !== this.#newest) {
      this.#unlink(entry);
      this.#append(entry);
    }
  }

  #append(entry: Entry): void {
    entry.older = this.#newest;
    entry.newer = undefined;
    if (this.#newest === undefined) {
      this.#oldest = entry;
    } else {
      this.#newest.newer = entry;
    }
    this.#newest = entry;
  }

  #unlink({ older, newer }: Entry): void {
    if (older === undefined) {
      this.#oldest = newer;
    } else {
      older.newer = newer;
    }
    if (newer === undefined) {
      this.#newest = older;
    } else {
      newer.older = older;
    }
  }

  #forget(entry: Entry): void {
    const { kind, group, lead } = entry;
    this.#unlink(entry);
    this.#kinds.delete(kind.key);
    group.entries.delete(lead);
    this.#forgotten++;
    if (group.entries.size > 0) {
      return;
    }
    const groups = this.#groups.get(kind.name)!;
    groups.splice(groups.indexOf(group), 1);
    if (groups.length === 0) {
      this.#groups.delete(kind.name);
    }
  }
}

function leadOf(bytes: Uint8Array, start: number, end: number, leadingBytes: number): Lead {
  const count = Math.min(end - start, leadingBytes);
  if (leadingBytes > MAX_BYTES_IN_NUMBER) {
    return toHex(bytes.subarray(start, start + count));
  }
  let lead = count;
  for (let index = start; index < start + count; index++) {
    lead = lead * 256 + bytes[index]!;
  }
  return lead;
}

function compareKinds(a: PacketKind, b: PacketKind): number {
  return (
    compare(a.name, b.name) ||
    compare(a.dir, b.dir) ||
    compare(a.request ?? '', b.request ?? '') ||
    compare(a.error ?? '', b.error ?? '') ||
    Buffer.compare(a.bytes, b.bytes)
  );
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
