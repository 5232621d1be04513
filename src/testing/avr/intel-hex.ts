const RECORD = /^:[0-9A-Fa-f]+$/;

/** Bytes in a record besides its data: count (1), address (2), type (1) and checksum (1). */
const RECORD_OVERHEAD = 5;

/**
 * Parses an Intel HEX image into a memory of `sizeBytes` bytes. Bytes that the image does not set are `0xff`, as in
 * erased flash.
 *
 * Reads record types 00 (data), 01 (end of file), 02 and 04 (extended segment and linear address). Skips types 03 and
 * 05 (start addresses), which an AVR does not use. Verifies every checksum.
 *
 * @param text - The image, one record per line. Empty lines are allowed.
 * @param sizeBytes - Size of the memory in bytes.
 * @returns The memory, `sizeBytes` long.
 * @throws SyntaxError naming the line and the reason: not a record, wrong length, wrong checksum, unknown type, data
 * that does not fit or is set twice, records after the end record, or no end record.
 */
export function parseIntelHex(text: string, sizeBytes: number): Uint8Array {
  const memory = new Uint8Array(sizeBytes).fill(0xff);
  const isSet = new Uint8Array(sizeBytes);
  let baseAddress = 0;
  let ended = false;

  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    const fail = (reason: string): never => {
      throw new SyntaxError(`Intel HEX, line ${index + 1}: ${reason}`);
    };
    const record = line.trim();
    if (record === '') {
      continue;
    }
    if (ended) {
      fail('unexpected text after the end record');
    }
    if (!RECORD.test(record)) {
      fail('not a record; expected ":" and hexadecimal digits');
    }
    const bytes = Buffer.from(record.slice(1), 'hex');
    const count = bytes[0] ?? 0;
    if (record.length % 2 === 0 || bytes.length !== count + RECORD_OVERHEAD) {
      fail(`expected ${(count + RECORD_OVERHEAD) * 2} digits for ${count} data bytes, got ${record.length - 1}`);
    }
    if (bytes.reduce((sum, byte) => (sum + byte) & 0xff, 0) !== 0) {
      fail('wrong checksum');
    }
    const data = bytes.subarray(4, 4 + count);
    const expectCount = (expected: number): void => {
      if (count !== expected) {
        fail(`expected ${expected} data bytes in a record of this type, got ${count}`);
      }
    };
    switch (bytes[3]) {
      case 0x00: {
        const address = baseAddress + bytes.readUInt16BE(1);
        if (address + count > sizeBytes) {
          fail(`data up to address 0x${(address + count - 1).toString(16)} does not fit into ${sizeBytes} bytes`);
        }
        if (isSet.subarray(address, address + count).includes(1)) {
          fail(`data at address 0x${address.toString(16)} is set twice`);
        }
        memory.set(data, address);
        isSet.fill(1, address, address + count);
        break;
      }
      case 0x01:
        expectCount(0);
        ended = true;
        break;
      case 0x02:
        expectCount(2);
        baseAddress = data.readUInt16BE(0) * 0x10;
        break;
      case 0x03:
      case 0x05:
        expectCount(4);
        break;
      case 0x04:
        expectCount(2);
        baseAddress = data.readUInt16BE(0) * 0x10000;
        break;
      default:
        fail(`unknown record type 0x${bytes.toString('hex', 3, 4)}`);
    }
  }
  if (!ended) {
    throw new SyntaxError('Intel HEX: the end record is missing; the image may be truncated');
  }
  return memory;
}
