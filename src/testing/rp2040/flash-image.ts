import { parseElf } from './elf.js';
import { parseUf2 } from './uf2.js';

/** Where the flash begins in the memory of the RP2040, and how much the chip can address. */
export const FLASH_ADDRESS = 0x10000000;
const MAX_FLASH_BYTES = 16 * 1024 * 1024;

/** The flash of a Raspberry Pi Pico. A larger image gets a larger flash. */
const PICO_FLASH_BYTES = 2 * 1024 * 1024;

const SRAM_ADDRESS = 0x20000000;
const SRAM_BYTES = 264 * 1024;

/** Where the vector table may be: at the start, or after the second stage of the boot loader. */
const VECTOR_OFFSETS = [0, 0x100];

/** A part of an image: bytes for consecutive addresses. */
export interface ImagePart {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** A program in flash. */
export interface Rp2040Program {
  readonly flash: Uint8Array<ArrayBuffer>;
  /** The address of the vector table. */
  readonly vectorTable: number;
}

/**
 * Loads a program into flash: UF2, ELF, or the contents of the flash from its start, recognized by their first bytes.
 *
 * @throws SyntaxError if the image is damaged, for another chip or place, or contains no program
 * @throws RangeError if it is too long
 */
export function parseFlashImage(image: Uint8Array): Rp2040Program {
  const flash = newFlash(partsOf(image));
  const view = new DataView(flash.buffer);
  const offset = VECTOR_OFFSETS.find((candidate) => isVectorTable(view, candidate));
  if (offset === undefined) {
    throw new SyntaxError(
      'no vector table at the start of the flash, or 256 bytes after it; expected a program for the RP2040',
    );
  }
  return { flash, vectorTable: FLASH_ADDRESS + offset };
}

function partsOf(image: Uint8Array): readonly ImagePart[] {
  const start = Buffer.from(image.subarray(0, 4)).toString('latin1');
  if (start === 'UF2\n') {
    return parseUf2(image);
  }
  if (start === '\x7fELF') {
    return parseElf(image);
  }
  if (start.startsWith(':')) {
    throw new SyntaxError('an Intel HEX file; expected UF2, ELF or the contents of the flash (.uf2, .elf, .bin)');
  }
  return [{ address: FLASH_ADDRESS, bytes: image }];
}

function newFlash(parts: readonly ImagePart[]): Uint8Array<ArrayBuffer> {
  let endOffset = 0;
  for (const { address, bytes } of parts) {
    const end = address - FLASH_ADDRESS + bytes.length;
    if (address < FLASH_ADDRESS || end > MAX_FLASH_BYTES) {
      throw new RangeError(
        `data at ${hex(address)} to ${hex(address + bytes.length - 1)}; ` +
          `expected a program in flash, from ${hex(FLASH_ADDRESS)} to ${hex(FLASH_ADDRESS + MAX_FLASH_BYTES - 1)}`,
      );
    }
    endOffset = Math.max(endOffset, end);
  }
  const flash = new Uint8Array(Math.max(PICO_FLASH_BYTES, 2 ** Math.ceil(Math.log2(endOffset)))).fill(0xff);
  for (const { address, bytes } of parts) {
    flash.set(bytes, address - FLASH_ADDRESS);
  }
  return flash;
}

/** Whether there is a stack at the end of or in the RAM, and a first instruction in flash. */
function isVectorTable(flash: DataView, offset: number): boolean {
  const stack = flash.getUint32(offset, true);
  const start = flash.getUint32(offset + 4, true);
  const isStack = stack > SRAM_ADDRESS && stack <= SRAM_ADDRESS + SRAM_BYTES && stack % 4 === 0;
  const isThumb = start % 2 === 1;
  return isStack && isThumb && start > FLASH_ADDRESS && start < FLASH_ADDRESS + flash.byteLength;
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}
