import { readFileSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { describeValue, invalidOption } from '../../options.js';
import { FLASH_BYTES } from '../avr/atmega328p.js';
import { parseIntelHex } from '../avr/intel-hex.js';

/** What {@link loadProgram} accepts, in words that follow "expected". */
export const EXPECTED_IMAGE =
  'the path or URL of an Intel HEX file, its text, or a Uint8Array with the contents of the flash';

/** The byte that begins every record of an Intel HEX file. No program begins with it and is text. */
const COLON = 0x3a;

/**
 * Loads a program into flash.
 *
 * @throws InvalidArgumentError (`INVALID_OPTION`) if the file cannot be read
 * @throws SyntaxError if it is not valid Intel HEX
 * @throws RangeError if it is too long
 */
export function loadProgram(image: string | Uint8Array | URL): Uint16Array {
  const flash = new Uint8Array(FLASH_BYTES).fill(0xff);
  if (typeof image === 'string' && isHexText(image)) {
    flash.set(parseIntelHex(image, FLASH_BYTES));
  } else if (typeof image === 'string' || image instanceof URL) {
    flash.set(parseFile(image));
  } else if (image[0] === COLON && isText(image)) {
    // A file that was read without an encoding.
    flash.set(parseIntelHex(Buffer.from(image).toString('latin1'), FLASH_BYTES));
  } else {
    if (image.length > FLASH_BYTES) {
      throw new RangeError(
        `SimulatedBoard: image is ${image.length} bytes long; expected at most ${FLASH_BYTES} bytes`,
      );
    }
    flash.set(image);
  }
  return new Uint16Array(flash.buffer);
}

/** Whether a string is the text of a file, not its path. */
function isHexText(image: string): boolean {
  return image.trimStart().startsWith(':') || image.includes('\n') || image === '';
}

function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x0a || byte === 0x0d || (byte >= 0x20 && byte < 0x7f));
}

function parseFile(file: string | URL): Uint8Array {
  const shown = describeValue(String(file));
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch (error) {
    const { code, errno = 0, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'no such file' : (getSystemErrorMap().get(errno)?.[1] ?? message);
    throw invalidOption(`SimulatedBoard: image is ${shown}: ${reason}; expected ${EXPECTED_IMAGE}`);
  }
  try {
    return parseIntelHex(text, FLASH_BYTES);
  } catch (error) {
    throw new SyntaxError(`SimulatedBoard: image ${shown}: ${(error as Error).message}`, { cause: error });
  }
}
