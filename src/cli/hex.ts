import { CliError } from './cli-error.js';
import { ExitCode } from './exit-codes.js';

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
