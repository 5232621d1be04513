import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';

/** Above this many bytes, `Buffer` is faster in spite of its overhead. */
const SHORT_BYTES = 512;

const DIGITS = Buffer.from('0123456789abcdef');
const scratch = Buffer.alloc(2 * SHORT_BYTES);

/** Two lower-case hex digits for each byte. */
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
 * Parses pairs of hex digits, upper or lower case, with optional white space or colons between them.
 *
 * @throws CliError (usage error)
 */
export function parseHex(text: string): Uint8Array {
  const pairs = text.match(/[^\s:]+/g) ?? [];
  const invalid = pairs.find((digits) => !/^([0-9a-f]{2})*$/i.test(digits));
  if (invalid !== undefined) {
    throw new CliError(
      ExitCode.usage,
      `invalid hex "${invalid}"; expected pairs of digits, for example "01 02 ff", "01:02:ff" or "0102ff"`,
    );
  }
  return Buffer.from(pairs.join(''), 'hex');
}
