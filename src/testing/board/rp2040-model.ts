import { describeValue, invalidOption } from '../../options.js';
import type { ChipModel } from '../chip/simulated-chip.js';
import { parseFlashImage } from '../rp2040/flash-image.js';
import { Rp2040Model } from '../rp2040/rp2040-chip.js';
import { BOOTROM_BYTES } from '../rp2040/rp2040-core.js';
import { parseImage, readOptionFile } from './image-file.js';
import { isHexText } from './load-program.js';
import { loadRp2040js } from './load-rp2040js.js';

const EXPECTED_IMAGE =
  'the path or URL of a UF2 or ELF file, or of the contents of the flash, or a Uint8Array with these';

/** The flash has at most 16 MiB. Most of an ELF file may be debug information. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

const EXPECTED_BOOTROM = 'the path or URL of a file with the boot ROM of an RP2040';

/** What the boot ROM of every RP2040 has at this address. */
const BOOTROM_MAGIC_AT = 0x10;
const BOOTROM_MAGIC = 'Mu\x01';

interface Rp2040Options {
  readonly image: string | Uint8Array | URL;
  readonly bootrom?: string | URL | undefined;
  readonly uart?: number | undefined;
}

/**
 * Makes an RP2040 with a program.
 *
 * @throws InvalidArgumentError (`INVALID_OPTION`) if a file cannot be read, the boot ROM is none, or rp2040js is not installed
 * @throws SyntaxError if the image is not a program for the RP2040
 * @throws RangeError if it is too long
 */
export function rp2040Model({ image, bootrom, uart }: Rp2040Options): ChipModel {
  const content = typeof image === 'string' && isHexText(image) ? Buffer.from(image, 'latin1') : image;
  const file = content instanceof Uint8Array ? undefined : content;
  const program = parseImage(file, () => parseFlashImage(bytesOf(content)));
  return new Rp2040Model(loadRp2040js(), {
    program,
    bootrom: bootrom === undefined ? undefined : readBootrom(bootrom),
    uart,
  });
}

function bytesOf(image: string | Uint8Array | URL): Uint8Array {
  if (image instanceof Uint8Array) {
    return image;
  }
  return readOptionFile('image', image, EXPECTED_IMAGE, MAX_FILE_BYTES);
}

function readBootrom(file: string | URL): Uint32Array {
  const bytes = readOptionFile('bootrom', file, EXPECTED_BOOTROM, MAX_FILE_BYTES);
  const magic = bytes.toString('latin1', BOOTROM_MAGIC_AT, BOOTROM_MAGIC_AT + BOOTROM_MAGIC.length);
  if (magic !== BOOTROM_MAGIC || bytes.length !== BOOTROM_BYTES) {
    throw invalidOption(
      `SimulatedBoard: bootrom is ${describeValue(String(file))}: not the boot ROM of an RP2040, which has ${BOOTROM_BYTES} bytes; ` +
        `expected ${EXPECTED_BOOTROM}`,
    );
  }
  const words = new Uint32Array(BOOTROM_BYTES / 4);
  new Uint8Array(words.buffer).set(bytes);
  return words;
}
