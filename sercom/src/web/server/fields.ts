import { Refusal } from './refusal.js';

/** The fields of a request, checked. Unknown fields are ignored, so that newer front ends can ask older servers. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#values, key);
  }

  /** @throws Refusal */
  text(key: string, maxLength = Number.POSITIVE_INFINITY): string {
    const value = this.#value(key);
    if (typeof value !== 'string' || value.length > maxLength) {
      const limit = maxLength === Number.POSITIVE_INFINITY ? '' : ` of at most ${maxLength} characters`;
      throw invalid(key, `a text${limit}`);
    }
    return value;
  }

  /** @throws Refusal */
  choice<const Choice extends string>(key: string, choices: readonly Choice[]): Choice {
    const value = choices.find((each) => each === this.#value(key));
    if (value === undefined) {
      throw invalid(key, `one of ${choices.join(', ')}`);
    }
    return value;
  }

  /** @throws Refusal */
  integer(key: string, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.#value(key);
    if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) {
      throw invalid(key, `an integer from ${min} to ${max}`);
    }
    return value as number;
  }

  /** @throws Refusal */
  number(key: string): number {
    const value = this.#value(key);
    if (typeof value !== 'number') {
      throw invalid(key, 'a number');
    }
    return value;
  }

  /** @throws Refusal */
  flag(key: string): boolean {
    const value = this.#value(key) ?? false;
    if (typeof value !== 'boolean') {
      throw invalid(key, 'true or false');
    }
    return value;
  }

  /** @throws Refusal */
  integers(key: string, maxCount: number): number[] {
    const value = this.#value(key);
    const isValid = Array.isArray(value) && value.length <= maxCount && value.every(isIndex);
    if (!isValid) {
      throw invalid(key, `an array of at most ${maxCount} integers`);
    }
    return value;
  }

  #value(key: string): unknown {
    return this.has(key) ? this.#values[key] : undefined;
  }
}

function isIndex(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function invalid(key: string, expected: string): Refusal {
  return new Refusal('body', `"${key}" must be ${expected}`);
}
