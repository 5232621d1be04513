import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { shorten } from './shorten.js';

/**
 * The conversion that `Buffer.toString('hex')` uses. It also works on a `Uint8Array`, which saves making a `Buffer` of it; for
 * short packets that would double the time.
 */
const { hexSlice } = Buffer.prototype as unknown as { hexSlice(this: Uint8Array, start: number, end: number): string };

/** Two lower-case hex digits for each byte. */
export function toHex(bytes: Uint8Array): string {
  return hexSlice.call(bytes, 0, bytes.length);
}

const SPACED_DIGITS = Array.from({ length: 256 }, (_, byte) => ` ${byte.toString(16).padStart(2, '0')}`);

/** Like {@link toHex}, with a space between bytes. */
export function toSpacedHex(bytes: Uint8Array): string {
  let spaced = '';
  for (const byte of bytes) {
    spaced += SPACED_DIGITS[byte];
  }
  return spaced.slice(1);
}

/**
 * Parses pairs of hex digits, upper or lower case, with optional white space, colons or commas between them. Each group
 * of pairs may begin with `0x`.
 *
 * @throws CliError (usage error)
 */
export function parseHex(text: string): Uint8Array {
  const groups = text.match(/[^\s:,]+/g) ?? [];
  const invalid = groups.find((group) => !/^(?:0x(?=.))?(?:[0-9a-f]{2})*$/i.test(group));
  if (invalid !== undefined) {
    throw new CliError(
      ExitCode.usage,
      `invalid hex "${shorten(invalid)}"; expected pairs of digits, for example "01 02 ff", "0x01,0x02,0xff" or "0102ff"`,
    );
  }
  return Buffer.from(groups.map((group) => group.replace(/^0x/i, '')).join(''), 'hex');
}
