import { type ByteReader, parseBytes } from '../byte-reader.js';
import type { PacketRecord } from '../record.js';
import {
  BYTE_ORDER_MAGIC,
  ENHANCED_PACKET,
  EPB_FLAGS,
  FLAG_CRC_ERROR,
  FLAG_OUTBOUND,
  FLAG_SYMBOL_ERROR,
  FLAG_TOO_LONG,
  FLAG_TOO_SHORT,
  IF_NAME,
  IF_TSOFFSET,
  IF_TSRESOL,
  INTERFACE_DESCRIPTION,
  LINKTYPE_UPPER_PDU,
  LINKTYPE_USER0,
  OPT_END,
  SECTION_HEADER,
  SIMPLE_PACKET,
} from './pcapng-blocks.js';
import { parseUpperPdu } from './upper-pdu.js';

/** No packet makes a block this long. A longer one would only fill the memory. */
const MAX_BLOCK_BYTES = 33_554_432;

/** All interfaces of a section. They are kept, so more would only fill the memory, too. */
const MAX_INTERFACE_BYTES = 8_388_608;

interface Interface {
  name: string;
  linkType: number;
  /** Converts a timestamp to microseconds since 1970. */
  timeUs(stamp: bigint): number;
}

/**
 * Reads a pcapng file with packets of the link types USER0 and WIRESHARK_UPPER_PDU. Times become microseconds. A packet
 * without a direction counts as received.
 *
 * @throws Error at the first invalid block; its message begins with the offset of the block
 */
export function readPcapng(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<PacketRecord> {
  return parseBytes(chunks, recordsOf);
}

async function* recordsOf(reader: ByteReader): AsyncGenerator<PacketRecord> {
  let littleEndian = true;
  let interfaces: Interface[] = [];
  let interfaceBytes = 0;
  for (let offset = 0; ; ) {
    const head = await reader.read(12);
    if (head === undefined) {
      return;
    }
    const fail = (problem: string): never => {
      throw new Error(`block at byte ${offset}: ${problem}`);
    };
    if (head.length < 12) {
      fail('truncated block; what is before it has been read');
    }
    let view = viewOf(head);
    if (view.getUint32(0, true) === SECTION_HEADER) {
      littleEndian = view.getUint32(8, true) === BYTE_ORDER_MAGIC;
      if (!littleEndian && view.getUint32(8, false) !== BYTE_ORDER_MAGIC) {
        fail('invalid byte-order magic');
      }
      interfaces = [];
      interfaceBytes = 0;
    } else if (offset === 0) {
      fail('not a pcapng file');
    }
    const length = view.getUint32(4, littleEndian);
    if (length < 12 || length % 4 !== 0 || length > MAX_BLOCK_BYTES) {
      fail(`invalid block length ${length}`);
    }
    const rest = length === 12 ? Buffer.alloc(0) : await reader.read(length - 12);
    if (rest === undefined || rest.length < length - 12) {
      fail('truncated block; what is before it has been read');
    }
    const bytes = Buffer.concat([head, rest!]);
    view = viewOf(bytes);
    if (view.getUint32(length - 4, littleEndian) !== length) {
      fail('the two block lengths differ');
    }
    const type = view.getUint32(0, littleEndian);
    const body = { bytes: bytes.subarray(8, -4), littleEndian };
    try {
      if (type === INTERFACE_DESCRIPTION) {
        interfaceBytes += length;
        if (interfaceBytes > MAX_INTERFACE_BYTES) {
          throw new Error(
            `more than ${MAX_INTERFACE_BYTES} bytes describe interfaces; what is before it has been read`,
          );
        }
        interfaces.push(interfaceOf(body, interfaces.length));
      } else if (type === ENHANCED_PACKET) {
        yield packetOf(body, interfaces);
      } else if (type === SIMPLE_PACKET) {
        throw new Error('simple packet blocks have no timestamp and are not supported');
      }
    } catch (error) {
      fail(error instanceof RangeError ? 'malformed block' : (error as Error).message);
    }
    offset += length;
  }
}

interface Body {
  bytes: Buffer;
  littleEndian: boolean;
}

function interfaceOf({ bytes, littleEndian }: Body, index: number): Interface {
  const linkType = viewOf(bytes).getUint16(0, littleEndian);
  if (linkType !== LINKTYPE_USER0 && linkType !== LINKTYPE_UPPER_PDU) {
    throw new Error(`unsupported link type ${linkType}; expected ${LINKTYPE_USER0} or ${LINKTYPE_UPPER_PDU}`);
  }
  const options = optionsOf({ bytes: bytes.subarray(8), littleEndian });
  const resolution = options.get(IF_TSRESOL)?.readUInt8() ?? 6;
  const perSecond = resolution & 0x80 ? 2n ** BigInt(resolution & 0x7f) : 10n ** BigInt(resolution);
  const offset = options.get(IF_TSOFFSET);
  const offsetUs = offset === undefined ? 0 : Number(viewOf(offset).getBigInt64(0, littleEndian)) * 1_000_000;
  return {
    name: options.get(IF_NAME)?.toString() || `interface ${index}`,
    linkType,
    timeUs: (stamp) => Number((stamp * 1_000_000n) / perSecond) + offsetUs,
  };
}

function packetOf({ bytes, littleEndian }: Body, interfaces: readonly Interface[]): PacketRecord {
  const view = viewOf(bytes);
  const from = interfaces[view.getUint32(0, littleEndian)];
  if (from === undefined) {
    throw new Error('the interface of the packet is not described');
  }
  const stamp = (BigInt(view.getUint32(4, littleEndian)) << 32n) | BigInt(view.getUint32(8, littleEndian));
  const captured = view.getUint32(12, littleEndian);
  const onWire = view.getUint32(16, littleEndian);
  const optionsAt = 20 + captured + (-captured & 3);
  if (optionsAt > bytes.length || onWire < captured) {
    throw new RangeError();
  }
  const flags = flagsOf(optionsOf({ bytes: bytes.subarray(optionsAt), littleEndian }).get(EPB_FLAGS), littleEndian);
  const data = bytes.subarray(20, 20 + captured);
  const packet = from.linkType === LINKTYPE_UPPER_PDU ? parseUpperPdu(data).packet : data;
  const length = onWire - captured + packet.length;
  const error = errorOf(flags);
  if (error === undefined && onWire !== captured) {
    throw new Error(`only ${packet.length} of the ${length} bytes of the packet were captured`);
  }
  const timeUs = from.timeUs(stamp);
  if (timeUs < 0 || !Number.isSafeInteger(timeUs)) {
    throw new Error('time out of range');
  }
  return {
    timeUs,
    name: from.name,
    dir: (flags & 3) === FLAG_OUTBOUND ? 'tx' : 'rx',
    length,
    bytes: packet,
    ...(error !== undefined && { error }),
  };
}

function flagsOf(option: Buffer | undefined, littleEndian: boolean): number {
  return option === undefined ? 0 : viewOf(option).getUint32(0, littleEndian);
}

function errorOf(flags: number): PacketRecord['error'] {
  if (flags & FLAG_TOO_LONG) return 'too-long';
  if (flags & FLAG_TOO_SHORT) return 'too-short';
  if (flags & FLAG_SYMBOL_ERROR) return 'malformed';
  return flags & FLAG_CRC_ERROR ? 'checksum' : undefined;
}

function optionsOf({ bytes, littleEndian }: Body): Map<number, Buffer> {
  const view = viewOf(bytes);
  const options = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    if (code === OPT_END) {
      break;
    }
    if (at + 4 + length > bytes.length) {
      throw new RangeError();
    }
    options.set(code, bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length + (-length & 3);
  }
  return options;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
