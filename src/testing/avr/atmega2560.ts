import {
  ADCReference,
  adcConfig,
  eepromConfig,
  PCINT0,
  PCINT1,
  PCINT2,
  spiConfig,
  timer0Config,
  timer2Config,
  twiConfig,
  watchdogConfig,
} from 'avr8js';
import { type AvrConfig, analogInputs, externalInterrupt, port, usart, vector, wideTimer } from './avr-config.js';

const pcint1 = { ...PCINT1, pinChangeInterrupt: vector(10) };

const A = port(0x20);
const B = port(0x23, { pinChange: { ...PCINT0, pinChangeInterrupt: vector(9) } });
const C = port(0x26);
const D = port(0x29, { externalInterrupts: [0, 1, 2, 3].map((index) => externalInterrupt(index, 1 + index)) });
const E = port(0x2c, {
  pinChange: { ...pcint1, mask: 0x01 },
  externalInterrupts: [null, null, null, null, ...[4, 5, 6, 7].map((index) => externalInterrupt(index, 1 + index))],
});
const F = port(0x2f);
const G = port(0x32);
const H = port(0x100);
const J = port(0x103, { pinChange: { ...pcint1, mask: 0x7f, offset: 1 } });
const K = port(0x106, { pinChange: { ...PCINT2, pinChangeInterrupt: vector(11) } });
const L = port(0x109);

/** The chip of the Mega 2560. The differential inputs of its converter read 0. */
export const ATMEGA2560: AvrConfig = {
  name: 'ATmega2560',
  flashBytes: 256 * 1024,
  sramBytes: 8192,
  sramStart: 0x200,
  eepromBytes: 4096,
  uarts: { 0: usart(0xc0, 25), 1: usart(0xc8, 36), 2: usart(0xd0, 51), 3: usart(0x130, 54) },
  ports: { A, B, C, D, E, F, G, H, J, K, L },
  timers: [
    {
      ...timer0Config,
      compAInterrupt: vector(21),
      compBInterrupt: vector(22),
      ovfInterrupt: vector(23),
      compPortA: B.PORT,
      compPinA: 7,
      compPortB: G.PORT,
      compPinB: 5,
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
    {
      ...timer2Config,
      compAInterrupt: vector(13),
      compBInterrupt: vector(14),
      ovfInterrupt: vector(15),
      compPortA: B.PORT,
      compPinA: 4,
      compPortB: H.PORT,
      compPinB: 6,
    },
    wideTimer({
      TCCRA: 0x90,
      TIFR: 0x38,
      TIMSK: 0x71,
      captureVector: 31,
      outputs: [
        [E, 3],
        [E, 4],
        [E, 5],
      ],
      clock: [E, 6],
    }),
    wideTimer({
      TCCRA: 0xa0,
      TIFR: 0x39,
      TIMSK: 0x72,
      captureVector: 41,
      outputs: [
        [H, 3],
        [H, 4],
        [H, 5],
      ],
      clock: [H, 7],
    }),
    wideTimer({
      TCCRA: 0x120,
      TIFR: 0x3a,
      TIMSK: 0x73,
      captureVector: 46,
      outputs: [
        [L, 3],
        [L, 4],
        [L, 5],
      ],
      clock: [L, 2],
    }),
  ],
  adc: {
    ...adcConfig,
    adcInterrupt: vector(29),
    numChannels: 16,
    muxInputMask: 0x3f,
    muxChannels: analogInputs(
      Object.fromEntries(Array.from({ length: 16 }, (_, channel) => [channel < 8 ? channel : 0x18 + channel, channel])),
    ),
    adcReferences: [ADCReference.AREF, ADCReference.AVCC, ADCReference.Internal1V1, ADCReference.Internal2V56],
  },
  mux5: 0x08,
  spi: { ...spiConfig, spiInterrupt: vector(24) },
  twi: { ...twiConfig, twiInterrupt: vector(39) },
  eeprom: { ...eepromConfig, eepromReadyInterrupt: vector(30) },
  watchdog: { ...watchdogConfig, watchdogInterrupt: vector(12) },
  pins: [
    'E0 E1 E4 E5 G5 E3 H3 H4 H5 H6 B4 B5 B6 B7 J1 J0 H1 H0 D3 D2 D1 D0 A0 A1 A2 A3 A4 A5 A6 A7',
    'C7 C6 C5 C4 C3 C2 C1 C0 D7 G2 G1 G0 L7 L6 L5 L4 L3 L2 L1 L0 B3 B2 B1 B0',
    'F0 F1 F2 F3 F4 F5 F6 F7 K0 K1 K2 K3 K4 K5 K6 K7',
  ].flatMap((names) => names.split(' ')),
  analogChannels: Array.from({ length: 16 }, (_, channel) => channel),
};
