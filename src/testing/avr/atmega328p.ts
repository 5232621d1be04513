import {
  adcConfig,
  eepromConfig,
  portBConfig,
  portCConfig,
  portDConfig,
  spiConfig,
  timer0Config,
  timer1Config,
  timer2Config,
  twiConfig,
  usart0Config,
  watchdogConfig,
} from 'avr8js';
import type { AvrConfig } from './avr-config.js';

/** The chip of the Uno and the Nano. */
export const ATMEGA328P: AvrConfig = {
  name: 'ATmega328P',
  flashBytes: 32 * 1024,
  sramBytes: 2048,
  sramStart: 0x100,
  eepromBytes: 1024,
  uarts: { 0: usart0Config },
  ports: { B: portBConfig, C: portCConfig, D: portDConfig },
  timers: [timer0Config, timer1Config, timer2Config],
  adc: adcConfig,
  mux5: 0,
  spi: spiConfig,
  twi: twiConfig,
  eeprom: eepromConfig,
  watchdog: watchdogConfig,
  pins: 'D0 D1 D2 D3 D4 D5 D6 D7 B0 B1 B2 B3 B4 B5 C0 C1 C2 C3 C4 C5'.split(' '),
  analogChannels: [0, 1, 2, 3, 4, 5, 6, 7],
};
