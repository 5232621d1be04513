import { decode } from '@msgpack/msgpack';
import type { Decoder } from './decoder.js';
import { toJsonValue } from './json-value.js';
import { explainTruncation } from './truncation.js';

/** Decodes one MessagePack value. */
export const msgpackDecoder: Decoder = {
  name: 'msgpack',
  decode(packet) {
    // Every element needs at least one byte, so a length above that of the packet is wrong. Reject it before allocating.
    const limit = packet.length;
    const limits = {
      maxArrayLength: limit,
      maxMapLength: limit,
      maxStrLength: limit,
      maxBinLength: limit,
      maxExtLength: limit,
    };
    const value = toJsonValue(explainTruncation(packet, () => decode(packet, { useBigInt64: true, ...limits })));
    return { value, text: JSON.stringify(value) };
  },
};
