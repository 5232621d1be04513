import { InvalidArgumentError } from 'commander';

/** The longest delay that a timer of Node.js supports. */
const MAX_TIMER_MS = 2_147_483_647;

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
