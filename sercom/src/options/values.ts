import { InvalidArgumentError } from 'commander';

/** The longest delay that a timer of Node.js supports. */
const MAX_TIMER_MS = 2_147_483_647;

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
    const unknown = words.find((word) => !(all as readonly string[]).includes(word));
    if (unknown !== undefined) {
      throw new InvalidArgumentError(`Expected ${all.join(', ')}, separated by commas; got "${unknown}".`);
    }
    return words as Choice[];
  };
}
