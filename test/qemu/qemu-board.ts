import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll } from 'vitest';
import { has } from '../support/tools.js';

/** Whether there is no qemu-system-arm. */
export const skipQemu = !has('qemu-system-arm');

/** A board in QEMU whose UART is a pseudo-terminal. */
export interface QemuBoard {
  /** The path of its port. */
  readonly path: string;
  /** Ends QEMU, and resolves when it has ended. */
  end(): Promise<void>;
}

/** Returns a function that starts a board with this image. Boards that are left over end after the last test. */
export function useQemu(machine: string): (image: string) => Promise<QemuBoard> {
  const boards: QemuBoard[] = [];
  afterAll(async () => {
    await Promise.all(boards.map((board) => board.end()));
  });
  return async (image) => {
    const board = await startQemu(machine, image);
    boards.push(board);
    return board;
  };
}

async function startQemu(machine: string, image: string): Promise<QemuBoard> {
  const options = ['-machine', machine, '-display', 'none', '-monitor', 'none', '-serial', 'pty', '-kernel', image];
  const qemu = spawn('qemu-system-arm', options, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => qemu.once('close', () => resolve()));
  return {
    path: await pathOfPort(qemu),
    end: () => {
      qemu.kill();
      return ended;
    },
  };
}

/** QEMU prints the path of the pseudo-terminal that it has made. */
function pathOfPort(qemu: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (chunk: Buffer) => {
      output += chunk;
      const [, path] = /redirected to (\S+) /.exec(output) ?? [];
      if (path !== undefined) {
        resolve(path);
      }
    };
    qemu.stdout?.on('data', read);
    qemu.stderr?.on('data', read);
    qemu.once('error', reject);
    qemu.once('close', () => reject(new Error(`QEMU has ended: ${output}`)));
  });
}
