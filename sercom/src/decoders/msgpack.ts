import { decode } from '@msgpack/msgpack';
import type { Decoder } from './decoder.js';
import { jsonable } from './jsonable.js';
import { explainEnd } from './truncated.js';

/** One value of MessagePack. */
export const msgpackDecoder: Decoder = {
  name: 'msgpack',
  decode(packet) {
    // No element takes less than a byte, so what claims to hold more of them than the packet has bytes lies.
    const most = packet.length;
    const limits = {
      maxArrayLength: most,
      maxMapLength: most,
      maxStrLength: most,
      maxBinLength: most,
      maxExtLength: most,
    };
    const value = jsonable(explainEnd(packet, () => decode(packet, { useBigInt64: true, ...limits })));
    return { value, text: JSON.stringify(value) };
  },
};
