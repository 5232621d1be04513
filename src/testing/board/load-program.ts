import { parseIntelHex } from '../avr/intel-hex.js';
import { parseImage, readOptionFile } from './image-file.js';

/** What {@link loadProgram} accepts, in words that follow "expected". */
const EXPECTED_IMAGE = 'the path or URL of an Intel HEX file, its text, or a Uint8Array with the contents of the flash';

/** Length of a record with one byte of data, and more than enough for what is between such records. */
const MAX_RECORD_BYTES = 32;

/** The byte that begins every record of an Intel HEX file. No program begins with it and is text. */
const COLON = 0x3a;

/**
 * Loads a program into a flash of `flashBytes` bytes.
 *
 * @throws InvalidArgumentError (`INVALID_OPTION`) if the file cannot be read
 * @throws SyntaxError if it is not valid Intel HEX
 * @throws RangeError if it is too long
 */
export function loadProgram(image: string | Uint8Array | URL, flashBytes: number): Uint16Array {
  const file = image instanceof URL || (typeof image === 'string' && !isHexText(image)) ? image : undefined;
  const content = file === undefined ? image : readFile(file, flashBytes);
  const flash = new Uint8Array(flashBytes).fill(0xff);
  flash.set(parseImage(file, () => parseContent(content as string | Uint8Array, flashBytes)));
  return new Uint16Array(flash.buffer);
}

/** Whether a string is the text of an Intel HEX file, not its path. */
export function isHexText(image: string): boolean {
  return image.trimStart().startsWith(':') || image.includes('\n') || image === '';
}

function readFile(file: string | URL, flashBytes: number): string {
  return readOptionFile('image', file, EXPECTED_IMAGE, MAX_RECORD_BYTES * flashBytes).toString('latin1');
}

function parseContent(content: string | Uint8Array, flashBytes: number): Uint8Array {
  const start = typeof content === 'string' ? content : Buffer.from(content.subarray(0, 4)).toString('latin1');
  if (start.startsWith('\x7fELF')) {
    throw new SyntaxError('an ELF file; expected Intel HEX, which "avr-objcopy -O ihex" makes of it');
  }
  if (start.startsWith('UF2\n')) {
    throw new SyntaxError('a UF2 file, which is for other chips; expected Intel HEX');
  }
  if (typeof content === 'string') {
    return parseIntelHex(content, flashBytes);
  }
  if (content[0] === COLON && isText(content)) {
    // A file that was read without an encoding.
    return parseIntelHex(Buffer.from(content).toString('latin1'), flashBytes);
  }
  if (content.length > flashBytes) {
    throw new RangeError(`${content.length} bytes long; expected at most ${flashBytes} bytes`);
  }
  return content;
}

function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x0a || byte === 0x0d || (byte >= 0x20 && byte < 0x7f));
}
