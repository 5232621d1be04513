import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { SerialCommunicator, type SerialConnection, type SerialEvents } from '../../../src/index.js';
import { SimulatedBoard, type SimulatedBoardOptions, simulatedBinding } from '../../../src/testing/index.js';
import { Inbox } from '../../support/inbox.js';

/** The path of a file in the folder of programs for Cortex-M chips. */
export function cortexFixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/cortex-m/${name}`, import.meta.url));
}

const ECHO = readFileSync(cortexFixture('rp2040-echo.bin'));

/** Makes a board with an RP2040 that echoes. */
export function rp2040(options: Partial<SimulatedBoardOptions> = {}): SimulatedBoard {
  return new SimulatedBoard({ path: '/dev/ttyACM0', chip: 'rp2040', image: ECHO, ...options });
}

/** Makes a board, and a communicator that is connected to it. */
export async function connect(options: Partial<SimulatedBoardOptions> = {}, settings: Partial<SerialConnection> = {}) {
  const board = rp2040(options);
  const communicator = new SerialCommunicator({ binding: simulatedBinding(board) });
  communicator.addConnection('pico', { path: board.path, baudRate: 115_200, ...settings });
  const inbox = new Inbox();
  communicator.setReceiveHandler(inbox.handler);
  onTestFinished(() => communicator[Symbol.asyncDispose]());
  await communicator.initialize();
  return {
    board,
    communicator,
    /** Sends a packet, and resolves with the next one that arrives. */
    async reply(...packet: number[]): Promise<number[]> {
      await communicator.send('pico', Uint8Array.from(packet));
      return [...(await inbox.next()).packet];
    },
    event<Name extends keyof SerialEvents>(name: Name): Promise<SerialEvents[Name]> {
      return new Promise((resolve) => communicator.once(name, resolve));
    },
  };
}
