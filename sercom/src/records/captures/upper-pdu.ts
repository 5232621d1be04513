import type { PacketRecord } from '../record.js';
import { TAG_DIRECTION, TAG_END } from './pcapng-blocks.js';

/** What follows the tags of an upper PDU, and the direction if a tag states it. */
export interface UpperPdu {
  packet: Buffer;
  dir?: PacketRecord['dir'];
}

/**
 * Separates an upper PDU from its tags.
 *
 * @throws RangeError if a tag extends beyond the end
 */
export function parseUpperPdu(data: Buffer): UpperPdu {
  let direction: number | undefined;
  for (let at = 0; ; ) {
    const code = data.readUInt16BE(at);
    const length = data.readUInt16BE(at + 2);
    const valueAt = at + 4;
    at = valueAt + length;
    if (at > data.length) {
      throw new RangeError();
    }
    if (code === TAG_DIRECTION && length === 4) {
      direction = data.readUInt32BE(valueAt);
    } else if (code === TAG_END) {
      const packet = data.subarray(at);
      return direction === undefined ? { packet } : { packet, dir: direction === 0 ? 'tx' : 'rx' };
    }
  }
}
