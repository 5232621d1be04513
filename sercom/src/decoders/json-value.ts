import { toHex } from '../text/hex.js';
import { checkDepth, MAX_DEPTH } from './limits.js';

/** A value that JSON can represent. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * How many levels a key counts as. A key that is not a string becomes one, and each such key within another doubles the
 * number of its backslashes, so few of them can be nested.
 */
const KEY_LEVELS = MAX_DEPTH / 4;

/**
 * Converts any value that a decoder package returns into one that JSON can represent:
 *
 * - integers that a double cannot hold exactly become decimal strings
 * - `NaN` and infinities become their names
 * - bytes become hex
 * - dates become ISO 8601
 * - maps become objects
 * - `undefined` becomes `null`
 *
 * @throws Error if the value is nested deeper than {@link MAX_DEPTH}
 */
export function toJsonValue(value: unknown, depth = 0): JsonValue {
  checkDepth(depth);
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
      return value === null ? null : objectToJsonValue(value, depth + 1);
    default:
      return null;
  }
}

function objectToJsonValue(value: object, depth: number): JsonValue {
  if (value instanceof Uint8Array) {
    return toHex(value);
  }
  if (Array.isArray(value) || value instanceof Set || isTypedArray(value)) {
    return Array.from(value, (element) => toJsonValue(element, depth));
  }
  if (value instanceof URL || value instanceof RegExp) {
    return String(value);
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  }
  const entries: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
  // `fromEntries` defines properties, so a key `__proto__` is treated like any other.
  return Object.fromEntries([...entries].map(([key, element]) => [toKey(key, depth), toJsonValue(element, depth)]));
}

function isTypedArray(value: object): value is ArrayLike<number | bigint> {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function toKey(key: unknown, depth: number): string {
  if (typeof key === 'string') {
    return key;
  }
  const plain = toJsonValue(key, depth + KEY_LEVELS);
  return typeof plain === 'string' ? plain : JSON.stringify(plain);
}
