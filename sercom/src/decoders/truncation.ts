/**
 * Runs `decode` and gives a plain reason if the packet is too short. The decoder packages report that as a `RangeError`
 * about offsets and bounds.
 */
export function explainTruncation<T>(packet: Uint8Array, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof RangeError && /bounds|out of range/i.test(error.message)) {
      throw new Error(packet.length === 0 ? 'the packet is empty' : 'the packet ends in the middle of a value', {
        cause: error,
      });
    }
    throw error;
  }
}
