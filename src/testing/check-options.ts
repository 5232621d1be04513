import { InvalidArgumentError } from '../errors.js';

/*
 * A test double that overlooks a misspelt option makes a test pass without the fault that it is about. So each checks
 * what it is given, at once.
 */

/** Whether an option takes a value, and, in words, what it takes. */
export interface OptionRule {
  takes: string;
  accepts(value: unknown): boolean;
  /** It has to be there. */
  isRequired?: boolean;
}

/** A rule for each option: none can be forgotten. */
export type OptionRules<Options> = Record<keyof Options, OptionRule>;

export const aBoolean: OptionRule = { takes: 'true or false', accepts: (value) => typeof value === 'boolean' };

export const aString: OptionRule = { takes: 'a string', accepts: (value) => typeof value === 'string' };

export const aPath: OptionRule = {
  takes: 'a non-empty string',
  accepts: (value) => typeof value === 'string' && value !== '',
  isRequired: true,
};

export const aFunction: OptionRule = { takes: 'a function', accepts: (value) => typeof value === 'function' };

/** Its fields have rules of their own. */
export const anObject: OptionRule = { takes: 'an object', accepts: isObject };

export const bytesFrom0: OptionRule = wholeNumber('a whole number of bytes', 0);

/** A time that a timer of Node takes. */
export const milliseconds: OptionRule = {
  takes: '0 to 2147483647 milliseconds',
  accepts: (value) => typeof value === 'number' && value >= 0 && value <= 2_147_483_647,
};

export function wholeNumber(what: string, min: number): OptionRule {
  return {
    takes: `${what} from ${min} up`,
    accepts: (value) => Number.isSafeInteger(value) && (value as number) >= min,
  };
}

export function oneOf(...values: readonly string[]): OptionRule {
  return { takes: values.map(show).join(', '), accepts: (value) => values.includes(value as string) };
}

/**
 * Checks options, and gives back a copy without those that are `undefined`.
 *
 * @param where - how the message begins: what was given the options
 * @throws InvalidArgumentError (`INVALID_CONNECTION`) that names the option, and what it takes or which there are
 */
export function checkOptions<Options extends object>(
  where: string,
  options: Options,
  rules: OptionRules<Options>,
  kind = 'option',
): Options {
  const names = Object.keys(rules);
  if (!isObject(options)) {
    throw unusable(`${where}: got ${show(options)}; it takes an object with ${names.join(', ')}`);
  }
  const given = Object.entries(options);
  const unknown = given.find(([name]) => !Object.hasOwn(rules, name));
  if (unknown !== undefined) {
    throw unusable(`${where}: "${unknown[0]}" is no ${kind}; there are ${names.join(', ')}`);
  }
  for (const name of names as (keyof Options & string)[]) {
    const value: unknown = options[name];
    const { takes, accepts, isRequired = false } = rules[name];
    if (value === undefined ? isRequired : !accepts(value)) {
      throw unusable(`${where}: ${name} is ${value === undefined ? 'missing' : show(value)}; it takes ${takes}`);
    }
  }
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Options;
}

/** The error of an argument that cannot be used. */
export function unusable(message: string): InvalidArgumentError {
  return new InvalidArgumentError('INVALID_CONNECTION', message);
}

/** A value in a message: short, and on one line. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return 'an array';
  }
  if (typeof value === 'object' && value !== null) {
    const { name = 'Object' } = value.constructor ?? {};
    return name === 'Object' ? 'an object' : `a ${name}`;
  }
  return typeof value === 'function' ? 'a function' : String(value);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
