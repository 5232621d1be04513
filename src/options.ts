import { InvalidArgumentError } from './errors.js';

/*
 * Every option is checked where it is given. A misspelled option that is ignored would leave a setting at its default,
 * or make a test pass without the fault it is about.
 */

/** What one option accepts. */
export interface OptionRule {
  /** The accepted values, in words that follow "expected". */
  readonly expected: string;
  /** Whether a value is accepted. Not called for `undefined`, which means the option is omitted. */
  accepts(value: unknown): boolean;
  /** Whether the option must be given. Default: false. */
  readonly isRequired?: boolean;
}

/** An option that accepts integers within bounds. */
export interface IntegerRule extends OptionRule {
  readonly min: number;
  readonly max: number;
}

/** A rule for every option, so that none can be forgotten. */
export type OptionRules<Options> = { readonly [Name in keyof Required<Options>]: OptionRule };

/** Options that are absent if they are not given, never `undefined`. */
type GivenOptions<Options> = { [Name in keyof Options]: Exclude<Options[Name], undefined> };

/** `INVALID_CONNECTION` for the description of a connection, `INVALID_OPTION` for everything else. */
type OptionErrorCode = 'INVALID_CONNECTION' | 'INVALID_OPTION';

/** The longest delay that a Node timer supports, in milliseconds. */
export const MAX_TIMER_MS = 2_147_483_647;

/** A longer object is not shown in a message. */
const MAX_SHOWN_LENGTH = 40;

export const aBoolean: OptionRule = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' };

export const aString: OptionRule = { expected: 'a string', accepts: (value) => typeof value === 'string' };

/** A path or a name: text that the operating system can use. */
export const aName: OptionRule = {
  expected: 'a non-empty string without NUL',
  accepts: (value) => typeof value === 'string' && value !== '' && !value.includes('\0'),
};

export const aFunction: OptionRule = { expected: 'a function', accepts: (value) => typeof value === 'function' };

/** An object whose fields have rules of their own. */
export const anObject: OptionRule = { expected: 'an object', accepts: isObject };

/** A time that a Node timer can wait, in milliseconds. */
export const milliseconds: IntegerRule = anInteger(0, MAX_TIMER_MS);

/** As {@link milliseconds}, but not 0. */
export const millisecondsFrom1: IntegerRule = anInteger(1, MAX_TIMER_MS);

export function anInteger(min: number, max = Number.MAX_SAFE_INTEGER): IntegerRule {
  return {
    min,
    max,
    expected: max === Number.MAX_SAFE_INTEGER ? `an integer of at least ${min}` : `an integer from ${min} to ${max}`,
    accepts: (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
  };
}

export function aNumber(min: number, max: number): OptionRule {
  return {
    expected: `a number from ${min} to ${max}`,
    accepts: (value) => typeof value === 'number' && value >= min && value <= max,
  };
}

export function oneOf(...values: readonly (string | number)[]): OptionRule {
  return {
    expected: values
      .map(describeValue)
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1'),
    accepts: (value) => values.includes(value as string),
  };
}

export function required(rule: OptionRule): OptionRule {
  return { ...rule, isRequired: true };
}

/**
 * Checks options.
 *
 * @param where - what was given the options: the beginning of the message
 * @returns a copy without the options that are `undefined`
 * @throws InvalidArgumentError (`code`) that names the first wrong option and what it accepts
 */
export function checkOptions<Options extends object>(
  where: string,
  options: Options,
  rules: OptionRules<Options>,
  code: OptionErrorCode = 'INVALID_OPTION',
): GivenOptions<Options> {
  const names = Object.keys(rules) as (keyof Options & string)[];
  if (!isObject(options)) {
    throw invalidOption(`${where}: got ${describeValue(options)}; expected an object with ${names.join(', ')}`, code);
  }
  const given = Object.entries(options);
  const unknown = given.find(([name]) => !Object.hasOwn(rules, name));
  if (unknown !== undefined) {
    const kind = code === 'INVALID_CONNECTION' ? 'setting' : 'option';
    const known = names.length === 1 ? names[0] : `one of ${names.join(', ')}`;
    throw invalidOption(`${where}: unknown ${kind} ${describeValue(unknown[0])}; expected ${known}`, code);
  }
  for (const name of names) {
    const value: unknown = options[name];
    const { expected, accepts, isRequired = false } = rules[name];
    if (value === undefined ? isRequired : !accepts(value)) {
      const found = value === undefined ? 'missing' : describeValue(value);
      throw invalidOption(`${where}: ${name} is ${found}; expected ${expected}`, code);
    }
  }
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as GivenOptions<Options>;
}

export function invalidOption(message: string, code: OptionErrorCode = 'INVALID_OPTION'): InvalidArgumentError {
  return new InvalidArgumentError(code, message);
}

/** A value as an error message shows it. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return 'an array';
  }
  if (typeof value === 'object' && value !== null) {
    const { name = 'Object' } = value.constructor ?? {};
    return name === 'Object' ? describeObject(value) : `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
  }
  return typeof value === 'function' ? 'a function' : String(value);
}

/** A small object as the program wrote it, so that its wrong field can be seen. */
function describeObject(value: object): string {
  const fields = Object.entries(value);
  const areShown = fields.every(([name, field]) => /^\w+$/.test(name) && ['number', 'boolean'].includes(typeof field));
  const text = `{ ${fields.map(([name, field]) => `${name}: ${field}`).join(', ')} }`;
  return areShown && fields.length > 0 && text.length <= MAX_SHOWN_LENGTH ? text : 'an object';
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
