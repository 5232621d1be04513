/**
 * Decodes a packet, and says in words what a packet that ends too early makes of it: the packages then speak of
 * offsets and bounds.
 */
export function explainEnd<T>(packet: Uint8Array, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof RangeError && /bounds|out of range/i.test(error.message)) {
      throw new Error(packet.length === 0 ? 'the packet is empty' : 'it ends in the middle of a value', {
        cause: error,
      });
    }
    throw error;
  }
}
