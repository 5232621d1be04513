import type { CPU } from 'avr8js';
import { usart0Config } from 'avr8js';
import type { CharacterFormat, ReceivedCharacter } from './character.js';
import { characterCycles } from './character.js';

const { UCSRA, UCSRB, UCSRC, UBRRL, UBRRH, UDR } = usart0Config;

const RXC = 0x80;
const TXC = 0x40;
const UDRE = 0x20;
const FE = 0x10;
const DOR = 0x08;
const UPE = 0x04;
const U2X = 0x02;
const MPCM = 0x01;
const RXCIE = 0x80;
const TXCIE = 0x40;
const UDRIE = 0x20;
const RXEN = 0x10;
const TXEN = 0x08;
const UCSZ2 = 0x04;
const RXB8 = 0x02;
const TXB8 = 0x01;
const UPM1 = 0x20;
const UPM0 = 0x10;
const USBS = 0x08;
const UCSZ1 = 0x04;
const UCSZ0 = 0x02;

/** Capacity of the receive buffer, not counting the receiver's shift register. */
const RECEIVE_BUFFER_CHARACTERS = 2;

/** Callbacks through which the USART reports to the rest of the board. */
export interface UsartListener {
  /** The transmitter has sent a character, up to the end of its last stop bit. */
  transmitted(value: number, format: CharacterFormat, startCycles: number): void;
  /** A new character overwrote one that was received intact, because the program did not read it in time. */
  overrun(): void;
  /** The program wrote to UDR0 while the transmitter was off or its buffer full. The chip ignores such a write. */
  writeIgnored(): void;
}

interface BufferedCharacter {
  readonly value: number;
  /** FE, DOR and UPE, as shown in UCSR0A while this character is next to be read. */
  readonly errorFlags: number;
}

/**
 * USART0 of the ATmega328P in its asynchronous modes, after the data sheet. It replaces avr8js's `AVRUSART`, which
 * drops a received byte when UCSR0B is written, clears RXC0 and UDRE0 when UCSR0A is written, has a single-buffered
 * transmitter and receiver, and treats UDRE0 as an edge instead of a level.
 *
 * Not modeled: synchronous mode, SPI master mode and multi-processor mode.
 */
export class AvrUsart {
  readonly #cpu: CPU;
  readonly #listener: UsartListener;

  readonly #received: BufferedCharacter[] = [];
  /** A complete character that stays in the shift register because the receive buffer is full. */
  #inShiftRegister: BufferedCharacter | undefined;
  #overrun = false;

  #transmitting = false;
  #nextToTransmit: number | undefined;

  // RXC and UDRE are levels: their interrupts stay pending while the flag is set ("constant" in avr8js). TXC is cleared
  // when its interrupt runs.
  readonly #receiveComplete = {
    address: usart0Config.rxCompleteInterrupt,
    flagRegister: UCSRA,
    flagMask: RXC,
    enableRegister: UCSRB,
    enableMask: RXCIE,
    constant: true,
  };
  readonly #dataRegisterEmpty = {
    address: usart0Config.dataRegisterEmptyInterrupt,
    flagRegister: UCSRA,
    flagMask: UDRE,
    enableRegister: UCSRB,
    enableMask: UDRIE,
    constant: true,
  };
  readonly #transmitComplete = {
    address: usart0Config.txCompleteInterrupt,
    flagRegister: UCSRA,
    flagMask: TXC,
    enableRegister: UCSRB,
    enableMask: TXCIE,
  };

  constructor(cpu: CPU, listener: UsartListener) {
    this.#cpu = cpu;
    this.#listener = listener;
    cpu.data[UCSRA] = UDRE;
    cpu.data[UCSRB] = 0;
    cpu.data[UCSRC] = UCSZ1 | UCSZ0;
    cpu.writeHooks[UCSRA] = (value) => this.#writeControlA(value);
    cpu.writeHooks[UCSRB] = (value) => this.#writeControlB(value);
    cpu.writeHooks[UDR] = (value) => this.#writeData(value);
    cpu.readHooks[UDR] = () => this.#readData();
  }

  /** `true` while a character is being sent. */
  get transmitting(): boolean {
    return this.#transmitting;
  }

  /** The format that the program has set. */
  get format(): CharacterFormat {
    const a = this.#register(UCSRA);
    const b = this.#register(UCSRB);
    const c = this.#register(UCSRC);
    const divisor = ((this.#register(UBRRH) & 0x0f) << 8) | this.#register(UBRRL);
    const size = ((c & (UCSZ1 | UCSZ0)) >> 1) | (b & UCSZ2);
    return {
      bitCycles: (divisor + 1) * (a & U2X ? 8 : 16),
      dataBits: size <= 3 ? 5 + size : 9,
      parity: c & UPM1 ? (c & UPM0 ? 'odd' : 'even') : 'none',
      stopBits: c & USBS ? 2 : 1,
    };
  }

  /**
   * Reports the arrival of a start bit.
   *
   * @returns `false` if the receiver is off and the character is therefore lost.
   */
  beginReception(): boolean {
    if (!(this.#register(UCSRB) & RXEN)) {
      return false;
    }
    if (this.#inShiftRegister) {
      this.#inShiftRegister = undefined;
      this.#overrun = true;
      this.#listener.overrun();
    }
    return true;
  }

  /**
   * Reports that the character of the last {@link beginReception} is complete.
   *
   * @returns `false` if the receiver has been turned off since and the character is therefore lost.
   */
  endReception(character: ReceivedCharacter): boolean {
    if (!(this.#register(UCSRB) & RXEN)) {
      return false;
    }
    const buffered: BufferedCharacter = {
      value: character.value,
      errorFlags: (character.framingError ? FE : 0) | (character.parityError ? UPE : 0) | (this.#overrun ? DOR : 0),
    };
    this.#overrun = false;
    if (this.#received.length < RECEIVE_BUFFER_CHARACTERS) {
      this.#received.push(buffered);
    } else {
      this.#inShiftRegister = buffered;
    }
    this.#updateReceiveFlags();
    return true;
  }

  #register(address: number): number {
    return this.#cpu.data[address] ?? 0;
  }

  #setBits(address: number, mask: number, value: number): void {
    this.#cpu.data[address] = (this.#register(address) & ~mask) | (value & mask);
  }

  /** Sets the flags and the ninth bit for the character to be read next. */
  #updateReceiveFlags(): void {
    const next = this.#received[0];
    this.#setBits(UCSRA, FE | DOR | UPE, next?.errorFlags ?? 0);
    this.#setBits(UCSRB, RXB8, (next?.value ?? 0) & 0x100 ? RXB8 : 0);
    if (next) {
      this.#cpu.setInterruptFlag(this.#receiveComplete);
    } else {
      this.#cpu.clearInterrupt(this.#receiveComplete);
    }
  }

  #readData(): number {
    const character = this.#received.shift();
    if (!character) {
      return this.#register(UDR);
    }
    if (this.#inShiftRegister) {
      this.#received.push(this.#inShiftRegister);
      this.#inShiftRegister = undefined;
    }
    this.#updateReceiveFlags();
    const value = character.value & 0xff;
    this.#cpu.data[UDR] = value;
    return value;
  }

  #writeData(value: number): true {
    const controlB = this.#register(UCSRB);
    if (!(controlB & TXEN) || this.#nextToTransmit !== undefined) {
      this.#listener.writeIgnored();
      return true;
    }
    const character = value | (controlB & TXB8 ? 0x100 : 0);
    if (this.#transmitting) {
      this.#nextToTransmit = character;
      this.#cpu.clearInterrupt(this.#dataRegisterEmpty);
    } else {
      this.#transmit(character, this.#cpu.cycles);
    }
    return true;
  }

  #transmit(value: number, startCycles: number): void {
    const format = this.format;
    const endCycles = startCycles + characterCycles(format);
    this.#transmitting = true;
    this.#cpu.addClockEvent(() => {
      this.#transmitting = false;
      this.#listener.transmitted(value & ((1 << format.dataBits) - 1), format, startCycles);
      if (this.#nextToTransmit === undefined) {
        this.#cpu.setInterruptFlag(this.#transmitComplete);
        return;
      }
      // This event may run a few cycles late. The next character starts at `endCycles`, so there is no gap.
      this.#transmit(this.#nextToTransmit, endCycles);
      this.#nextToTransmit = undefined;
      this.#cpu.setInterruptFlag(this.#dataRegisterEmpty);
    }, endCycles - this.#cpu.cycles);
  }

  #writeControlA(value: number): true {
    this.#setBits(UCSRA, U2X | MPCM, value);
    if (value & TXC) {
      this.#cpu.clearInterrupt(this.#transmitComplete);
    }
    return true;
  }

  #writeControlB(value: number): true {
    this.#setBits(UCSRB, ~RXB8 & 0xff, value);
    this.#cpu.updateInterruptEnable(this.#receiveComplete, value);
    this.#cpu.updateInterruptEnable(this.#dataRegisterEmpty, value);
    this.#cpu.updateInterruptEnable(this.#transmitComplete, value);
    if (!(value & RXEN)) {
      this.#received.length = 0;
      this.#inShiftRegister = undefined;
      this.#overrun = false;
      this.#updateReceiveFlags();
    }
    return true;
  }
}
