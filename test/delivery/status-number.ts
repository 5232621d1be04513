import { readHandshake } from '../../src/delivery/wire-format.js';
import { cobsDecode } from '../../src/index.js';

/** H of a STATUS that a device writes; undefined if it writes another frame. */
export function statusNumber(bytes: Uint8Array): number | undefined {
  // A delimiter may precede it.
  const frame = bytes.subarray(bytes[0] === 0 ? 1 : 0, -1);
  if (frame[1] !== 0xc2 || frame[0] === 1) {
    return undefined;
  }
  const status = readHandshake(cobsDecode(frame).subarray(0, -4));
  return status?.type === 'status' ? status.h : undefined;
}
