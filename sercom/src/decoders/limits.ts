/** Maximum nesting. Deeper values are rejected, so that code that recurses into a value cannot overflow the stack. */
export const MAX_DEPTH = 100;

/** @throws Error if a value is nested deeper than {@link MAX_DEPTH} */
export function checkDepth(depth: number): void {
  if (depth > MAX_DEPTH) {
    throw new Error(`nested more than ${MAX_DEPTH} levels deep`);
  }
}

/** A packet that is shorter than it claims. */
export class TruncatedPacketError extends Error {
  constructor(packet: Uint8Array, options?: ErrorOptions) {
    super(packet.length === 0 ? 'the packet is empty' : 'the packet ends in the middle of a value', options);
  }
}

/**
 * Runs `decode` and gives a plain reason if the packet is too short. The decoder packages report that as a `RangeError`
 * about offsets and bounds.
 */
export function explainTruncation<T>(packet: Uint8Array, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof RangeError && /bounds|out of range/i.test(error.message)) {
      throw new TruncatedPacketError(packet, { cause: error });
    }
    throw error;
  }
}
