import type { AVRPortConfig } from 'avr8js';
import { AVRIOPort } from 'avr8js';
import type { PinState } from '../chip/simulated-chip.js';
import type { AvrConfig } from './avr-config.js';
import type { AvrCpu } from './cpu.js';

interface PortPin {
  readonly port: AvrPort;
  readonly bit: number;
}

/** The pins of a chip, by the numbers that they have on its board. */
export class AvrPins {
  readonly #pins: readonly PortPin[];

  /** @param changed - called when the level of a pin has changed */
  constructor(cpu: AvrCpu, { ports, pins }: AvrConfig, changed: (pin: number, isHigh: boolean) => void) {
    const byLetter = new Map(
      Object.entries(ports).map(([letter, config]) => {
        // The Leonardo has two numbers for some of its pins.
        const numbers = Array.from({ length: 8 }, (_, bit) =>
          [...pins.keys()].filter((pin) => pins[pin] === `${letter}${bit}`),
        );
        const port = new AvrPort(cpu, config, (bit, isHigh) => {
          for (const pin of numbers[bit] ?? []) {
            changed(pin, isHigh);
          }
        });
        return [letter, port];
      }),
    );
    this.#pins = pins.map((name) => ({ port: byLetter.get(name.charAt(0)) as AvrPort, bit: Number(name.charAt(1)) }));
  }

  state(pin: number): PinState {
    const { port, bit } = this.#at(pin);
    return port.state(bit);
  }

  set(pin: number, isHigh: boolean): void {
    const { port, bit } = this.#at(pin);
    port.set(bit, isHigh);
  }

  #at(pin: number): PortPin {
    return this.#pins[pin] as PortPin;
  }
}

/** Adds to avr8js's I/O port that a pin which nothing drives is pulled up, if the program says so. */
class AvrPort {
  readonly #cpu: AvrCpu;
  readonly #port: AVRIOPort;
  readonly #changed: (bit: number, isHigh: boolean) => void;
  /** Each of these has a bit for each pin. First the pins that were set from outside, and their levels. */
  #isSet = 0;
  #setLevels = 0;
  #pulledUp = 0;
  /** Levels of the outputs, and the pull-ups of the inputs. */
  #written = 0;
  #levels = 0;

  constructor(cpu: AvrCpu, config: AVRPortConfig, changed: (bit: number, isHigh: boolean) => void) {
    this.#cpu = cpu;
    this.#port = new AVRIOPort(cpu, config);
    this.#changed = changed;
    this.#port.addListener((value) => {
      this.#written = value;
      this.#update();
    });
  }

  state(bit: number): PinState {
    return { isHigh: Boolean(this.#levels & (1 << bit)), isOutput: Boolean(this.#outputs & (1 << bit)) };
  }

  set(bit: number, isHigh: boolean): void {
    const mask = 1 << bit;
    this.#isSet |= mask;
    this.#setLevels = isHigh ? this.#setLevels | mask : this.#setLevels & ~mask;
    this.#port.setPin(bit, isHigh);
    this.#update();
  }

  get #outputs(): number {
    return this.#cpu.data[this.#port.portConfig.DDR] as number;
  }

  #update(): void {
    const outputs = this.#outputs;
    const floating = ~outputs & ~this.#isSet & 0xff;
    const pulledUp = this.#written & floating;
    forEachBit(pulledUp ^ this.#pulledUp, (bit) => {
      if (!(this.#isSet & (1 << bit))) {
        this.#port.setPin(bit, Boolean(pulledUp & (1 << bit)));
      }
    });
    this.#pulledUp = pulledUp;
    const levels = (this.#written & outputs) | (this.#setLevels & ~outputs & this.#isSet) | pulledUp;
    const changes = levels ^ this.#levels;
    this.#levels = levels;
    forEachBit(changes, (bit) => this.#changed(bit, Boolean(levels & (1 << bit))));
  }
}

function forEachBit(bits: number, action: (bit: number) => void): void {
  for (let bit = 0; bits >> bit > 0; bit++) {
    if (bits & (1 << bit)) {
      action(bit);
    }
  }
}
