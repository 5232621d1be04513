import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';

/** Longer arrays are left to `Buffer`, which takes longer to begin with. */
const SHORT_BYTES = 512;

const DIGITS = Buffer.from('0123456789abcdef');
const scratch = Buffer.alloc(2 * SHORT_BYTES);

/** Two hex digits, in lower case, for each byte. */
export function toHex(bytes: Uint8Array): string {
  if (bytes.length > SHORT_BYTES) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  }
  for (let from = 0, to = 0; from < bytes.length; from++) {
    const byte = bytes[from]!;
    scratch[to++] = DIGITS[byte >> 4]!;
    scratch[to++] = DIGITS[byte & 15]!;
  }
  return scratch.toString('latin1', 0, 2 * bytes.length);
}

/**
 * Reads bytes written as pairs of hex digits, upper or lower case, with or without white space or colons in between.
 *
 * @throws CliError (wrong use)
 */
export function parseHex(text: string): Uint8Array {
  const pairs = text.match(/[^\s:]+/g) ?? [];
  const wrong = pairs.find((digits) => !/^([0-9a-f]{2})*$/i.test(digits));
  if (wrong !== undefined) {
    throw new CliError(
      ExitCode.usage,
      `hex: "${wrong}" is not made of pairs of hex digits; write bytes as in "01 02 ff", "01:02:ff" or "0102ff"`,
    );
  }
  return Buffer.from(pairs.join(''), 'hex');
}
