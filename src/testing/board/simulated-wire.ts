import type { Atmega328p } from '../avr/atmega328p.js';
import type { CharacterFormat, ReceivedCharacter } from '../avr/character.js';
import { CharacterReceiver, characterCycles } from '../avr/character.js';

type LossReason = 'receiverOff' | 'bootLoader' | 'baudMismatch';

/** Gives a {@link SimulatedWire} its bytes, and is notified of what becomes of them. */
interface WireHost {
  /** The line settings of the host. They may change at any time. */
  format(): CharacterFormat;
  /** Takes the next byte to send. Returns undefined if there is none. */
  takeOutput(): number | undefined;
  /** No byte was left to send. */
  idle(): void;
  received(): void;
  lost(reason: LossReason): void;
}

interface CharacterOnTheWire {
  readonly endCycles: number;
  /** What the board's receiver will read; undefined if it is off. */
  readonly heard: ReceivedCharacter | undefined;
  readonly isGarbled: boolean;
  readonly reasonIfLost: LossReason;
}

/** The wire from the host to the board. It carries one character after another, at the baud rate of the host. */
export class SimulatedWire {
  readonly #host: WireHost;
  readonly #receiver = new CharacterReceiver();
  #chip: Atmega328p;
  /** When the next character begins; undefined while the wire is idle or `#current` is set. */
  #beginCycles: number | undefined;
  #current: CharacterOnTheWire | undefined;

  constructor(host: WireHost, chip: Atmega328p) {
    this.#host = host;
    this.#chip = chip;
  }

  get isIdle(): boolean {
    return this.#beginCycles === undefined && this.#current === undefined;
  }

  /** There are bytes to send. If the wire is idle, it begins at the given cycle. */
  wake(beginCycles: number): void {
    if (this.isIdle) {
      this.#beginCycles = Math.max(beginCycles, this.#chip.cpu.cycles);
      this.#schedule(this.#beginCycles);
    }
  }

  /** The board was reset. The new chip does not receive the character that is on the wire. */
  attach(chip: Atmega328p): void {
    this.#chip = chip;
    if (this.#current) {
      this.#current = { ...this.#current, heard: undefined, reasonIfLost: 'receiverOff' };
      this.#schedule(this.#current.endCycles);
    } else if (this.#beginCycles !== undefined) {
      this.#schedule(this.#beginCycles);
    }
  }

  #schedule(cycles: number): void {
    const { cpu } = this.#chip;
    cpu.addClockEvent(this.#proceed, cycles - cpu.cycles);
  }

  readonly #proceed = (): void => {
    if (this.#current) {
      this.#end(this.#current);
      this.#beginCycles = this.#current.endCycles;
      this.#current = undefined;
    }
    if (this.#beginCycles !== undefined) {
      this.#begin(this.#beginCycles);
    }
  };

  #begin(startCycles: number): void {
    this.#beginCycles = undefined;
    const byte = this.#host.takeOutput();
    if (byte === undefined) {
      this.#host.idle();
      return;
    }
    const format = this.#host.format();
    const { usart } = this.#chip;
    const value = byte & ((1 << format.dataBits) - 1);
    let heard: ReceivedCharacter | undefined;
    let reasonIfLost: LossReason = 'receiverOff';
    if (this.#chip.booting) {
      reasonIfLost = 'bootLoader';
    } else {
      heard = this.#receiver.receive(value, format, usart.format, startCycles);
      if (!heard) {
        reasonIfLost = 'baudMismatch';
      } else if (!usart.beginReception()) {
        heard = undefined;
      }
    }
    this.#current = {
      endCycles: startCycles + characterCycles(format),
      heard,
      isGarbled: heard !== undefined && (heard.value !== value || heard.framingError || heard.parityError),
      reasonIfLost,
    };
    this.#schedule(this.#current.endCycles);
  }

  #end({ heard, isGarbled, reasonIfLost }: CharacterOnTheWire): void {
    if (!heard || !this.#chip.usart.endReception(heard)) {
      this.#host.lost(reasonIfLost);
    } else if (isGarbled) {
      this.#host.lost('baudMismatch');
    } else {
      this.#host.received();
    }
  }
}
