import type { ImagePart } from './flash-image.js';

const BLOCK_BYTES = 512;
const MAX_PAYLOAD_BYTES = 476;

const MAGIC_START = 0x0a324655;
const MAGIC_SECOND = 0x9e5d5157;
const MAGIC_END = 0x0ab16f30;

const NOT_MAIN_FLASH = 0x1;
const FILE_CONTAINER = 0x1000;
const FAMILY_PRESENT = 0x2000;

const RP2040_FAMILY = 0xe48bff56;
/** The families of a UF2 file for the RP2350. */
const RP2350_FAMILIES = [0xe48bff57, 0xe48bff58, 0xe48bff59, 0xe48bff5a, 0xe48bff5b];

/**
 * Parses a UF2 file. Skips blocks that are not for the flash, and blocks for other chips.
 *
 * @throws SyntaxError naming the block and the reason: truncated, not a block, a wrong length, a missing or repeated block,
 * or no block for the RP2040.
 */
export function parseUf2(file: Uint8Array): ImagePart[] {
  if (file.length % BLOCK_BYTES !== 0) {
    throw new SyntaxError(`UF2: ${file.length} bytes are not a multiple of ${BLOCK_BYTES}; the file may be truncated`);
  }
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const parts: ImagePart[] = [];
  let blockCount: number | undefined;
  let otherFamily: number | undefined;
  for (let offset = 0; offset < file.length; offset += BLOCK_BYTES) {
    const fail = (reason: string): never => {
      throw new SyntaxError(`UF2, block ${offset / BLOCK_BYTES}: ${reason}`);
    };
    const word = (index: number) => view.getUint32(offset + 4 * index, true);
    if (word(0) !== MAGIC_START || word(1) !== MAGIC_SECOND || word(127) !== MAGIC_END) {
      fail('not a block');
    }
    const flags = word(2);
    if (flags & (NOT_MAIN_FLASH | FILE_CONTAINER)) {
      continue;
    }
    if (flags & FAMILY_PRESENT && word(7) !== RP2040_FAMILY) {
      otherFamily ??= word(7);
      continue;
    }
    const bytes = word(4);
    if (bytes > MAX_PAYLOAD_BYTES) {
      fail(`${bytes} bytes of data; expected at most ${MAX_PAYLOAD_BYTES}`);
    }
    blockCount ??= word(6);
    if (word(6) !== blockCount || word(5) !== parts.length) {
      fail(`number ${word(5)} of ${word(6)}; expected number ${parts.length} of ${blockCount}`);
    }
    parts.push({ address: word(3), bytes: file.subarray(offset + 32, offset + 32 + bytes) });
  }
  if (parts.length === 0 && otherFamily !== undefined) {
    const name = RP2350_FAMILIES.includes(otherFamily) ? 'the RP2350' : `family 0x${otherFamily.toString(16)}`;
    throw new SyntaxError(`UF2: for another chip (${name}); expected the RP2040`);
  }
  if (parts.length === 0 || parts.length !== blockCount) {
    throw new SyntaxError(`UF2: ${parts.length} of ${blockCount ?? 0} blocks; the file may be truncated`);
  }
  return parts;
}
