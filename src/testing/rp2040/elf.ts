import type { ImagePart } from './flash-image.js';

const HEADER_BYTES = 52;
const PROGRAM_HEADER_BYTES = 32;
const MAX_PROGRAM_HEADERS = 256;

const CLASS_32_BIT = 1;
const LITTLE_ENDIAN = 1;
const TYPE_EXECUTABLE = 2;
const MACHINE_ARM = 40;
const SEGMENT_LOAD = 1;

/**
 * Parses an ELF file: what its loadable segments put at their physical addresses.
 *
 * @throws SyntaxError if it is truncated, not an executable for 32-bit Arm, or has no loadable segments
 */
export function parseElf(file: Uint8Array): ImagePart[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  if (file.length < HEADER_BYTES) {
    throw new SyntaxError(`ELF: ${file.length} bytes; the file may be truncated`);
  }
  if (
    file[4] !== CLASS_32_BIT ||
    file[5] !== LITTLE_ENDIAN ||
    view.getUint16(16, true) !== TYPE_EXECUTABLE ||
    view.getUint16(18, true) !== MACHINE_ARM
  ) {
    throw new SyntaxError('ELF: not an executable for 32-bit Arm; expected a program for the RP2040');
  }
  const tableOffset = view.getUint32(28, true);
  const entryBytes = view.getUint16(42, true);
  const count = view.getUint16(44, true);
  if (
    entryBytes < PROGRAM_HEADER_BYTES ||
    count > MAX_PROGRAM_HEADERS ||
    tableOffset + count * entryBytes > file.length
  ) {
    throw new SyntaxError('ELF: the table of segments is outside of the file; the file may be truncated');
  }
  const parts: ImagePart[] = [];
  for (let index = 0; index < count; index++) {
    const word = (number: number) => view.getUint32(tableOffset + index * entryBytes + 4 * number, true);
    const bytes = word(4);
    if (word(0) !== SEGMENT_LOAD || bytes === 0) {
      continue;
    }
    const offset = word(1);
    if (offset + bytes > file.length) {
      throw new SyntaxError(`ELF: segment ${index} is outside of the file; the file may be truncated`);
    }
    parts.push({ address: word(3), bytes: file.subarray(offset, offset + bytes) });
  }
  if (parts.length === 0) {
    throw new SyntaxError('ELF: nothing to load; expected a program for the RP2040');
  }
  return parts;
}
