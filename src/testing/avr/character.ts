/**
 * One UART's idea of a character on the wire: a start bit (0), the data bits from the lowest up, an optional parity
 * bit, and stop bits (1).
 */
export interface CharacterFormat {
  /** How long one bit lasts, in CPU cycles of the board; need not be whole. */
  readonly bitCycles: number;
  /** 5 to 9. */
  readonly dataBits: number;
  readonly parity: 'none' | 'even' | 'odd' | 'mark' | 'space';
  /** 1, 1.5 or 2. A receiver looks at the first only. */
  readonly stopBits: number;
}

/** What a receiver made of a character. */
export interface ReceivedCharacter {
  readonly value: number;
  /** There was no stop bit where the receiver looked for it. */
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
 * The receiving side of one wire. It samples every character in the middle of where it expects the bits, so sender and
 * receiver understand each other while their rates agree within about 5 %, and beyond that the receiver reads garbage,
 * the same on every run.
 *
 * Simplified: the wire is taken to be idle after the character in hand, and one character sent yields one character
 * received or none, never several.
 */
export class CharacterReceiver {
  #busyUntilCycles = 0;

  /**
   * @param value - The character as it was sent.
   * @param sent - The sender's format.
   * @param expected - The receiver's format.
   * @param startCycles - When its start bit began; never earlier than that of the last one.
   * @returns What was received, or `undefined` if the receiver was still busy with an earlier character and took this
   * one for a part of it.
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
