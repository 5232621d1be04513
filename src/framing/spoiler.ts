/**
 * Ends a frame that was cut after an unknown number of bytes so that it cannot decode, then ends the line with a
 * delimiter. A delimiter alone does not do: a frame that is cut at a block border decodes as a shorter packet.
 *
 * Where the frame was cut, some number k of bytes is missing in its last block, 0 to 254. With k = 0 the 1 is an empty
 * block, and the first 255 opens one that lacks a byte. Else the first k bytes fill the block up, and the next 255, of
 * which 255 - k are left, opens one that lacks at least a byte.
 */
export const spoiler: Uint8Array = Uint8Array.from([1, ...new Array<number>(254).fill(255), 0]);
