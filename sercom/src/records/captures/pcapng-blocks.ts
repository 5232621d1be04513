/** `USER0`: raw packets. */
export const LINKTYPE_USER0 = 147;

/** `WIRESHARK_UPPER_PDU`: tags, one of which names the dissector, followed by the packet. */
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
export const FLAG_TOO_SHORT = 1 << 26;
export const FLAG_SYMBOL_ERROR = 1 << 31;

/** Tags before an upper PDU. */
export const TAG_END = 0;
export const TAG_DISSECTOR = 12;
export const TAG_DIRECTION = 40;
