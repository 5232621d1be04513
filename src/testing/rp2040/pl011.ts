import type { RP2040 } from 'rp2040js';
import { type CharacterFormat, characterCycles, type ReceivedCharacter } from '../chip/character.js';
import type { UartEnd } from '../chip/simulated-chip.js';
import type { SimulatedClock } from './simulated-clock.js';

const DR = 0x00;
const RSR = 0x04;
const FR = 0x18;
const IBRD = 0x24;
const FBRD = 0x28;
const LCR_H = 0x2c;
const CR = 0x30;
const IFLS = 0x34;
const IMSC = 0x38;
const RIS = 0x3c;
const MIS = 0x40;
const ICR = 0x44;
const ID = 0xfe0;

/** PeriphID0 to 3 and PCellID0 to 3. */
const ID_BYTES = [0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1];

const FR_BUSY = 1 << 3;
const FR_RXFE = 1 << 4;
const FR_TXFF = 1 << 5;
const FR_RXFF = 1 << 6;
const FR_TXFE = 1 << 7;
const PEN = 1 << 1;
const EPS = 1 << 2;
const STP2 = 1 << 3;
const FEN = 1 << 4;
const SPS = 1 << 7;
const UARTEN = 1 << 0;
const TXE = 1 << 8;
const RXE = 1 << 9;
const RX = 1 << 4;
const TX = 1 << 5;
const RX_TIMEOUT = 1 << 6;
const DR_FRAMING_ERROR = 1 << 8;
const DR_PARITY_ERROR = 1 << 9;
const DR_OVERRUN = 1 << 11;

const FIFO_CHARACTERS = 32;
/** Characters in a FIFO at which it interrupts, by the value of its field in IFLS. */
const LEVELS = [4, 8, 16, 24, 28];
const RX_TIMEOUT_BITS = 32;

/** The registers of each UART, by number, as rp2040js numbers peripherals, and its interrupt. */
const UARTS = [
  { registers: 0x40034, interrupt: 20 },
  { registers: 0x40038, interrupt: 21 },
] as const;

/** Atomic writes: XOR, set, clear. */
type WriteKind = 0 | 1 | 2 | 3;

export interface Pl011Listener {
  /** It has sent a character, up to the end of its last stop bit. */
  transmitted(value: number, format: CharacterFormat, startCycles: number): void;
  /** A character was lost, because the program did not read earlier ones in time. */
  overrun(): void;
  /** The program wrote a character while the transmitter was off or its FIFO full. */
  writeIgnored(): void;
}

/**
 * A UART of the RP2040, after its data sheet. It replaces the one of rp2040js, which sends without taking time, has no errors
 * and no levels of its FIFOs.
 *
 * Not modeled: DMA, hardware flow control, breaks, IrDA.
 */
export class Pl011 implements UartEnd {
  readonly kind = 'uart';
  readonly #chip: RP2040;
  readonly #clock: SimulatedClock;
  readonly #nanosPerCycle: number;
  readonly #interrupt: number;
  readonly #listener: Pl011Listener;
  readonly #timeoutAlarm;
  readonly #transmitAlarm;

  #integerDivisor = 0;
  #fractionDivisor = 0;
  #lineControl = 0;
  #control = TXE | RXE;
  #levels = 0b010010;
  #mask = 0;
  #raised = 0;
  /** As the program reads them: with their error bits. */
  readonly #received: number[] = [];
  #overrun = 0;
  readonly #toTransmit: number[] = [];
  #current: { value: number; format: CharacterFormat; startCycles: number } | undefined;

  constructor(chip: RP2040, clock: SimulatedClock, number: 0 | 1, nanosPerCycle: number, listener: Pl011Listener) {
    this.#chip = chip;
    this.#clock = clock;
    this.#nanosPerCycle = nanosPerCycle;
    this.#interrupt = UARTS[number].interrupt;
    this.#listener = listener;
    this.#timeoutAlarm = clock.createAlarm(() => this.#raise(RX_TIMEOUT));
    this.#transmitAlarm = clock.createAlarm(() => this.#transmitted());
    chip.peripherals[UARTS[number].registers] = this;
  }

  /** Whether a character is being sent. */
  get isTransmitting(): boolean {
    return this.#current !== undefined;
  }

  /** The format that the program has set. */
  get format(): CharacterFormat {
    const divisor = this.#integerDivisor + this.#fractionDivisor / 64;
    const bitNanos = (16e9 * divisor) / this.#chip.clkPeri;
    return {
      bitCycles: bitNanos / this.#nanosPerCycle,
      dataBits: 5 + ((this.#lineControl >>> 5) & 3),
      parity: this.#parity,
      stopBits: this.#lineControl & STP2 ? 2 : 1,
    };
  }

  /** Reports the arrival of a start bit. Returns false if the receiver is off and the character is therefore lost. */
  beginReception(): boolean {
    return this.#isOn(RXE);
  }

  /** Reports the end of the character. Returns false if the receiver has been turned off since. */
  endReception({ value, framingError, parityError }: ReceivedCharacter): boolean {
    if (!this.#isOn(RXE)) {
      return false;
    }
    if (this.#received.length === this.#fifoCharacters) {
      this.#overrun = DR_OVERRUN;
      this.#listener.overrun();
      return true;
    }
    const errors = (framingError ? DR_FRAMING_ERROR : 0) | (parityError ? DR_PARITY_ERROR : 0) | this.#overrun;
    this.#overrun = 0;
    this.#received.push(value | errors);
    this.#timeoutAlarm.schedule(RX_TIMEOUT_BITS * this.format.bitCycles * this.#nanosPerCycle);
    if (this.#received.length >= this.#receiveLevel) {
      this.#raise(RX);
    }
    return true;
  }

  readUint32(offset: number): number {
    switch (offset) {
      case DR:
        return this.#readData();
      case RSR:
        return 0;
      case FR:
        return this.#flags;
      case IBRD:
        return this.#integerDivisor;
      case FBRD:
        return this.#fractionDivisor;
      case LCR_H:
        return this.#lineControl;
      case CR:
        return this.#control;
      case IFLS:
        return this.#levels;
      case IMSC:
        return this.#mask;
      case RIS:
        return this.#raised;
      case MIS:
        return this.#raised & this.#mask;
      default:
        return offset >= ID ? (ID_BYTES[(offset - ID) >> 2] ?? 0) : 0;
    }
  }

  writeUint32(offset: number, value: number): void {
    switch (offset) {
      case DR:
        this.#writeData(value & 0xff);
        break;
      case IBRD:
        this.#integerDivisor = value & 0xffff;
        break;
      case FBRD:
        this.#fractionDivisor = value & 0x3f;
        break;
      case LCR_H:
        this.#lineControl = value & 0xff;
        break;
      case CR:
        this.#control = value & 0xffff;
        this.#startTransmitting();
        break;
      case IFLS:
        this.#levels = value & 0x3f;
        break;
      case IMSC:
        this.#mask = value & 0x7ff;
        this.#updateInterrupt();
        break;
      case ICR:
        this.#clear(value);
        break;
    }
  }

  writeUint32Atomic(offset: number, value: number, kind: WriteKind | number): void {
    const old = kind === 0 || offset === DR ? 0 : this.readUint32(offset);
    const results = [value, old ^ value, old | value, old & ~value];
    this.writeUint32(offset, results[kind] ?? value);
  }

  get #parity(): CharacterFormat['parity'] {
    if (!(this.#lineControl & PEN)) {
      return 'none';
    }
    const isEven = this.#lineControl & EPS;
    if (this.#lineControl & SPS) {
      return isEven ? 'space' : 'mark';
    }
    return isEven ? 'even' : 'odd';
  }

  get #flags(): number {
    return (
      (this.#current || this.#toTransmit.length > 0 ? FR_BUSY : 0) |
      (this.#received.length === 0 ? FR_RXFE : 0) |
      (this.#received.length === this.#fifoCharacters ? FR_RXFF : 0) |
      (this.#toTransmit.length === 0 ? FR_TXFE : 0) |
      (this.#toTransmit.length >= this.#fifoCharacters ? FR_TXFF : 0)
    );
  }

  get #fifoCharacters(): number {
    return this.#lineControl & FEN ? FIFO_CHARACTERS : 1;
  }

  get #receiveLevel(): number {
    return this.#lineControl & FEN ? (LEVELS[(this.#levels >>> 3) & 7] ?? FIFO_CHARACTERS) : 1;
  }

  get #transmitLevel(): number {
    return this.#lineControl & FEN ? (LEVELS[this.#levels & 7] ?? FIFO_CHARACTERS) : 0;
  }

  #isOn(direction: number): boolean {
    const needed = UARTEN | direction;
    return (this.#control & needed) === needed;
  }

  #readData(): number {
    const character = this.#received.shift() ?? 0;
    if (this.#received.length < this.#receiveLevel) {
      this.#clear(RX);
    }
    if (this.#received.length === 0) {
      this.#timeoutAlarm.cancel();
      this.#clear(RX_TIMEOUT);
    }
    return character;
  }

  #writeData(value: number): void {
    if (!this.#isOn(TXE) || this.#toTransmit.length >= this.#fifoCharacters) {
      this.#listener.writeIgnored();
      return;
    }
    this.#toTransmit.push(value);
    this.#startTransmitting();
    if (this.#toTransmit.length > this.#transmitLevel) {
      this.#clear(TX);
    }
  }

  #startTransmitting(): void {
    if (this.#current === undefined && this.#isOn(TXE)) {
      this.#transmitNext(this.#clock.nanos / this.#nanosPerCycle);
    }
  }

  #transmitNext(startCycles: number): void {
    const value = this.#toTransmit.shift();
    if (value === undefined) {
      return;
    }
    const { format } = this;
    this.#current = { value: value & ((1 << format.dataBits) - 1), format, startCycles };
    this.#transmitAlarm.schedule((startCycles + characterCycles(format)) * this.#nanosPerCycle - this.#clock.nanos);
    if (this.#toTransmit.length === this.#transmitLevel) {
      this.#raise(TX);
    }
  }

  #transmitted(): void {
    const { value, format, startCycles } = this.#current!;
    this.#current = undefined;
    this.#listener.transmitted(value, format, startCycles);
    this.#transmitNext(startCycles + characterCycles(format));
  }

  #raise(interrupt: number): void {
    this.#raised |= interrupt;
    this.#updateInterrupt();
  }

  #clear(interrupts: number): void {
    this.#raised &= ~interrupts;
    this.#updateInterrupt();
  }

  #updateInterrupt(): void {
    this.#chip.setInterrupt(this.#interrupt, (this.#raised & this.#mask) !== 0);
  }
}
