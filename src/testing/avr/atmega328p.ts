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

/** Causes of a reset, as the bits that the program reads from MCUSR. */
export const ResetCause = { external: 0x02, watchdog: 0x08 } as const;

interface Atmega328pOptions {
  /** Contents of the flash, {@link FLASH_BYTES} long, in a buffer of its own. Never written to. */
  readonly program: Uint16Array;
  readonly eeprom: EEPROMBackend;
  readonly clockHz: number;
  /** CPU cycle count to start at, so that the board's clock continues across a reset. */
  readonly startCycles: number;
  readonly resetCause: number;
  /** CPU cycles for which the boot loader runs before the program starts. */
  readonly bootCycles: number;
  readonly usartListener: UsartListener;
}

/** An ATmega328P between two resets. A reset needs a new instance, because avr8js's peripherals keep their state. */
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

  /** `true` while the boot loader runs. It swallows every byte received. */
  get booting(): boolean {
    return this.cpu.cycles < this.#bootUntilCycles;
  }

  /** `true` once the watchdog has fired. The board must then replace this chip with a new one. */
  get watchdogFired(): boolean {
    return this.#watchdogFired;
  }
}
