import { decode } from 'cbor2';
import type { Decoder } from './decoder.js';
import { jsonable, MAX_DEPTH } from './jsonable.js';
import { explainEnd } from './truncated.js';

/** One item of CBOR (RFC 8949). */
export const cborDecoder: Decoder = {
  name: 'cbor',
  decode(packet) {
    const value = jsonable(explainEnd(packet, () => decode(packet, { createObject: mapOf, maxDepth: MAX_DEPTH })));
    return { value, text: JSON.stringify(value) };
  },
};

/** Keys may be anything, so objects will not do. */
function mapOf(
  entries: readonly (readonly [key: unknown, value: unknown, ...rest: unknown[]])[],
): Map<unknown, unknown> {
  return new Map(entries.map(([key, value]) => [key, value]));
}
