import type { GPIOPin, RP2040 } from 'rp2040js';
import type { PinState } from '../chip/simulated-chip.js';

/** Values of rp2040js's `GPIOPinState`, which is not available before the package is loaded. */
const HIGH = 1;
const INPUT = 2;
const PULLED_UP = 3;

const ADC_MAX = 4095;
export const SUPPLY_VOLTS = 3.3;

/** The GPIOs of a chip. Adds to rp2040js that an input which nothing drives is pulled up, if the program says so. */
export class Rp2040Pins {
  readonly #chip: RP2040;
  readonly #changed: (pin: number, isHigh: boolean) => void;
  /** Levels that were set from outside. */
  readonly #set = new Map<number, boolean>();
  readonly #levels: boolean[];

  constructor(chip: RP2040, changed: (pin: number, isHigh: boolean) => void) {
    this.#chip = chip;
    this.#changed = changed;
    this.#levels = chip.gpio.map(() => false);
    for (const gpio of chip.gpio) {
      gpio.addListener(() => this.#update(gpio));
    }
  }

  state(pin: number): PinState {
    const { value } = this.#chip.gpio[pin]!;
    const isOutput = value < INPUT;
    return { isOutput, isHigh: isOutput ? value === HIGH : (this.#set.get(pin) ?? value === PULLED_UP) };
  }

  set(pin: number, isHigh: boolean): void {
    this.#set.set(pin, isHigh);
    this.#update(this.#chip.gpio[pin]!);
  }

  setAnalog(input: number, volts: number): void {
    this.#chip.adc.channelValues[input] = Math.round(
      (Math.min(Math.max(volts, 0), SUPPLY_VOLTS) / SUPPLY_VOLTS) * ADC_MAX,
    );
  }

  #update(gpio: GPIOPin): void {
    const { isHigh } = this.state(gpio.index);
    if (isHigh !== this.#levels[gpio.index]) {
      this.#levels[gpio.index] = isHigh;
      gpio.setInputValue(isHigh);
      this.#changed(gpio.index, isHigh);
    }
  }
}
