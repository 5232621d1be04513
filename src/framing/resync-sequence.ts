/**
 * Ends a frame that was cut after an unknown number of bytes, so that it cannot decode. The last byte is a delimiter.
 * A delimiter alone is not enough: a frame that is cut at a block border decodes as a shorter packet.
 *
 * Why it works: the last block of the cut frame lacks some number k of bytes, 0 to 254. If k is 0, the 1 is an empty
 * block, and the first 255 starts a block that lacks one byte. Otherwise the first k bytes complete the block, and the
 * next 255 starts a block that lacks at least one byte, because only 255 - k bytes are left.
 */
export const resyncSequence: Uint8Array = Uint8Array.from([1, ...new Array<number>(254).fill(255), 0]);
