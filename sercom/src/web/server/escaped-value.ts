import type { JsonValue } from '../../decoders/json-value.js';
import { escapeJson, escapeText } from '../../text/escape.js';

/** How many values a tree has at most. A browser could show more, but nobody reads them. */
const MAX_VALUES = 10_000;

/** The longest text in a tree. */
const MAX_CHARACTERS = 10_000;

/**
 * A copy of a decoded packet whose texts and keys are escaped: keys as in JSON, so that different keys stay different, and the
 * paths of series can be made of them. What is too large for a browser is left out, and a text in its place says how much.
 */
export function escapedValue(value: JsonValue): JsonValue {
  let left = MAX_VALUES;
  const copy = (each: JsonValue): JsonValue => {
    left--;
    if (typeof each === 'string') {
      return escapeText(cut(each));
    }
    if (Array.isArray(each)) {
      return copyElements(each);
    }
    return typeof each === 'object' && each !== null ? copyFields(each as Fields) : each;
  };
  const copyElements = (elements: readonly JsonValue[]): JsonValue[] => {
    const copied: JsonValue[] = [];
    for (const element of elements) {
      if (left <= 0) {
        copied.push(more(elements.length - copied.length));
        break;
      }
      copied.push(copy(element));
    }
    return copied;
  };
  const copyFields = (fields: Fields): JsonValue => {
    const copied: [string, JsonValue][] = [];
    const keys = Object.keys(fields);
    for (const key of keys) {
      if (left <= 0) {
        copied.push(['…', more(keys.length - copied.length)]);
        break;
      }
      copied.push([escapeJson(cut(key)).slice(1, -1), copy(fields[key]!)]);
    }
    // Unlike an assignment, this treats __proto__ like any other key.
    return Object.fromEntries(copied);
  };
  return copy(value);
}

type Fields = { readonly [key: string]: JsonValue };

function cut(text: string): string {
  const cutOff = text.length - MAX_CHARACTERS;
  return cutOff > 0 ? `${text.slice(0, MAX_CHARACTERS)}… ${cutOff} more` : text;
}

function more(values: number): string {
  return `… ${values} more`;
}
