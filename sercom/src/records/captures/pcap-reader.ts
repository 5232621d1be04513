import { type ByteReader, parseBytes } from '../byte-reader.js';
import type { PacketRecord } from '../record.js';
import { LINKTYPE_UPPER_PDU, LINKTYPE_USER0 } from './pcapng-blocks.js';
import { parseUpperPdu } from './upper-pdu.js';

/** The first four bytes of a file, which show the byte order and the unit of the fractions of a second. */
const MAGICS: Readonly<Record<string, { littleEndian: boolean; perUs: number }>> = {
  d4c3b2a1: { littleEndian: true, perUs: 1 },
  a1b2c3d4: { littleEndian: false, perUs: 1 },
  '4d3cb2a1': { littleEndian: true, perUs: 1_000 },
  a1b23c4d: { littleEndian: false, perUs: 1_000 },
};

const FILE_HEADER_BYTES = 24;
const PACKET_HEADER_BYTES = 16;

/** The link type is in the lower 28 bits of its field. */
const LINK_TYPE_MASK = 0x0fff_ffff;

/** No packet is this long. A longer one would only fill the memory. */
const MAX_PACKET_BYTES = 33_554_432;

/** Such a file has one interface, and no name for it. A capture without names calls its first interface the same. */
const NAME = 'interface 0';

/** Whether a file that begins with these bytes is a capture in the format pcap. */
export function isPcap(head: Buffer): boolean {
  return MAGICS[head.toString('hex', 0, 4)] !== undefined;
}

/**
 * Reads a capture in the old format pcap, with packets of the link types USER0 and WIRESHARK_UPPER_PDU. Times become
 * microseconds. A packet without a direction counts as received.
 *
 * @throws Error at the first invalid packet; its message begins with the offset of the packet
 */
export function readPcap(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<PacketRecord> {
  return parseBytes(chunks, recordsOf);
}

async function* recordsOf(reader: ByteReader): AsyncGenerator<PacketRecord> {
  const header = await reader.read(FILE_HEADER_BYTES);
  if (header === undefined || header.length < FILE_HEADER_BYTES) {
    throw new Error('the header of the file is truncated; it has no packets');
  }
  const { littleEndian, perUs } = MAGICS[header.toString('hex', 0, 4)]!;
  const uint32 = (bytes: Buffer, at: number) => (littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const linkType = uint32(header, 20) & LINK_TYPE_MASK;
  if (linkType !== LINKTYPE_USER0 && linkType !== LINKTYPE_UPPER_PDU) {
    throw new Error(`unsupported link type ${linkType}; expected ${LINKTYPE_USER0} or ${LINKTYPE_UPPER_PDU}`);
  }
  for (let offset = FILE_HEADER_BYTES; ; ) {
    const fail = (problem: string): never => {
      throw new Error(`packet at byte ${offset}: ${problem}; what is before it has been read`);
    };
    const head = await reader.read(PACKET_HEADER_BYTES);
    if (head === undefined) {
      return;
    }
    if (head.length < PACKET_HEADER_BYTES) {
      fail('truncated packet');
    }
    const captured = uint32(head, 8);
    const onWire = uint32(head, 12);
    if (captured > MAX_PACKET_BYTES || onWire < captured) {
      fail(`invalid length ${captured} (${onWire} on the wire)`);
    }
    const data = captured === 0 ? Buffer.alloc(0) : ((await reader.read(captured)) ?? Buffer.alloc(0));
    if (data.length < captured) {
      fail('truncated packet');
    }
    if (captured < onWire) {
      fail(`only ${captured} of its ${onWire} bytes were captured`);
    }
    const timeUs = uint32(head, 0) * 1_000_000 + Math.floor(uint32(head, 4) / perUs);
    try {
      const { packet, dir = 'rx' } = linkType === LINKTYPE_UPPER_PDU ? parseUpperPdu(data) : { packet: data };
      yield { timeUs, name: NAME, dir, length: packet.length, bytes: packet };
    } catch (error) {
      fail(error instanceof RangeError ? 'malformed tags' : (error as Error).message);
    }
    offset += PACKET_HEADER_BYTES + captured;
  }
}
