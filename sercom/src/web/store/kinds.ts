import { type KindGroup, type PacketKind, PacketKinds } from '../../records/packet-kinds.js';
import type { PacketRecord } from '../../records/record.js';
import { quotePacket } from '../../text/escape.js';
import { toHex } from '../../text/hex.js';
import type { Kind } from '../protocol.js';
import type { NameTable } from './name-table.js';

/** What a name cannot have in a filter: what is not printable, commas, white space at its end. It cannot be empty, either. */
const NOT_IN_FILTERS = /^$|[\p{C}\p{Zl}\p{Zp},]+|\s+$/gu;

export interface KindsOptions {
  readonly names: NameTable;
  /** The number of leading bytes that identify a kind. */
  readonly leadingBytes: number;
}

/** Kinds that have changed. */
export interface KindChanges {
  /** To ask for what has changed from then on. */
  readonly version: number;
  readonly kinds: readonly Kind[];
  /** All that were forgotten since the start, because there are too many. */
  readonly forgottenKinds: number;
}

/** The kinds of packets, for the page: see {@link PacketKinds}. */
export class Kinds {
  readonly #names: NameTable;
  readonly #leadingBytes: number;
  readonly #kinds: PacketKinds;

  constructor({ names, leadingBytes }: KindsOptions) {
    this.#names = names;
    this.#leadingBytes = leadingBytes;
    this.#kinds = new PacketKinds(leadingBytes);
  }

  /** Takes a packet or a rejected frame. */
  add(record: PacketRecord): void {
    const name = this.#names.at(this.#names.indexOf(record.name));
    this.#kinds.add(name === record.name ? record : { ...record, name });
  }

  /** The group of packets without ids, for {@link count}. Valid until the next {@link settle}. */
  groupOf(name: number, dir: PacketRecord['dir']): KindGroup {
    return this.#kinds.groupOf({ name: this.#names.at(name), dir });
  }

  /** See `PacketKinds.count`. */
  count(group: KindGroup, bytes: Uint8Array, start: number, end: number, row: number): boolean {
    return this.#kinds.count(group, bytes, start, end, row);
  }

  /** See `PacketKinds.settle`. */
  settle(read: (row: number) => PacketRecord): void {
    this.#kinds.settle(read);
  }

  /**
   * The kinds that have changed since a version.
   *
   * @param version - that of an answer before; 0 for all kinds
   */
  changesSince(version: number): KindChanges {
    const changed = [...this.#kinds.all].filter((kind) => kind.version > version);
    return {
      version: this.#kinds.version,
      kinds: changed.map((kind) => this.#describe(kind)),
      forgottenKinds: this.#kinds.forgotten,
    };
  }

  #describe(kind: PacketKind): Kind {
    const { key, dir, request, problem, count, meanIntervalUs, lastUs, length, bytes } = kind;
    return {
      key,
      name: this.#names.indexOf(kind.name),
      dir,
      ...(request === undefined ? {} : { request }),
      ...(problem === undefined ? {} : { problem }),
      count,
      ...(meanIntervalUs === undefined ? {} : { intervalUs: meanIntervalUs }),
      lastTimeUs: lastUs,
      length,
      hex: toHex(bytes),
      changed: Array.from(bytes.keys()).filter((index) => kind.isChanged(index)),
      text: quotePacket(bytes),
      filter: filterFor(kind, this.#leadingBytes),
    };
  }
}

/**
 * What selects a kind, in the syntax of `--filter`. It may select a little more: there is no condition for the reason of
 * rejection, and what a name cannot have in a filter becomes `*`.
 */
function filterFor({ name, dir, request, error, bytes, length }: PacketKind, leadingBytes: number): string {
  const lead = bytes.subarray(0, leadingBytes);
  // A shorter packet is of another kind than those that begin like it.
  const isWhole = error === undefined && bytes.length < leadingBytes && bytes.length === length;
  return [
    `name=${name.replace(NOT_IN_FILTERS, '*')}`,
    `dir=${dir}`,
    ...(request === undefined ? [] : [`kind=${request}`]),
    ...(lead.length === 0 ? [] : [`bytes=${toHex(lead)}`]),
    ...(isWhole ? [`length=${length}`] : []),
  ].join(',');
}
