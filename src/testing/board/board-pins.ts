import type { PinState, SimulatedChip } from '../chip/simulated-chip.js';
import { SimulatedPin } from './simulated-pin.js';

interface Change {
  readonly pin: SimulatedPin;
  readonly isHigh: boolean;
}

/** The pins and analog inputs of a board, and what was set from outside. It stays when the chip is replaced. */
export class BoardPins {
  readonly #apply: (change: () => void) => void;
  #chip: SimulatedChip;
  readonly #pins = new Map<number, SimulatedPin>();
  readonly #levels = new Map<number, boolean>();
  readonly #volts = new Map<number, number>();
  #changes: Change[] = [];

  /** @param apply - calls a function at the present simulated time, when the chip has got there */
  constructor(chip: SimulatedChip, apply: (change: () => void) => void) {
    this.#chip = chip;
    this.#apply = apply;
  }

  pin(number: number): SimulatedPin {
    let pin = this.#pins.get(number);
    if (pin === undefined) {
      pin = new SimulatedPin(number, {
        state: () => this.#state(number),
        set: (isHigh) => this.#set(number, isHigh),
      });
      this.#pins.set(number, pin);
    }
    return pin;
  }

  setAnalog(input: number, volts: number): void {
    this.#volts.set(input, volts);
    this.#chip.setAnalog(input, volts);
  }

  /** The board was reset: this is the new chip. */
  attach(chip: SimulatedChip): void {
    this.#chip = chip;
    for (const [pin, isHigh] of this.#levels) {
      chip.setPin(pin, isHigh);
    }
    for (const [input, volts] of this.#volts) {
      chip.setAnalog(input, volts);
    }
    for (const number of this.#pins.keys()) {
      this.changed(number, chip.pinState(number).isHigh);
    }
  }

  /** The chip reports a level. */
  changed(number: number, isHigh: boolean): void {
    const pin = this.#pins.get(number);
    if (pin?.note(isHigh)) {
      if (this.#changes.length === 0) {
        process.nextTick(this.#report);
      }
      this.#changes.push({ pin, isHigh });
    }
  }

  readonly #report = (): void => {
    const changes = this.#changes;
    this.#changes = [];
    for (const { pin, isHigh } of changes) {
      pin.emit('change', isHigh);
    }
  };

  #state(pin: number): PinState {
    const { isOutput, isHigh } = this.#chip.pinState(pin);
    // What was set may not have arrived yet.
    return { isOutput, isHigh: isOutput ? isHigh : (this.#levels.get(pin) ?? isHigh) };
  }

  #set(pin: number, isHigh: boolean): void {
    this.#levels.set(pin, isHigh);
    const chip = this.#chip;
    this.#apply(() => chip.setPin(pin, isHigh));
  }
}
