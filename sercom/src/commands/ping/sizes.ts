import { InvalidArgumentError } from 'commander';
import { parseByteCount } from '../../options/values.js';

/** The largest range that is accepted; a longer one is a typing error. */
const MAX_SIZES = 65_537;

/**
 * Parses packet sizes in bytes, for example `64`, `1,16,254` or `1-32`.
 *
 * @throws InvalidArgumentError
 */
export function parseSizes(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const limits = part.split('-').map((size) => parseByteCount(size) ?? Number.NaN);
    const from = limits[0]!;
    const length = limits.at(-1)! - from + 1;
    if (limits.length > 2 || !(length >= 1 && length <= MAX_SIZES)) {
      throw new InvalidArgumentError('Expected sizes in bytes, for example 64 or 1,16,254 or 1-32.');
    }
    return Array.from({ length }, (_, index) => from + index);
  });
}
