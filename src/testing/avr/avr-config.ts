import type {
  ADCConfig,
  ADCMuxConfiguration,
  ADCMuxInput,
  AVREEPROMConfig,
  AVRExternalInterrupt,
  AVRPortConfig,
  AVRTimerConfig,
  SPIConfig,
  TWIConfig,
  usart0Config,
  WatchdogConfig,
} from 'avr8js';
import { ADCMuxInputType, timer1Config } from 'avr8js';

/** The registers and interrupts of a USART. */
export type USARTConfig = typeof usart0Config;

/** What distinguishes one AVR from another, after its data sheet, and the numbers of its pins on an Arduino board. */
export interface AvrConfig {
  /** Name of the chip as its maker spells it. */
  readonly name: string;
  readonly flashBytes: number;
  readonly sramBytes: number;
  /** Address of the first byte of the SRAM. Below are the registers. */
  readonly sramStart: number;
  readonly eepromBytes: number;
  /** The UARTs, by their number. */
  readonly uarts: Readonly<Record<number, USARTConfig>>;
  /** The I/O ports, by their letter. */
  readonly ports: Readonly<Record<string, AVRPortConfig>>;
  readonly timers: readonly AVRTimerConfig[];
  readonly adc: ADCConfig;
  /** MUX5 in ADCSRB, as a bit; 0 if the chip has none. */
  readonly mux5: number;
  readonly spi: SPIConfig;
  readonly twi: TWIConfig;
  readonly eeprom: AVREEPROMConfig;
  readonly watchdog: WatchdogConfig;
  /** The pins of the board in the order of their numbers: letter of the port, and bit. */
  readonly pins: readonly string[];
  /** The register of the PLL, if the chip has one. */
  readonly PLLCSR?: number;
  /** The channel of the converter for each analog input of the board. */
  readonly analogChannels: readonly number[];
}

/** Number of an interrupt vector, counted from 0 at reset, as the address in words that avr8js uses. */
export const vector = (number: number): number => 2 * number;

/** The registers of an I/O port follow each other from PINx. */
export function port(PIN: number, interrupts: Partial<AVRPortConfig> = {}): AVRPortConfig {
  return { PIN, DDR: PIN + 1, PORT: PIN + 2, externalInterrupts: [], ...interrupts };
}

/** The registers of a USART follow each other from UCSRnA, on all chips. */
export function usart(UCSRA: number, rxVector: number): USARTConfig {
  return {
    rxCompleteInterrupt: vector(rxVector),
    dataRegisterEmptyInterrupt: vector(rxVector + 1),
    txCompleteInterrupt: vector(rxVector + 2),
    UCSRA,
    UCSRB: UCSRA + 1,
    UCSRC: UCSRA + 2,
    UBRRL: UCSRA + 4,
    UBRRH: UCSRA + 5,
    UDR: UCSRA + 6,
  };
}

/** A pin of a port, as the address of its register and its bit. */
type Pin = readonly [port: AVRPortConfig, bit: number];

/** What distinguishes one timer of three compare units from another. */
interface WideTimer {
  readonly TCCRA: number;
  readonly TIFR: number;
  readonly TIMSK: number;
  readonly captureVector: number;
  /** Pins of the compare units, as far as they have one. */
  readonly outputs: readonly [a: Pin, b?: Pin, c?: Pin];
  readonly clock?: Pin;
}

/** A 16-bit timer with three compare units. Its registers follow each other, as do its vectors. */
export function wideTimer({ TCCRA, TIFR, TIMSK, captureVector, outputs, clock }: WideTimer): AVRTimerConfig {
  const [a, b, c] = outputs;
  return {
    ...timer1Config,
    captureInterrupt: vector(captureVector),
    compAInterrupt: vector(captureVector + 1),
    compBInterrupt: vector(captureVector + 2),
    compCInterrupt: vector(captureVector + 3),
    ovfInterrupt: vector(captureVector + 4),
    TIFR,
    TIMSK,
    TCCRA,
    TCCRB: TCCRA + 1,
    TCCRC: TCCRA + 2,
    TCNT: TCCRA + 4,
    ICR: TCCRA + 6,
    OCRA: TCCRA + 8,
    OCRB: TCCRA + 10,
    OCRC: TCCRA + 12,
    OCFC: 8,
    OCIEC: 8,
    compPortA: a[0].PORT,
    compPinA: a[1],
    compPortB: b?.[0].PORT ?? 0,
    compPinB: b?.[1] ?? 0,
    compPortC: c?.[0].PORT ?? 0,
    compPinC: c?.[1] ?? 0,
    externalClockPort: clock?.[0].PORT ?? 0,
    externalClockPin: clock?.[1] ?? 0,
  };
}

/** External interrupt `index`. The first four have their settings in EICRA, the rest in EICRB. */
export function externalInterrupt(index: number, vectorNumber: number): AVRExternalInterrupt {
  return {
    EICR: index < 4 ? 0x69 : 0x6a,
    EIMSK: 0x3d,
    EIFR: 0x3c,
    index,
    iscOffset: 2 * (index % 4),
    interrupt: vector(vectorNumber),
  };
}

/** Inputs of the converter, by what the program writes to MUX5:0. */
export function analogInputs(channels: Readonly<Record<number, number>>): ADCMuxConfiguration {
  const single = Object.entries(channels).map(([mux, channel]): [string, ADCMuxInput] => [
    mux,
    { type: ADCMuxInputType.SingleEnded, channel },
  ]);
  return {
    ...Object.fromEntries(single),
    30: { type: ADCMuxInputType.Constant, voltage: 1.1 },
    31: { type: ADCMuxInputType.Constant, voltage: 0 },
  };
}
