import { toHex } from '../text/hex.js';

/** What JSON can hold. */
export type Jsonable = null | boolean | number | string | readonly Jsonable[] | { readonly [key: string]: Jsonable };

/** Deeper values are not decoded: no device means them, and whatever walks them must not run out of stack. */
export const MAX_DEPTH = 100;

/**
 * A value that JSON can hold, for any that a decoder gives: whole numbers that a double cannot hold become decimal
 * strings, `NaN` and infinities their names, bytes hex, dates ISO 8601, what is undefined `null`; maps become objects.
 *
 * @throws Error if the value is nested too deeply
 */
export function jsonable(value: unknown, depth = 0): Jsonable {
  if (depth > MAX_DEPTH) {
    throw new Error(`nested more than ${MAX_DEPTH} deep`);
  }
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint': {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : String(value);
    }
    case 'object':
      return value === null ? null : ofObject(value, depth + 1);
    default:
      return null;
  }
}

function ofObject(value: object, depth: number): Jsonable {
  if (value instanceof Uint8Array) {
    return toHex(value);
  }
  if (Array.isArray(value) || value instanceof Set || isNumbers(value)) {
    return Array.from(value, (element) => jsonable(element, depth));
  }
  if (value instanceof URL || value instanceof RegExp) {
    return String(value);
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  }
  const entries: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
  // `fromEntries` defines properties: a key `__proto__` is one like any other.
  return Object.fromEntries([...entries].map(([key, element]) => [keyOf(key, depth), jsonable(element, depth)]));
}

/** An array of numbers of one kind, such as a `Float32Array`. */
function isNumbers(value: object): value is ArrayLike<number | bigint> {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function keyOf(key: unknown, depth: number): string {
  const plain = jsonable(key, depth);
  return typeof plain === 'string' ? plain : JSON.stringify(plain);
}
