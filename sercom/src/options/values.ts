import { InvalidArgumentError } from 'commander';
import { MAX_TIMER_MS } from '../within.js';

/**
 * Says that a value is invalid, and why.
 *
 * @param reason - a sentence, such as the message of an InvalidArgumentError
 */
export function invalidValue(value: string, reason: string): string {
  return `invalid value "${value}"; ${reason.slice(0, 1).toLowerCase()}${reason.slice(1).replace(/\.$/, '')}`;
}

/** Makes a parser of integers within limits. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      const upTo = max === Number.MAX_SAFE_INTEGER ? 'up' : `to ${max}`;
      throw new InvalidArgumentError(`Expected an integer from ${min} ${upTo}.`);
    }
    return value;
  };
}

/** What a unit after a number of bytes stands for. */
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1_024, M: 1_048_576, G: 1_073_741_824 };

/** The number of bytes that a text states: `4096`, `64k`, `10M`. Every option that takes one uses it. */
export function parseByteCount(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+)([kMG]?)$/.exec(text.replace('K', 'k')) ?? [];
  return digits === undefined ? undefined : Number(digits) * UNITS[unit]!;
}

/** Makes a parser of numbers of bytes within limits. */
export function byteCount(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const bytes = parseByteCount(text);
    if (bytes === undefined || bytes < min || bytes > max) {
      const upTo = max === Number.MAX_SAFE_INTEGER ? 'up' : `to ${max}`;
      throw new InvalidArgumentError(
        `Expected a number of bytes from ${min} ${upTo}, for example 4096, 64k, 10M or 1G.`,
      );
    }
    return bytes;
  };
}

/** Parses a time in seconds, with or without a fraction. */
export function seconds(text: string): number {
  const value = Number(text);
  const max = Math.floor(MAX_TIMER_MS / 1_000);
  if (!/^\d*\.?\d+$/.test(text) || value <= 0 || value > max) {
    throw new InvalidArgumentError(`Expected a number of seconds above 0, up to ${max}.`);
  }
  return value;
}

/** Parses a time in seconds that may be 0. */
export function secondsOrZero(text: string): number {
  return /^0*\.?0+$/.test(text) ? 0 : seconds(text);
}

/** Collects the values of a repeatable option. */
export function collect(text: string, previous: readonly string[] = []): string[] {
  return [...previous, text];
}

/** Makes a parser of a list of words, separated by commas. */
export function choices<Choice extends string>(all: readonly Choice[]): (text: string) => Choice[] {
  return (text) => {
    const words = text.split(',').map((word) => word.trim());
    if (words.some((word) => !(all as readonly string[]).includes(word))) {
      throw new InvalidArgumentError(`Expected ${all.join(', ')}, separated by commas.`);
    }
    return words as Choice[];
  };
}
