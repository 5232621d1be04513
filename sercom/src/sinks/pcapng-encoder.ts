import type { PacketRecord } from '../records/packet-record.js';
import {
  type BlockOption,
  BYTE_ORDER_MAGIC,
  block,
  ENHANCED_PACKET,
  EPB_FLAGS,
  FLAG_CRC_ERROR,
  FLAG_INBOUND,
  FLAG_OUTBOUND,
  FLAG_SYMBOL_ERROR,
  FLAG_TOO_LONG,
  IF_NAME,
  IF_TSRESOL,
  INTERFACE_DESCRIPTION,
  LINKTYPE_UPPER_PDU,
  LINKTYPE_USER0,
  OPT_COMMENT,
  padded,
  SECTION_HEADER,
  SHB_USERAPPL,
  TAG_DIRECTION,
  TAG_DISSECTOR,
  TAG_END,
} from '../records/pcapng-blocks.js';

/** What Wireshark calls the dissectors of our decoders. */
const DISSECTORS: Readonly<Record<string, string>> = {
  text: 'data-text-lines',
  json: 'json',
  cbor: 'cbor',
  msgpack: 'msgpack',
  protobuf: 'protobuf',
};

/** Shows bytes as bytes. */
const DATA_DISSECTOR = 'data';

/** A rejected frame has the flag of a CRC error, whatever the reason; most reasons have one more. */
const ERROR_FLAGS: Readonly<Record<NonNullable<PacketRecord['error']>, number>> = {
  checksum: FLAG_CRC_ERROR,
  'too-long': FLAG_CRC_ERROR | FLAG_TOO_LONG,
  malformed: FLAG_CRC_ERROR | FLAG_SYMBOL_ERROR,
};

/** The blocks of a pcapng file with one section. Times are in nanoseconds; each connection is an interface. */
export class PcapngEncoder {
  readonly #dissector: string | undefined;
  readonly #interfaces = new Map<string, number>();

  /** @param decoder - the name of a `Decoder`: if Wireshark knows it, packets carry the name of its dissector */
  constructor(decoder?: string) {
    this.#dissector = decoder === undefined ? undefined : DISSECTORS[decoder];
  }

  /** What a file begins with. */
  header(names: readonly string[]): Buffer {
    const body = Buffer.alloc(16);
    body.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
    body.writeUInt16LE(1, 4);
    // The length of the section is not known.
    body.writeBigInt64LE(-1n, 8);
    const section = block(SECTION_HEADER, body, [[SHB_USERAPPL, Buffer.from('sercom')]]);
    return Buffer.concat([section, ...names.map((name) => this.#addInterface(name))]);
  }

  record(record: PacketRecord): Buffer {
    const { name, timeUs, length, error } = record;
    const added = this.#interfaces.has(name) ? undefined : this.#addInterface(name);
    const tags = this.#dissector === undefined ? Buffer.alloc(0) : pduTags(record, this.#dissector);
    const data = Buffer.concat([tags, record.bytes]);
    const timeNs = BigInt(timeUs) * 1000n;
    const head = Buffer.alloc(20);
    head.writeUInt32LE(this.#interfaces.get(name)!, 0);
    head.writeUInt32LE(Number(timeNs >> 32n), 4);
    head.writeUInt32LE(Number(timeNs & 0xffff_ffffn), 8);
    head.writeUInt32LE(data.length, 12);
    head.writeUInt32LE(tags.length + length, 16);
    const flags = Buffer.alloc(4);
    flags.writeInt32LE(
      (record.dir === 'rx' ? FLAG_INBOUND : FLAG_OUTBOUND) | (error === undefined ? 0 : ERROR_FLAGS[error]),
    );
    const options: BlockOption[] = [[EPB_FLAGS, flags]];
    if (error !== undefined) {
      options.push([OPT_COMMENT, Buffer.from(`rejected: ${error}`)]);
    }
    const packet = block(ENHANCED_PACKET, Buffer.concat([head, data]), options);
    return added === undefined ? packet : Buffer.concat([added, packet]);
  }

  #addInterface(name: string): Buffer {
    this.#interfaces.set(name, this.#interfaces.size);
    const body = Buffer.alloc(8);
    body.writeUInt16LE(this.#dissector === undefined ? LINKTYPE_USER0 : LINKTYPE_UPPER_PDU, 0);
    return block(INTERFACE_DESCRIPTION, body, [
      [IF_NAME, Buffer.from(name)],
      // Ten to the power of minus nine.
      [IF_TSRESOL, Uint8Array.of(9)],
    ]);
  }
}

/** What Wireshark must know before a packet: its dissector, and that it is no business of a rejected frame. */
function pduTags({ dir, error }: PacketRecord, dissector: string): Buffer {
  const direction = Buffer.alloc(4);
  direction.writeUInt32BE(dir === 'tx' ? 0 : 1);
  return Buffer.concat([
    tag(TAG_DISSECTOR, Buffer.from(error === undefined ? dissector : DATA_DISSECTOR)),
    tag(TAG_DIRECTION, direction),
    tag(TAG_END, new Uint8Array(0)),
  ]);
}

function tag(code: number, value: Uint8Array): Buffer {
  const filled = padded(value);
  const head = Buffer.alloc(4);
  head.writeUInt16BE(code, 0);
  head.writeUInt16BE(filled.length, 2);
  return Buffer.concat([head, filled]);
}
