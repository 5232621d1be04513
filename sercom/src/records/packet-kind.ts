import type { PacketRecord } from './record.js';
import { errorReplyText } from './request-ids.js';

/** The number of bytes of a packet that a kind keeps. */
const KEPT_BYTES = 32;

/** Packets that have the same connection, direction, kind of id, reason of rejection and leading bytes. */
export class PacketKind {
  /** Identifies it. No other kind ever has it. */
  readonly key: number;
  readonly name: string;
  readonly dir: PacketRecord['dir'];
  /** Whether it is a request, a reply and so on; `undefined` for what has no id. */
  readonly request: NonNullable<PacketRecord['request']>['kind'] | undefined;
  readonly error: PacketRecord['error'];
  readonly #firstUs: number;
  #kept: Uint8Array = new Uint8Array(KEPT_BYTES);
  #keptBefore: Uint8Array = new Uint8Array(KEPT_BYTES);
  #keptBytes = 0;
  #keptBytesBefore = 0;
  #count = 0;
  #version = 0;
  #lastUs: number;
  #lastUsBefore: number;
  #length = 0;
  #problem: string | undefined;

  /** @param record - its first packet, which it has not taken yet */
  constructor(key: number, { timeUs, name, dir, request, error }: PacketRecord) {
    this.key = key;
    this.name = name;
    this.dir = dir;
    this.request = request?.kind;
    this.error = error;
    this.#firstUs = timeUs;
    this.#lastUs = timeUs;
    this.#lastUsBefore = timeUs;
  }

  /** The number of its packets. */
  get count(): number {
    return this.#count;
  }

  /** {@link PacketKinds.version} after its last packet. */
  get version(): number {
    return this.#version;
  }

  /** The time of its last packet. */
  get lastUs(): number {
    return this.#lastUs;
  }

  /** Between its last two packets, which is 0 if both came in one burst. */
  get intervalUs(): number | undefined {
    return this.#count < 2 ? undefined : this.#lastUs - this.#lastUsBefore;
  }

  /** The mean time between its packets. */
  get meanIntervalUs(): number | undefined {
    return this.#count < 2 ? undefined : (this.#lastUs - this.#firstUs) / (this.#count - 1);
  }

  /** Of its last packet. */
  get length(): number {
    return this.#length;
  }

  /** The first bytes of its last packet, valid until the next one. */
  get bytes(): Uint8Array {
    return this.#kept.subarray(0, this.#keptBytes);
  }

  /** Why its last packet is no good packet: it was rejected, or is an error reply. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Whether one of its {@link bytes} differs from that of the packet before. */
  isChanged(index: number): boolean {
    return this.#count > 1 && (index >= this.#keptBytesBefore || this.#kept[index] !== this.#keptBefore[index]);
  }

  /**
   * Takes a packet of this kind.
   *
   * @param packets - how many there were, of which this is the last one
   */
  take(record: PacketRecord, version: number, packets = 1): void {
    const { timeUs, bytes, length, error } = record;
    const before = this.#keptBefore;
    this.#keptBefore = this.#kept;
    this.#kept = before;
    this.#keptBytesBefore = this.#keptBytes;
    const keptBytes = Math.min(bytes.length, KEPT_BYTES);
    this.#keptBytes = keptBytes;
    // Byte by byte: for so few, that takes less time than a view of them, which `set` would need.
    const kept = this.#kept;
    for (let index = 0; index < keptBytes; index++) {
      kept[index] = bytes[index]!;
    }
    this.#count += packets;
    this.#version = version;
    this.#lastUsBefore = this.#lastUs;
    this.#lastUs = timeUs;
    this.#length = length;
    this.#problem = error === undefined ? errorReplyText(record) : `rejected: ${error}`;
  }
}
