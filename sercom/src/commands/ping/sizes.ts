import { InvalidArgumentError } from 'commander';

/** More sizes than that cannot be meant. */
const MAX_SIZES = 65_537;

/** Reads sizes as in `64`, `1,16,254` and `1-32`. */
export function parseSizes(text: string): number[] {
  const sizes = text.split(',').flatMap((part) => {
    const [, first, last = first] = /^(\d{1,8})(?:-(\d{1,8}))?$/.exec(part) ?? [];
    const from = Number(first);
    const length = Number(last) - from + 1;
    if (first === undefined || length < 1 || length > MAX_SIZES) {
      throw new InvalidArgumentError('It takes sizes in bytes, as in 64, 1,16,254 or 1-32.');
    }
    return Array.from({ length }, (_, index) => from + index);
  });
  return sizes;
}
