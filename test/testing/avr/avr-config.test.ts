import { spawnSync } from 'node:child_process';
import type { AVRTimerConfig } from 'avr8js';
import { describe, expect, it } from 'vitest';
import { ATMEGA32U4 } from '../../../src/testing/avr/atmega32u4.js';
import { ATMEGA328P } from '../../../src/testing/avr/atmega328p.js';
import { ATMEGA2560 } from '../../../src/testing/avr/atmega2560.js';
import type { AvrConfig } from '../../../src/testing/avr/avr-config.js';
import { has } from '../../support/tools.js';

/** What avr-libc says that names stand for: addresses of registers, numbers of interrupts, sizes, and bits. */
function numbersOf(mcu: string, names: readonly string[]): Record<string, number> {
  const source = ['#include <avr/io.h>', ...names.map((name) => `"@${name}" ${name}`)].join('\n');
  const { stdout } = spawnSync(
    'avr-gcc',
    [`-mmcu=${mcu}`, '-D_SFR_ASM_COMPAT=1', '-D__SFR_OFFSET=0x20', '-E', '-P', '-x', 'c', '-'],
    { input: source, encoding: 'utf8' },
  );
  return Object.fromEntries(
    [...stdout.matchAll(/"@(\w+)" (.*)/g)].map(([, name = '', value = '']) => [name, sumOf(value)]),
  );
}

/** The value of a preprocessed expression like `((0x18) + 0x20)`; NaN if it is none. */
function sumOf(expression: string): number {
  return expression
    .replace(/[()\s]/g, '')
    .replaceAll('-', '+-')
    .split('+')
    .reduce((sum, term) => sum + Number(term), 0);
}

/** What the configuration says, by the names of avr-libc. Interrupts are addresses in words: two for each vector. */
function numbersIn(config: AvrConfig): Record<string, number> {
  const numbers: Record<string, number> = {
    RAMEND: config.sramStart + config.sramBytes - 1,
    FLASHEND: config.flashBytes - 1,
    E2END: config.eepromBytes - 1,
    ADMUX: config.adc.ADMUX,
    ADCSRA: config.adc.ADCSRA,
    ADCSRB: config.adc.ADCSRB,
    ADCL: config.adc.ADCL,
    ADCH: config.adc.ADCH,
    ADC_vect_num: config.adc.adcInterrupt / 2,
    SPCR: config.spi.SPCR,
    SPSR: config.spi.SPSR,
    SPDR: config.spi.SPDR,
    SPI_STC_vect_num: config.spi.spiInterrupt / 2,
    TWBR: config.twi.TWBR,
    TWSR: config.twi.TWSR,
    TWAR: config.twi.TWAR,
    TWDR: config.twi.TWDR,
    TWCR: config.twi.TWCR,
    TWI_vect_num: config.twi.twiInterrupt / 2,
    EECR: config.eeprom.EECR,
    EEDR: config.eeprom.EEDR,
    EEARL: config.eeprom.EEARL,
    EE_READY_vect_num: config.eeprom.eepromReadyInterrupt / 2,
    WDTCSR: config.watchdog.WDTCSR,
    MCUSR: config.watchdog.MCUSR,
    WDT_vect_num: config.watchdog.watchdogInterrupt / 2,
  };
  if (config.PLLCSR !== undefined) {
    numbers.PLLCSR = config.PLLCSR;
  }
  if (config.mux5 !== 0) {
    numbers.MUX5 = Math.log2(config.mux5);
  }
  for (const [letter, port] of Object.entries(config.ports)) {
    Object.assign(numbers, { [`PIN${letter}`]: port.PIN, [`DDR${letter}`]: port.DDR, [`PORT${letter}`]: port.PORT });
    const { pinChange } = port;
    if (pinChange !== undefined) {
      // Ports E and J of the ATmega2560 share an interrupt.
      const index = pinChange.PCIE;
      Object.assign(numbers, {
        PCICR: pinChange.PCICR,
        PCIFR: pinChange.PCIFR,
        [`PCMSK${index}`]: pinChange.PCMSK,
        [`PCINT${index}_vect_num`]: pinChange.pinChangeInterrupt / 2,
      });
    }
    for (const external of port.externalInterrupts) {
      if (external) {
        const { index } = external;
        Object.assign(numbers, {
          [`INT${index}_vect_num`]: external.interrupt / 2,
          EIMSK: external.EIMSK,
          EIFR: external.EIFR,
          [index < 4 ? 'EICRA' : 'EICRB']: external.EICR,
          [`ISC${index}0`]: external.iscOffset,
        });
      }
    }
  }
  for (const [n, uart] of Object.entries(config.uarts)) {
    const vector = Object.keys(config.uarts).length === 1 && n === '0' ? 'USART' : `USART${n}`;
    Object.assign(numbers, {
      [`UCSR${n}A`]: uart.UCSRA,
      [`UCSR${n}B`]: uart.UCSRB,
      [`UCSR${n}C`]: uart.UCSRC,
      [`UBRR${n}L`]: uart.UBRRL,
      [`UBRR${n}H`]: uart.UBRRH,
      [`UDR${n}`]: uart.UDR,
      [`${vector}_RX_vect_num`]: uart.rxCompleteInterrupt / 2,
      [`${vector}_UDRE_vect_num`]: uart.dataRegisterEmptyInterrupt / 2,
      [`${vector}_TX_vect_num`]: uart.txCompleteInterrupt / 2,
    });
  }
  for (const timer of config.timers) {
    Object.assign(numbers, timerNumbers(timer));
  }
  return numbers;
}

function timerNumbers(timer: AVRTimerConfig): Record<string, number> {
  const n = String(timer.TIFR - 0x35);
  const all: Record<string, number> = {
    [`TCCR${n}A`]: timer.TCCRA,
    [`TCCR${n}B`]: timer.TCCRB,
    [`TCCR${n}C`]: timer.TCCRC,
    [`TCNT${n}`]: timer.TCNT,
    [`ICR${n}`]: timer.ICR,
    [`OCR${n}A`]: timer.OCRA,
    [`OCR${n}B`]: timer.OCRB,
    [`OCR${n}C`]: timer.OCRC,
    [`TIFR${n}`]: timer.TIFR,
    [`TIMSK${n}`]: timer.TIMSK,
    [`TIMER${n}_CAPT_vect_num`]: timer.captureInterrupt / 2,
    [`TIMER${n}_COMPA_vect_num`]: timer.compAInterrupt / 2,
    [`TIMER${n}_COMPB_vect_num`]: timer.compBInterrupt / 2,
    [`TIMER${n}_COMPC_vect_num`]: timer.compCInterrupt / 2,
    [`TIMER${n}_OVF_vect_num`]: timer.ovfInterrupt / 2,
  };
  return Object.fromEntries(Object.entries(all).filter(([, number]) => number !== 0));
}

describe.skipIf(!has('avr-gcc'))('the data of a chip are those of avr-libc (needs avr-gcc, avr-libc)', () => {
  it.each([
    ['atmega328p', ATMEGA328P],
    ['atmega2560', ATMEGA2560],
    ['atmega32u4', ATMEGA32U4],
  ])('%s', (mcu, config) => {
    const ours = numbersIn(config);
    expect(Object.keys(ours).length).toBeGreaterThan(80);
    expect(ours).toEqual(numbersOf(mcu, Object.keys(ours)));
  });
});
