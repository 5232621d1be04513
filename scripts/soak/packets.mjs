/** Makes a packet that can be identified, and told from a changed or cut one: number, length, and bytes derived from them. */
export function makePacket(number, length) {
  const packet = Buffer.alloc(Math.max(length, HEADER_BYTES));
  packet.writeUInt32BE(number, 0);
  packet.writeUInt16BE(packet.length, 4);
  for (let at = HEADER_BYTES; at < packet.length; at++) {
    packet[at] = fill(number, at);
  }
  return packet;
}

/** Returns the number of a packet, or undefined if makePacket cannot have made it. */
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

const HEADER_BYTES = 6;

/** Packets of zeros, packets without zeros that are longer than a COBS block, and mixed ones. */
function fill(number, at) {
  return number % 3 === 0 ? 0 : number % 3 === 1 ? 1 + ((number + at) % 255) : (number * 31 + at * 7) & 0xff;
}

/** Returns the first bytes in hex, for a message. */
export function hex(packet) {
  return Buffer.from(packet).toString('hex', 0, 32);
}
