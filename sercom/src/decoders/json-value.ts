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

/** The kinds that a packet can hold most of come first. */
function objectToJsonValue(value: object, depth: number): JsonValue {
  if (Array.isArray(value)) {
    return elementsToJson(value, depth);
  }
  if (Object.getPrototypeOf(value) === Object.prototype) {
    return fieldsToJson(Object.entries(value), depth);
  }
  if (value instanceof Uint8Array) {
    return toHex(value);
  }
  if (value instanceof Set || isTypedArray(value)) {
    return elementsToJson(value as Iterable<unknown>, depth);
  }
  if (value instanceof URL || value instanceof RegExp) {
    return String(value);
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  }
  return fieldsToJson(value instanceof Map ? value : Object.entries(value), depth);
}

function elementsToJson(values: Iterable<unknown>, depth: number): JsonValue {
  const elements: JsonValue[] = [];
  for (const element of values) {
    elements.push(toJsonValue(element, depth));
  }
  return elements;
}

function fieldsToJson(entries: Iterable<[unknown, unknown]>, depth: number): JsonValue {
  const fields: Record<string, JsonValue> = {};
  for (const [key, element] of entries) {
    const name = toKey(key, depth);
    const value = toJsonValue(element, depth);
    if (name === '__proto__') {
      // Treated like any other key, where an assignment would set the prototype.
      Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true });
    } else {
      fields[name] = value;
    }
  }
  return fields;
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
