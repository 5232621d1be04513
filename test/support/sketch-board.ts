import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { SerialCommunicator, type SerialConnection } from '../../src/index.js';
import { FaultyLine, type FaultyLineOptions, SimulatedBoard, simulatedBinding } from '../../src/testing/index.js';
import { Inbox } from './inbox.js';
import { has } from './tools.js';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Whether sketches cannot be compiled. */
export const NO_SKETCHES = !has('avr-gcc') || !has('make') || !existsSync('/usr/share/arduino/hardware/arduino/avr');

const CHIPS = { uno: 'atmega328p', mega: 'atmega2560' } as const;

/** Returns a function that runs sketches. `afterAll` removes the files that it leaves. */
export function sketchRunner(afterAll: (remove: () => void) => void, boardName: keyof typeof CHIPS = 'uno') {
  const folder = mkdtempSync(path.join(tmpdir(), 'sketches-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Compiles a sketch, which must cause no warning, and connects to a simulated board that runs it, over a line with `faults`. */
  return async (
    name: string,
    sketch: string,
    settings: Partial<SerialConnection> = {},
    faults: Partial<FaultyLineOptions> = {},
  ) => {
    mkdirSync(path.join(folder, name));
    writeFileSync(path.join(folder, name, `${name}.ino`), sketch);
    const words = [
      `SKETCH=${path.join(folder, name, `${name}.ino`)}`,
      `BUILD=${path.join(folder, 'build')}`,
      `BOARD=${boardName}`,
    ];
    const output = execFileSync('make', ['-s', '-C', path.join(ROOT, 'firmware-echo'), ...words], { encoding: 'utf8' });
    expect(output).toBe('');

    const image = readFileSync(path.join(folder, 'build', `${name}.hex`), 'utf8');
    const board = new SimulatedBoard({ path: '/dev/ttySIM0', chip: CHIPS[boardName], image });
    const line = new FaultyLine(simulatedBinding(board), { path: board.path, ...faults });
    const serial = new SerialCommunicator({ binding: line.binding });
    serial.addConnection('a', { path: board.path, baudRate: 115_200, settleMs: 50, ...settings });
    const inbox = new Inbox();
    serial.setReceiveHandler(inbox.handler);
    await serial.initialize();
    return {
      board,
      serial,
      send: (...bytes: number[]) => serial.send('a', Uint8Array.from(bytes)),
      next: async () => [...(await inbox.next()).packet],
      request: (...bytes: number[]) => serial.request('a', Uint8Array.from(bytes), { timeoutMs: 30_000 }),
      stats: () => serial.stats('a'),
      [Symbol.asyncDispose]: () => serial[Symbol.asyncDispose](),
    };
  };
}
