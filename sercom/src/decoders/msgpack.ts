import { decode } from '@msgpack/msgpack';
import type { Decoder } from './decoder.js';
import { toJsonValue } from './json-value.js';
import { explainTruncation } from './limits.js';
import { checkMsgpackSizes } from './msgpack-sizes.js';

/** Decodes one MessagePack value. */
export const msgpackDecoder: Decoder = {
  name: 'msgpack',
  decode(packet) {
    checkMsgpackSizes(packet);
    const value = toJsonValue(explainTruncation(packet, () => decode(packet, { useBigInt64: true })));
    return { value, text: JSON.stringify(value) };
  },
};
