import type {
  ChipModel,
  ChipStart,
  PinState,
  SimulatedChip,
  UartChip,
  UartEnd,
  UsbChip,
  UsbEnd,
} from '../chip/simulated-chip.js';
import type { Rp2040Program } from './flash-image.js';
import { Pl011 } from './pl011.js';
import { Rp2040Core, type Rp2040js } from './rp2040-core.js';
import { Rp2040Pins, SUPPLY_VOLTS } from './rp2040-pins.js';
import { UsbHost } from './usb-host.js';

/** A cycle of the clock that the chip usually runs at. The program may set another one, but this stays the unit of time. */
const CLOCK_HZ = 125_000_000;
const NANOS_PER_CYCLE = 1e9 / CLOCK_HZ;

const GPIOS = 30;
const ANALOG_INPUTS = 5;

/** By number, as rp2040js numbers peripherals. */
const WATCHDOG = 0x40058;

/** Properties of an `RPWatchdog`, one of them private. The version of rp2040js is pinned. */
interface Watchdog {
  onWatchdogTrigger: () => void;
  readonly scratchData: Uint32Array;
  reason: number;
}

interface Rp2040Options {
  readonly program: Rp2040Program;
  /** Contents of the boot ROM. Undefined: it is missing. */
  readonly bootrom: Uint32Array | undefined;
  /** The UART that is the port. Undefined: the port is USB. */
  readonly uart: number | undefined;
}

/** An RP2040 with a program. Its flash, and the scratch registers of the watchdog, survive a reset by the watchdog. */
export class Rp2040Model implements ChipModel {
  readonly clockHz = CLOCK_HZ;
  readonly isResetByDtr = false;
  readonly pins = GPIOS;
  readonly analogInputs = ANALOG_INPUTS;
  readonly supplyVolts = SUPPLY_VOLTS;
  readonly #rp2040js: Rp2040js;
  readonly #options: Rp2040Options;
  #watchdog: Watchdog | undefined;

  constructor(rp2040js: Rp2040js, options: Rp2040Options) {
    this.#rp2040js = rp2040js;
    this.#options = options;
  }

  start(start: ChipStart): SimulatedChip {
    const before = start.cause === 'watchdog' ? this.#watchdog : undefined;
    const chip = new Rp2040Chip(this.#rp2040js, this.#options, start, before);
    this.#watchdog = chip.watchdog;
    return chip as SimulatedChip;
  }
}

/** An RP2040 between two resets. */
class Rp2040Chip implements Omit<UartChip | UsbChip, 'end'> {
  readonly end: UartEnd | UsbEnd;
  readonly watchdog: Watchdog;
  /** The program starts at once. */
  readonly isBooting = false;
  readonly #core: Rp2040Core;
  readonly #pins: Rp2040Pins;
  #watchdogFired = false;

  /** @param before - the watchdog that has reset the chip */
  constructor(
    rp2040js: Rp2040js,
    { program, bootrom, uart }: Rp2040Options,
    { startCycles, listener }: ChipStart,
    before: Watchdog | undefined,
  ) {
    const core = new Rp2040Core(rp2040js, program, bootrom, startCycles * NANOS_PER_CYCLE);
    const { chip, clock } = core;
    this.#core = core;
    this.#pins = new Rp2040Pins(chip, (pin, isHigh) => listener.pinChanged(pin, isHigh));
    this.watchdog = chip.peripherals[WATCHDOG] as unknown as Watchdog;
    if (before) {
      this.watchdog.reason = before.reason;
      this.watchdog.scratchData.set(before.scratchData);
    }
    this.watchdog.onWatchdogTrigger = () => {
      this.#watchdogFired = true;
      core.stop();
    };
    // A UART that is not the port has no other end.
    const uarts = ([0, 1] as const).map((number) => {
      const reports = number === uart ? listener : undefined;
      return new Pl011(chip, clock, number, NANOS_PER_CYCLE, {
        transmitted: (...character) => reports?.characterSent(...character),
        overrun: () => reports?.overrun(),
        writeIgnored: () => reports?.writeIgnored(),
      });
    });
    this.end = (uart === undefined ? undefined : uarts[uart]) ?? new UsbHost(chip, clock, listener);
  }

  get cycles(): number {
    return this.#core.clock.nanos / NANOS_PER_CYCLE;
  }

  get nextCycles(): number {
    return this.#core.nextNanos / NANOS_PER_CYCLE;
  }

  get instructions(): number {
    return this.#core.instructions;
  }

  get watchdogFired(): boolean {
    return this.#watchdogFired;
  }

  get crash(): string | undefined {
    return this.#core.crash;
  }

  run(targetCycles: number, deadlineMs: number): void {
    this.#core.run(targetCycles * NANOS_PER_CYCLE, deadlineMs);
  }

  schedule(callback: () => void, delayCycles: number): void {
    this.#core.clock.createAlarm(callback).schedule(Math.max(1, delayCycles) * NANOS_PER_CYCLE);
  }

  pinState(pin: number): PinState {
    return this.#pins.state(pin);
  }

  setPin(pin: number, isHigh: boolean): void {
    this.#pins.set(pin, isHigh);
  }

  setAnalog(input: number, volts: number): void {
    this.#pins.setAnalog(input, volts);
  }
}
