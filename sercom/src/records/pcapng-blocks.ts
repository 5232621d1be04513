/** `USER0`: packets as they are. */
export const LINKTYPE_USER0 = 147;

/** `WIRESHARK_UPPER_PDU`: packets behind tags, one of which names the dissector. */
export const LINKTYPE_UPPER_PDU = 252;

/** Types of blocks. */
export const SECTION_HEADER = 0x0a0d0d0a;
export const INTERFACE_DESCRIPTION = 1;
export const SIMPLE_PACKET = 3;
export const ENHANCED_PACKET = 6;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Options of blocks. */
export const OPT_END = 0;
export const OPT_COMMENT = 1;
export const SHB_USERAPPL = 4;
export const IF_NAME = 2;
export const IF_TSRESOL = 9;
export const IF_TSOFFSET = 14;
export const EPB_FLAGS = 2;

/** Bits of `epb_flags`. */
export const FLAG_INBOUND = 1;
export const FLAG_OUTBOUND = 2;
export const FLAG_CRC_ERROR = 1 << 24;
export const FLAG_TOO_LONG = 1 << 25;
export const FLAG_SYMBOL_ERROR = 1 << 31;

/** Tags before an upper PDU. */
export const TAG_END = 0;
export const TAG_DISSECTOR = 12;
export const TAG_DIRECTION = 40;

export type BlockOption = readonly [code: number, value: Uint8Array];

/** A block, little-endian: type, length, body, options, length. */
export function block(type: number, body: Uint8Array, options: readonly BlockOption[] = []): Buffer {
  const parts: Uint8Array[] = [padded(body)];
  for (const [code, value] of options) {
    parts.push(Buffer.from(Uint16Array.of(code, value.length).buffer), padded(value));
  }
  if (options.length > 0) {
    parts.push(Buffer.alloc(4));
  }
  const length = 12 + parts.reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, ...parts, head.subarray(4)]);
}

/** Bytes, filled up with zeros to a multiple of four. */
export function padded(bytes: Uint8Array): Uint8Array {
  const missing = -bytes.length & 3;
  return missing === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(missing)]);
}
