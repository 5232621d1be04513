import { type Decoder, dissectorOf } from '../decoders/index.js';
import type { RecordDecoder } from '../decoders/record-decoder.js';
import {
  BYTE_ORDER_MAGIC,
  ENHANCED_PACKET,
  EPB_FLAGS,
  FLAG_CRC_ERROR,
  FLAG_INBOUND,
  FLAG_OUTBOUND,
  FLAG_SYMBOL_ERROR,
  FLAG_TOO_LONG,
  FLAG_TOO_SHORT,
  IF_NAME,
  IF_TSRESOL,
  INTERFACE_DESCRIPTION,
  LINKTYPE_UPPER_PDU,
  LINKTYPE_USER0,
  OPT_COMMENT,
  SECTION_HEADER,
  SHB_USERAPPL,
  TAG_DIRECTION,
  TAG_DISSECTOR,
  TAG_END,
} from '../records/captures/pcapng-blocks.js';
import type { PacketRecord } from '../records/record.js';
import { PcapngBlockWriter } from './pcapng-block-writer.js';

/** Shows bytes without interpreting them. */
const DATA_DISSECTOR = 'data';

const UINT32 = 2 ** 32;

const NANOSECONDS = 9;

const NO_TAGS = Buffer.alloc(0);

/** Every rejected frame has the flag of a CRC error. Most reasons add another one. */
const ERROR_FLAGS: Readonly<Record<NonNullable<PacketRecord['error']>, number>> = {
  checksum: FLAG_CRC_ERROR,
  'too-long': FLAG_CRC_ERROR | FLAG_TOO_LONG,
  'too-short': FLAG_CRC_ERROR | FLAG_TOO_SHORT,
  malformed: FLAG_CRC_ERROR | FLAG_SYMBOL_ERROR,
};

/**
 * Encodes the blocks of a pcapng file with one section. Times are in nanoseconds; each connection is an interface. The
 * bytes that a method returns are valid until the next call.
 */
export class PcapngEncoder {
  readonly #blocks = new PcapngBlockWriter();
  readonly #decoder: RecordDecoder<Pick<Decoder, 'name'>> | undefined;
  readonly #interfaces = new Map<string, number>();
  /** The tags that precede a packet, by its direction and its dissector. */
  readonly #tags = new Map<string, Buffer>();

  /** @param decoder - decodes the packets. If Wireshark has a dissector for any of them, every packet names its own. */
  constructor(decoder?: RecordDecoder<Pick<Decoder, 'name'>>) {
    const hasDissector = decoder?.names.some((name) => dissectorOf(name) !== undefined);
    this.#decoder = hasDissector ? decoder : undefined;
  }

  /** Encodes the beginning of a file: its section, and the interfaces that are known already. */
  header(names: readonly string[]): Uint8Array {
    const blocks = this.#blocks;
    blocks.begin(SECTION_HEADER);
    blocks.uint32(BYTE_ORDER_MAGIC);
    // The version, 1.0.
    blocks.uint16(1);
    blocks.uint16(0);
    // The length of the section is not known.
    blocks.uint32(0xffff_ffff);
    blocks.uint32(0xffff_ffff);
    blocks.option(SHB_USERAPPL, Buffer.from('sercom'));
    blocks.end();
    for (const name of names) {
      this.#addInterface(name);
    }
    return blocks.take();
  }

  /**
   * Encodes a record, and before it the interface of its connection if there is none yet.
   *
   * @param comment - about the packet, for people
   */
  record(record: PacketRecord, comment?: string): Uint8Array {
    const { timeUs, name, dir, length, bytes, error } = record;
    const interfaceId = this.#interfaces.get(name) ?? this.#addInterface(name);
    const tags = this.#decoder === undefined ? NO_TAGS : this.#tagsOf(dir, dissectorFor(record, this.#decoder));
    const blocks = this.#blocks;
    blocks.begin(ENHANCED_PACKET);
    blocks.uint32(interfaceId);
    // In nanoseconds, which a number cannot hold, so half by half.
    const lowNs = (timeUs % UINT32) * 1_000;
    blocks.uint32(Math.floor(timeUs / UINT32) * 1_000 + Math.floor(lowNs / UINT32));
    blocks.uint32(lowNs % UINT32);
    blocks.uint32(tags.length + bytes.length);
    blocks.uint32(Math.min(tags.length + length, UINT32 - 1));
    blocks.bytes(tags);
    blocks.bytes(bytes);
    blocks.pad();
    blocks.uint32Option(
      EPB_FLAGS,
      (dir === 'rx' ? FLAG_INBOUND : FLAG_OUTBOUND) | (error === undefined ? 0 : ERROR_FLAGS[error]),
    );
    if (error !== undefined) {
      blocks.option(OPT_COMMENT, Buffer.from(`rejected: ${error}`));
    }
    if (comment !== undefined) {
      blocks.option(OPT_COMMENT, Buffer.from(comment));
    }
    blocks.end();
    return blocks.take();
  }

  #addInterface(name: string): number {
    const id = this.#interfaces.size;
    this.#interfaces.set(name, id);
    const blocks = this.#blocks;
    blocks.begin(INTERFACE_DESCRIPTION);
    blocks.uint16(this.#decoder === undefined ? LINKTYPE_USER0 : LINKTYPE_UPPER_PDU);
    blocks.uint16(0);
    // No limit on the length of packets.
    blocks.uint32(0);
    blocks.option(IF_NAME, Buffer.from(name));
    blocks.option(IF_TSRESOL, Uint8Array.of(NANOSECONDS));
    blocks.end();
    return id;
  }

  /** What Wireshark must know before a packet: its direction and its dissector. */
  #tagsOf(dir: PacketRecord['dir'], dissector: string): Buffer {
    const key = `${dir}${dissector}`;
    let tags = this.#tags.get(key);
    if (tags === undefined) {
      const direction = Buffer.alloc(4);
      direction.writeUInt32BE(dir === 'tx' ? 0 : 1);
      tags = Buffer.concat([
        tag(TAG_DISSECTOR, Buffer.from(dissector)),
        tag(TAG_DIRECTION, direction),
        tag(TAG_END, NO_TAGS),
      ]);
      this.#tags.set(key, tags);
    }
    return tags;
  }
}

function dissectorFor(record: PacketRecord, decoder: RecordDecoder<Pick<Decoder, 'name'>>): string {
  const name = record.error === undefined ? decoder.of(record)?.name : undefined;
  return (name === undefined ? undefined : dissectorOf(name)) ?? DATA_DISSECTOR;
}

/** Code and length, big-endian, and the value padded to a multiple of four bytes. */
function tag(code: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4 + value.length + (-value.length & 3));
  bytes.writeUInt16BE(code, 0);
  bytes.writeUInt16BE(bytes.length - 4, 2);
  bytes.set(value, 4);
  return bytes;
}
