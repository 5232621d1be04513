import type { CharacterFormat, ReceivedCharacter } from '../chip/character.js';
import { CharacterReceiver, characterCycles } from '../chip/character.js';
import type { UartChip } from '../chip/simulated-chip.js';
import type { HostLink, LinkHost, LossReason } from './host-link.js';

/** Also gives a {@link SimulatedWire} its line settings. */
interface WireHost extends LinkHost {
  /** The line settings of the host. They may change at any time. */
  format(): CharacterFormat;
}

interface CharacterOnTheWire {
  readonly endCycles: number;
  /** What the board's receiver will read; undefined if it is off. */
  readonly heard: ReceivedCharacter | undefined;
  readonly isGarbled: boolean;
  readonly reasonIfLost: LossReason;
}

/** The wire from the host to the board. It carries one character after another, at the baud rate of the host. */
export class SimulatedWire implements HostLink {
  readonly #host: WireHost;
  readonly #receiver = new CharacterReceiver();
  #chip: UartChip;
  /** When the next character begins; undefined while the wire is idle or `#current` is set. */
  #beginCycles: number | undefined;
  #current: CharacterOnTheWire | undefined;

  constructor(host: WireHost, chip: UartChip) {
    this.#host = host;
    this.#chip = chip;
  }

  get isIdle(): boolean {
    return this.#beginCycles === undefined && this.#current === undefined;
  }

  /** There are bytes to send. If the wire is idle, it begins at the given cycle. */
  wake(beginCycles: number): void {
    if (this.isIdle) {
      this.#beginCycles = Math.max(beginCycles, this.#chip.cycles);
      this.#schedule(this.#beginCycles);
    }
  }

  /** Each byte is on the way as soon as it is taken from the host. */
  discard(): number {
    return 0;
  }

  /** The board was reset. The new chip does not receive the character that is on the wire. */
  attach(chip: UartChip): void {
    this.#chip = chip;
    if (this.#current) {
      this.#current = { ...this.#current, heard: undefined, reasonIfLost: 'receiverOff' };
      this.#schedule(this.#current.endCycles);
    } else if (this.#beginCycles !== undefined) {
      this.#schedule(this.#beginCycles);
    }
  }

  #schedule(cycles: number): void {
    this.#chip.schedule(this.#proceed, cycles - this.#chip.cycles);
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
    const { end } = this.#chip;
    const value = byte & ((1 << format.dataBits) - 1);
    let heard: ReceivedCharacter | undefined;
    let reasonIfLost: LossReason = 'receiverOff';
    if (this.#chip.isBooting) {
      reasonIfLost = 'bootLoader';
    } else {
      heard = this.#receiver.receive(value, format, end.format, startCycles);
      if (!heard) {
        reasonIfLost = 'baudMismatch';
      } else if (!end.beginReception()) {
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
    if (!heard || !this.#chip.end.endReception(heard)) {
      this.#host.lost(reasonIfLost);
    } else if (isGarbled) {
      this.#host.lost('baudMismatch');
    } else {
      this.#host.received();
    }
  }
}
