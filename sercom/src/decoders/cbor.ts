import { decode } from 'cbor2';
import type { Decoder } from './decoder.js';
import { MAX_DEPTH, toJsonValue } from './json-value.js';
import { explainTruncation } from './truncation.js';

/** Decodes one CBOR item (RFC 8949). */
export const cborDecoder: Decoder = {
  name: 'cbor',
  decode(packet) {
    const item = explainTruncation(packet, () => decode(packet, { createObject: toMap, maxDepth: MAX_DEPTH }));
    const value = toJsonValue(item);
    return { value, text: JSON.stringify(value) };
  },
};

/** Keys can be of any type, so an object cannot hold them. */
function toMap(
  entries: readonly (readonly [key: unknown, value: unknown, ...rest: unknown[]])[],
): Map<unknown, unknown> {
  return new Map(entries.map(([key, value]) => [key, value]));
}
