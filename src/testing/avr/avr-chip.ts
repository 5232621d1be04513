import type { EEPROMBackend } from 'avr8js';
import { ADCMuxInputType, AVRADC, AVRClock, AVREEPROM, AVRSPI, AVRTWI, AVRWatchdog, EEPROMMemoryBackend } from 'avr8js';
import type { ChipListener, ChipModel, ChipStart, PinState, UartChip } from '../chip/simulated-chip.js';
import type { AvrConfig } from './avr-config.js';
import { AvrPins } from './avr-pins.js';
import { AvrCpu } from './cpu.js';
import { addTimer } from './timer.js';
import { AvrUsart, type UsartListener } from './usart.js';

const MCUSR = 0x54;

/** Causes of a reset, as the bits that the program reads from MCUSR. */
const RESET_FLAGS = { external: 0x02, watchdog: 0x08 } as const;

/** Bits of PLLCSR: enable, and locked. */
const PLLE = 0x02;
const PLOCK = 0x01;

/** Listens to the UARTs that lead nowhere. */
const UNCONNECTED: UsartListener = { characterSent: () => {}, overrun: () => {}, writeIgnored: () => {} };

/** The program of an AVR, and how it runs. */
export interface AvrOptions {
  /** Contents of the flash, all of it, in a buffer of its own. Never written to. */
  readonly program: Uint16Array;
  readonly clockHz: number;
  /** Number of the UART that leads to the host. */
  readonly uart: number;
  /** How long the boot loader runs before the program starts, after a reset that is not the watchdog's. */
  readonly bootMs: number;
}

/** An AVR with a program. */
export class AvrModel implements ChipModel {
  readonly clockHz: number;
  readonly pins: number;
  readonly analogInputs: number;
  readonly supplyVolts = 5;
  readonly isResetByDtr = true;
  readonly #config: AvrConfig;
  readonly #options: AvrOptions;
  readonly #eeprom: EEPROMBackend;

  constructor(config: AvrConfig, options: AvrOptions) {
    this.clockHz = options.clockHz;
    this.pins = config.pins.length;
    this.analogInputs = config.analogChannels.length;
    this.#config = config;
    this.#options = options;
    this.#eeprom = new EEPROMMemoryBackend(config.eepromBytes);
  }

  start(start: ChipStart): AvrChip {
    return new AvrChip(this.#config, this.#options, this.#eeprom, start);
  }
}

/** An AVR between two resets. A reset needs a new instance, because avr8js's peripherals keep their state. */
export class AvrChip implements UartChip {
  readonly cpu: AvrCpu;
  readonly end: AvrUsart;
  readonly #pins: AvrPins;
  readonly #adc: AVRADC;
  readonly #analogChannels: readonly number[];
  readonly #bootUntilCycles: number;
  #watchdogFired = false;

  constructor(config: AvrConfig, options: AvrOptions, eeprom: EEPROMBackend, start: ChipStart) {
    const { program, clockHz } = options;
    const { cause, startCycles, listener } = start;
    const cpu = new AvrCpu(program, config.sramStart + config.sramBytes, startCycles);
    this.cpu = cpu;
    cpu.data[MCUSR] = RESET_FLAGS[cause];
    this.end = addUsarts(cpu, config, options.uart, listener);
    this.#pins = new AvrPins(cpu, config, (pin, isHigh) => listener.pinChanged(pin, isHigh));
    for (const timer of config.timers) {
      addTimer(cpu, timer);
    }
    this.#adc = addConverter(cpu, config);
    addPll(cpu, config.PLLCSR);
    this.#analogChannels = config.analogChannels;
    new AVRSPI(cpu, config.spi, clockHz);
    new AVRTWI(cpu, config.twi, clockHz);
    new AVREEPROM(cpu, eeprom, config.eeprom);
    new AVRWatchdog(cpu, config.watchdog, new AVRClock(cpu, clockHz));
    cpu.onReset = () => {
      this.#watchdogFired = true;
    };
    // After a watchdog reset, the boot loader of an Arduino starts the program at once.
    const bootCycles = cause === 'watchdog' ? 0 : (options.bootMs / 1000) * clockHz;
    this.#bootUntilCycles = startCycles + bootCycles;
    cpu.hold(bootCycles);
  }

  get cycles(): number {
    return this.cpu.cycles;
  }

  get nextCycles(): number {
    return this.cpu.nextCycles;
  }

  get instructions(): number {
    return this.cpu.instructions;
  }

  get isBooting(): boolean {
    return this.cpu.cycles < this.#bootUntilCycles;
  }

  get watchdogFired(): boolean {
    return this.#watchdogFired;
  }

  run(targetCycles: number, deadlineMs: number): void {
    this.cpu.run(targetCycles, deadlineMs);
  }

  schedule(callback: () => void, delayCycles: number): void {
    this.cpu.addClockEvent(callback, delayCycles);
  }

  pinState(pin: number): PinState {
    return this.#pins.state(pin);
  }

  setPin(pin: number, isHigh: boolean): void {
    this.#pins.set(pin, isHigh);
  }

  setAnalog(input: number, volts: number): void {
    this.#adc.channelValues[this.#analogChannels[input] as number] = volts;
  }
}

/** Adds all UARTs. Returns the one that leads to the host. */
function addUsarts(cpu: AvrCpu, { uarts }: AvrConfig, connected: number, listener: ChipListener): AvrUsart {
  let end: AvrUsart | undefined;
  for (const [number, registers] of Object.entries(uarts)) {
    const isConnected = Number(number) === connected;
    const usart = new AvrUsart(cpu, registers, isConnected ? listener : UNCONNECTED);
    end = isConnected ? usart : end;
  }
  return end as AvrUsart;
}

/** Adds the analog-to-digital converter. avr8js always looks for MUX5 where the ATmega2560 has it. */
function addConverter(cpu: AvrCpu, { adc: config, mux5 }: AvrConfig): AVRADC {
  const adc = new AVRADC(cpu, config);
  const convert = adc.onADCRead;
  adc.onADCRead = () => {
    const { ADMUX, ADCSRB, muxInputMask, muxChannels } = config;
    const isUpperHalf = Boolean((cpu.data[ADCSRB] as number) & mux5);
    const mux = ((cpu.data[ADMUX] as number) & 0x1f) | (isUpperHalf ? 0x20 : 0);
    convert(muxChannels[mux & muxInputMask] ?? { type: ADCMuxInputType.Constant, voltage: 0 });
  };
  return adc;
}

/** Adds a PLL that locks at once. The Arduino core waits for it before the sketch starts. */
function addPll(cpu: AvrCpu, PLLCSR: number | undefined): void {
  if (PLLCSR !== undefined) {
    cpu.writeHooks[PLLCSR] = (value) => {
      cpu.data[PLLCSR] = value & PLLE ? value | PLOCK : value & ~PLOCK;
      return true;
    };
  }
}
