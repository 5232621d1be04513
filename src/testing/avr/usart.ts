import type { CPU } from 'avr8js';
import type { CharacterFormat, ReceivedCharacter } from '../chip/character.js';
import { characterCycles } from '../chip/character.js';
import type { ChipListener, UartEnd } from '../chip/simulated-chip.js';
import type { USARTConfig } from './avr-config.js';
import type { Interrupt } from './cpu.js';

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

/** What a USART reports to the rest of the board. */
export type UsartListener = Pick<ChipListener, 'characterSent' | 'overrun' | 'writeIgnored'>;

interface BufferedCharacter {
  readonly value: number;
  /** FE, DOR and UPE, as shown in UCSRnA while this character is next to be read. */
  readonly errorFlags: number;
}

/**
 * A USART of an AVR in its asynchronous modes, after the data sheets. It replaces avr8js's `AVRUSART`, which drops a
 * received byte when UCSRnB is written, clears RXCn and UDREn when UCSRnA is written, has a single-buffered transmitter
 * and receiver, and treats UDREn as an edge instead of a level.
 *
 * Not modeled: synchronous mode, SPI master mode and multi-processor mode.
 */
export class AvrUsart implements UartEnd {
  readonly kind = 'uart';
  readonly #cpu: CPU;
  readonly #registers: USARTConfig;
  readonly #listener: UsartListener;

  readonly #received: BufferedCharacter[] = [];
  /** A complete character that stays in the shift register because the receive buffer is full. */
  #inShiftRegister: BufferedCharacter | undefined;
  #overrun = false;

  #transmitting = false;
  #nextToTransmit: number | undefined;

  // RXC and UDRE are levels: their interrupts stay pending while the flag is set ("constant" in avr8js). TXC is cleared
  // when its interrupt runs.
  readonly #receiveComplete: Interrupt;
  readonly #dataRegisterEmpty: Interrupt;
  readonly #transmitComplete: Interrupt;

  constructor(cpu: CPU, registers: USARTConfig, listener: UsartListener) {
    const { UCSRA, UCSRB, UCSRC, UDR } = registers;
    this.#cpu = cpu;
    this.#registers = registers;
    this.#listener = listener;
    const interrupt = (address: number, flagMask: number, enableMask: number, constant: boolean): Interrupt => {
      return { address, flagRegister: UCSRA, flagMask, enableRegister: UCSRB, enableMask, constant };
    };
    this.#receiveComplete = interrupt(registers.rxCompleteInterrupt, RXC, RXCIE, true);
    this.#dataRegisterEmpty = interrupt(registers.dataRegisterEmptyInterrupt, UDRE, UDRIE, true);
    this.#transmitComplete = interrupt(registers.txCompleteInterrupt, TXC, TXCIE, false);
    cpu.data[UCSRA] = UDRE;
    cpu.data[UCSRB] = 0;
    cpu.data[UCSRC] = UCSZ1 | UCSZ0;
    cpu.writeHooks[UCSRA] = (value) => this.#writeControlA(value);
    cpu.writeHooks[UCSRB] = (value) => this.#writeControlB(value);
    cpu.writeHooks[UDR] = (value) => this.#writeData(value);
    cpu.readHooks[UDR] = () => this.#readData();
  }

  /** `true` while a character is being sent. */
  get isTransmitting(): boolean {
    return this.#transmitting;
  }

  /** The format that the program has set. */
  get format(): CharacterFormat {
    const a = this.#register('UCSRA');
    const b = this.#register('UCSRB');
    const c = this.#register('UCSRC');
    const divisor = ((this.#register('UBRRH') & 0x0f) << 8) | this.#register('UBRRL');
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
    if (!(this.#register('UCSRB') & RXEN)) {
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
    if (!(this.#register('UCSRB') & RXEN)) {
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

  #register(name: keyof USARTConfig): number {
    return this.#cpu.data[this.#registers[name]] ?? 0;
  }

  #setBits(name: keyof USARTConfig, mask: number, value: number): void {
    this.#cpu.data[this.#registers[name]] = (this.#register(name) & ~mask) | (value & mask);
  }

  /** Sets the flags and the ninth bit for the character to be read next. */
  #updateReceiveFlags(): void {
    const next = this.#received[0];
    this.#setBits('UCSRA', FE | DOR | UPE, next?.errorFlags ?? 0);
    this.#setBits('UCSRB', RXB8, (next?.value ?? 0) & 0x100 ? RXB8 : 0);
    if (next) {
      this.#cpu.setInterruptFlag(this.#receiveComplete);
    } else {
      this.#cpu.clearInterrupt(this.#receiveComplete);
    }
  }

  #readData(): number {
    const character = this.#received.shift();
    if (!character) {
      return this.#register('UDR');
    }
    if (this.#inShiftRegister) {
      this.#received.push(this.#inShiftRegister);
      this.#inShiftRegister = undefined;
    }
    this.#updateReceiveFlags();
    const value = character.value & 0xff;
    this.#cpu.data[this.#registers.UDR] = value;
    return value;
  }

  #writeData(value: number): true {
    const controlB = this.#register('UCSRB');
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
      this.#listener.characterSent(value & ((1 << format.dataBits) - 1), format, startCycles);
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
    this.#setBits('UCSRA', U2X | MPCM, value);
    if (value & TXC) {
      this.#cpu.clearInterrupt(this.#transmitComplete);
    }
    return true;
  }

  #writeControlB(value: number): true {
    this.#setBits('UCSRB', ~RXB8 & 0xff, value);
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
