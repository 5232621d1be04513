/**
 * The character format that one UART is set to: a start bit (0), the data bits (lowest first), an optional parity bit,
 * and stop bits (1).
 */
export interface CharacterFormat {
  /** Duration of one bit, in CPU cycles of the board. May be fractional. */
  readonly bitCycles: number;
  /** 5 to 9. */
  readonly dataBits: number;
  readonly parity: 'none' | 'even' | 'odd' | 'mark' | 'space';
  /** 1, 1.5 or 2. A receiver checks only the first. */
  readonly stopBits: number;
}

/** A character as a receiver read it. */
export interface ReceivedCharacter {
  readonly value: number;
  /** The receiver found no stop bit where it expected one. */
  readonly framingError: boolean;
  readonly parityError: boolean;
}

/** CPU cycles from the start of a character to the end of its last stop bit. */
export function characterCycles(format: CharacterFormat): number {
  return format.bitCycles * (1 + format.dataBits + parityBits(format) + format.stopBits);
}

function parityBits(format: CharacterFormat): number {
  return format.parity === 'none' ? 0 : 1;
}

function parityBit(value: number, parity: CharacterFormat['parity']): number {
  let ones = 0;
  for (let bits = value; bits > 0; bits >>= 1) {
    ones += bits & 1;
  }
  switch (parity) {
    case 'even':
      return ones & 1;
    case 'odd':
      return ~ones & 1;
    case 'mark':
      return 1;
    default:
      return 0;
  }
}

/**
 * The receiving side of one wire. It samples each bit in the middle of its expected time, so it tolerates baud rates
 * that differ by up to about 5 %. Beyond that it reads garbage, and the same garbage on every run.
 *
 * Simplified: the wire is assumed to be idle after the current character, and a character sent yields at most one
 * character received.
 */
export class CharacterReceiver {
  #busyUntilCycles = 0;

  /**
   * @param value - The character that was sent.
   * @param sent - The sender's format.
   * @param expected - The receiver's format.
   * @param startCycles - When its start bit began. Must not be earlier than for the previous character.
   * @returns The character received, or `undefined` if the receiver was still reading an earlier character and treated
   * this one as part of it.
   */
  receive(
    value: number,
    sent: CharacterFormat,
    expected: CharacterFormat,
    startCycles: number,
  ): ReceivedCharacter | undefined {
    if (startCycles < this.#busyUntilCycles) {
      return undefined;
    }
    const level = (bit: number): number => {
      const index = Math.floor(((bit + 0.5) * expected.bitCycles) / sent.bitCycles);
      if (index === 0) {
        return 0;
      }
      if (index <= sent.dataBits) {
        return (value >> (index - 1)) & 1;
      }
      return index === sent.dataBits + 1 && sent.parity !== 'none' ? parityBit(value, sent.parity) : 1;
    };
    let received = 0;
    for (let bit = 0; bit < expected.dataBits; bit++) {
      received |= level(bit + 1) << bit;
    }
    const stop = 1 + expected.dataBits + parityBits(expected);
    this.#busyUntilCycles = startCycles + (stop + 0.5) * expected.bitCycles;
    return {
      value: received,
      framingError: level(stop) === 0,
      parityError: expected.parity !== 'none' && level(stop - 1) !== parityBit(received, expected.parity),
    };
  }
}
