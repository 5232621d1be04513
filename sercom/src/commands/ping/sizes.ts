import { InvalidArgumentError } from 'commander';

/** The largest range that is accepted; a longer one is a typing error. */
const MAX_SIZES = 65_537;

/**
 * Parses packet sizes in bytes, for example `64`, `1,16,254` or `1-32`.
 *
 * @throws InvalidArgumentError
 */
export function parseSizes(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const [, first, last = first] = /^(\d{1,8})(?:-(\d{1,8}))?$/.exec(part) ?? [];
    const from = Number(first);
    const length = Number(last) - from + 1;
    if (first === undefined || length < 1 || length > MAX_SIZES) {
      throw new InvalidArgumentError('Expected sizes in bytes, for example 64 or 1,16,254 or 1-32.');
    }
    return Array.from({ length }, (_, index) => from + index);
  });
}
