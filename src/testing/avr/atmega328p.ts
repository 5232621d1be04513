import type { EEPROMBackend } from 'avr8js';
import {
  AVRADC,
  AVRClock,
  AVREEPROM,
  AVRIOPort,
  AVRSPI,
  AVRTWI,
  AVRWatchdog,
  adcConfig,
  portBConfig,
  portCConfig,
  portDConfig,
  spiConfig,
  timer0Config,
  timer1Config,
  timer2Config,
  twiConfig,
  watchdogConfig,
} from 'avr8js';
import { AvrCpu } from './cpu.js';
import { addTimer } from './timer.js';
import type { UsartListener } from './usart.js';
import { AvrUsart } from './usart.js';

export const FLASH_BYTES = 32 * 1024;
export const EEPROM_BYTES = 1024;

const MCUSR = 0x54;

/** Why the chip starts: the bit that the program finds in MCUSR. */
export const ResetCause = { external: 0x02, watchdog: 0x08 } as const;

interface Atmega328pOptions {
  /** The whole flash, {@link FLASH_BYTES} long, with a buffer of its own; only read. */
  readonly program: Uint16Array;
  readonly eeprom: EEPROMBackend;
  readonly clockHz: number;
  /** Where the count of CPU cycles goes on. */
  readonly startCycles: number;
  readonly resetCause: number;
  /** How long the boot loader keeps the program waiting. */
  readonly bootCycles: number;
  readonly usartListener: UsartListener;
}

/** An ATmega328P from one reset to the next: a reset means a new one, since avr8js's peripherals keep their state. */
export class Atmega328p {
  readonly cpu: AvrCpu;
  readonly usart: AvrUsart;
  readonly #bootUntilCycles: number;
  #watchdogFired = false;

  constructor(options: Atmega328pOptions) {
    const { program, clockHz, startCycles } = options;
    const cpu = new AvrCpu(program, startCycles);
    this.cpu = cpu;
    cpu.data[MCUSR] = options.resetCause;
    this.usart = new AvrUsart(cpu, options.usartListener);
    for (const config of [portBConfig, portCConfig, portDConfig]) {
      new AVRIOPort(cpu, config);
    }
    for (const config of [timer0Config, timer1Config, timer2Config]) {
      addTimer(cpu, config);
    }
    new AVRADC(cpu, adcConfig);
    new AVRSPI(cpu, spiConfig, clockHz);
    new AVRTWI(cpu, twiConfig, clockHz);
    new AVREEPROM(cpu, options.eeprom);
    new AVRWatchdog(cpu, watchdogConfig, new AVRClock(cpu, clockHz));
    cpu.onReset = () => {
      this.#watchdogFired = true;
    };
    this.#bootUntilCycles = startCycles + options.bootCycles;
    cpu.hold(options.bootCycles);
  }

  /** `true` while the boot loader runs and swallows what is received. */
  get booting(): boolean {
    return this.cpu.cycles < this.#bootUntilCycles;
  }

  /** `true` when the watchdog has fired: this chip is to be replaced by a new one. */
  get watchdogFired(): boolean {
    return this.#watchdogFired;
  }
}
