/** Makes a packet of number, length and filler. Each can be identified, and a changed or truncated one is detected. */
export function makePacket(number, length) {
  const packet = Buffer.alloc(Math.max(length, HEADER_BYTES));
  packet.writeUInt32BE(number, 0);
  packet.writeUInt16BE(packet.length, 4);
  for (let at = HEADER_BYTES; at < packet.length; at++) {
    packet[at] = fill(number, at);
  }
  return packet;
}

/** Returns the number of a packet, or undefined if {@link makePacket} never made it. */
export function packetNumber(bytes) {
  const packet = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (packet.length < HEADER_BYTES || packet.readUInt16BE(4) !== packet.length) {
    return undefined;
  }
  const number = packet.readUInt32BE(0);
  for (let at = HEADER_BYTES; at < packet.length; at++) {
    if (packet[at] !== fill(number, at)) {
      return undefined;
    }
  }
  return number;
}

/**
 * True if noise may have made this packet, although each noisy line has CRC-32: the CRC-32 of an empty packet is zero, so
 * damage on both sides of four zeros leaves the frame of an empty packet (docs/wire.md).
 */
export function isEmptyByNoise(packet, checksum) {
  return packet.length === 0 && checksum === 'crc32';
}

const HEADER_BYTES = 6;

/** Filler that contains runs of zeros, and runs without a zero that are longer than a COBS block. */
function fill(number, at) {
  return number % 3 === 0 ? 0 : number % 3 === 1 ? 1 + ((number + at) % 255) : (number * 31 + at * 7) & 0xff;
}

/** The first bytes of a packet, for messages. */
export function hex(packet) {
  return Buffer.from(packet).toString('hex', 0, 32);
}
