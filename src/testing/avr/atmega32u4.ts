import {
  ADCMuxInputType,
  ADCReference,
  adcConfig,
  eepromConfig,
  PCINT0,
  spiConfig,
  timer0Config,
  twiConfig,
  watchdogConfig,
} from 'avr8js';
import { type AvrConfig, analogInputs, externalInterrupt, port, usart, vector, wideTimer } from './avr-config.js';

const B = port(0x23, { pinChange: { ...PCINT0, pinChangeInterrupt: vector(9) } });
const C = port(0x26);
const D = port(0x29, { externalInterrupts: [0, 1, 2, 3].map((index) => externalInterrupt(index, 1 + index)) });
const E = port(0x2c, { externalInterrupts: [null, null, null, null, null, null, externalInterrupt(6, 7)] });
const F = port(0x2f);

/**
 * The chip of the Leonardo and the Micro, without its USB and its timer 4, which avr8js does not have. The differential
 * inputs of its converter read 0.
 */
export const ATMEGA32U4: AvrConfig = {
  name: 'ATmega32U4',
  flashBytes: 32 * 1024,
  sramBytes: 2560,
  sramStart: 0x100,
  eepromBytes: 1024,
  uarts: { 1: usart(0xc8, 25) },
  ports: { B, C, D, E, F },
  timers: [
    {
      ...timer0Config,
      compAInterrupt: vector(21),
      compBInterrupt: vector(22),
      ovfInterrupt: vector(23),
      compPortA: B.PORT,
      compPinA: 7,
      compPortB: D.PORT,
      compPinB: 0,
      externalClockPort: D.PORT,
      externalClockPin: 7,
    },
    wideTimer({
      TCCRA: 0x80,
      TIFR: 0x36,
      TIMSK: 0x6f,
      captureVector: 16,
      outputs: [
        [B, 5],
        [B, 6],
        [B, 7],
      ],
      clock: [D, 6],
    }),
    wideTimer({
      TCCRA: 0x90,
      TIFR: 0x38,
      TIMSK: 0x71,
      captureVector: 31,
      outputs: [[C, 6]],
    }),
  ],
  adc: {
    ...adcConfig,
    adcInterrupt: vector(29),
    numChannels: 14,
    muxInputMask: 0x3f,
    muxChannels: {
      ...analogInputs({ 0: 0, 1: 1, 4: 4, 5: 5, 6: 6, 7: 7, 32: 8, 33: 9, 34: 10, 35: 11, 36: 12, 37: 13 }),
      39: { type: ADCMuxInputType.Temperature },
    },
    adcReferences: [ADCReference.AREF, ADCReference.AVCC, ADCReference.Reserved, ADCReference.Internal2V56],
  },
  mux5: 0x20,
  spi: { ...spiConfig, spiInterrupt: vector(24) },
  twi: { ...twiConfig, twiInterrupt: vector(36) },
  eeprom: { ...eepromConfig, eepromReadyInterrupt: vector(30) },
  watchdog: { ...watchdogConfig, watchdogInterrupt: vector(12) },
  pins: ['D2 D3 D1 D0 D4 C6 D7 E6 B4 B5 B6 B7 D6 C7 B3 B1 B2 B0 F7 F6 F5 F4 F1 F0', 'D4 D7 B4 B5 B6 D6 D5'].flatMap(
    (names) => names.split(' '),
  ),
  PLLCSR: 0x49,
  analogChannels: [7, 6, 5, 4, 1, 0, 8, 10, 11, 12, 13, 9],
};
