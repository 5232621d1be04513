import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../../../src/index.js';
import { SimulatedBoard, type SimulatedChipName } from '../../../src/testing/index.js';
import { fixtureImage } from '../fixtures/board.js';
import { Registers } from './registers.js';

const ADCL = 0x78;
const ADCH = 0x79;
const ADCSRA = 0x7a;
const ADCSRB = 0x7b;
const ADMUX = 0x7c;

const ADEN = 0x80;
const ADSC = 0x40;
/** The supply voltage as the reference. */
const REFS0 = 0x40;

/** Converts the input that the program selects by MUX5:0, as `analogRead` does. */
async function convert(registers: Registers, mux: number, mux5: number): Promise<number> {
  await registers.write(ADCSRB, mux & 0x20 ? mux5 : 0);
  await registers.write(ADMUX, REFS0 | (mux & 0x1f));
  await registers.write(ADCSRA, ADEN | ADSC | 7);
  while ((await registers.read(ADCSRA)) & ADSC) {
    // A conversion takes 0.1 ms.
  }
  return (await registers.read(ADCL)) | ((await registers.read(ADCH)) << 8);
}

describe('setAnalog', () => {
  it.each<[SimulatedChipName, number, number, number]>([
    // Analog input, what the program writes to MUX5:0, and MUX5 in ADCSRB.
    ['atmega328p', 0, 0, 0],
    ['atmega328p', 7, 7, 0],
    ['atmega2560', 0, 0, 0x08],
    ['atmega2560', 7, 7, 0x08],
    ['atmega2560', 8, 0x20, 0x08],
    ['atmega2560', 15, 0x27, 0x08],
    ['atmega32u4', 0, 7, 0x20],
    ['atmega32u4', 5, 0, 0x20],
    ['atmega32u4', 6, 0x20, 0x20],
    ['atmega32u4', 11, 0x21, 0x20],
  ])('of the %s: sets A%i', async (chip, input, mux, mux5) => {
    await using registers = await Registers.open(chip);
    const { board } = registers;
    expect(await convert(registers, mux, mux5)).toBe(0);
    board.setAnalog(input, 2.5);
    expect(await convert(registers, mux, mux5)).toBe(512);
    board.setAnalog(input, 5);
    expect(await convert(registers, mux, mux5)).toBe(1023);
    board.setAnalog(input, 1);
    expect(await convert(registers, mux, mux5)).toBe(204);
  });

  it('keeps the voltage over a reset', async () => {
    await using registers = await Registers.open();
    registers.board.setAnalog(1, 2.5);
    await registers.reset();
    expect(await convert(registers, 1, 0)).toBe(512);
  });

  it('rejects inputs that the board does not have, and voltages that it does not stand', () => {
    const board = new SimulatedBoard({ path: 'x', image: fixtureImage('registers') });
    for (const [set, message] of [
      [() => board.setAnalog(8, 1), 'SimulatedBoard.setAnalog: got 8; expected an integer from 0 to 7'],
      [() => board.setAnalog(0, 5.1), 'SimulatedBoard.setAnalog: volts is 5.1; expected a number from 0 to 5'],
      [() => board.setAnalog(0, -1), 'SimulatedBoard.setAnalog: volts is -1; expected a number from 0 to 5'],
      [() => board.setAnalog(0, Number.NaN), 'SimulatedBoard.setAnalog: volts is NaN; expected a number from 0 to 5'],
    ] as const) {
      expect(set).toThrow(InvalidArgumentError);
      expect(set).toThrow(message);
    }
  });
});
