import { expect } from 'vitest';
import type { ReadPort } from '../../../src/index.js';
import { SimulatedBoard, type SimulatedChipName } from '../../../src/testing/index.js';
import { fixtureImage, openPort, readExactly } from '../fixtures/board.js';

/** Commands of registers.c. */
export const READ = 'R'.charCodeAt(0);
export const WRITE = 'W'.charCodeAt(0);

/** A board whose registers a test can read and write. */
export class Registers implements AsyncDisposable {
  private constructor(
    readonly board: SimulatedBoard,
    readonly port: ReadPort,
  ) {}

  static async open(chip: SimulatedChipName = 'atmega328p'): Promise<Registers> {
    const board = new SimulatedBoard({ path: 'x', chip, image: fixtureImage('registers', chip) });
    const port = await openPort(board);
    expect(await readExactly(port, 1)).toEqual(['>'.charCodeAt(0)]);
    return new Registers(board, port);
  }

  async read(address: number): Promise<number> {
    await this.port.write(Buffer.of(READ, address & 0xff, address >> 8));
    const [value = 0] = await readExactly(this.port, 1);
    return value;
  }

  async write(address: number, value: number): Promise<void> {
    await this.port.write(Buffer.of(WRITE, address & 0xff, address >> 8, value));
    expect(await readExactly(this.port, 1)).toEqual(['.'.charCodeAt(0)]);
  }

  /** Resets the board, as DTR does. */
  async reset(): Promise<void> {
    await this.port.set({ dtr: false });
    await this.port.set({ dtr: true });
    expect(await readExactly(this.port, 1)).toEqual(['>'.charCodeAt(0)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.port.close();
  }
}
