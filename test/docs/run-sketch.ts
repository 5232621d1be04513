import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { SimulatedBoard } from '../../src/testing/index.js';
import type { Pty } from '../support/pty.js';
import { openPort } from '../testing/fixtures/board.js';
import { ROOT } from './markdown.js';
import { PtyDevice } from './pty-device.js';

/**
 * Compiles a sketch for the Uno, runs it on a simulated board, and connects that to a port. Returns its path.
 *
 * @param damageEvery - inverts a bit of each byte whose number is a multiple of this, in each direction
 */
export async function runSketch(sketch: string, damageEvery = Number.POSITIVE_INFINITY): Promise<string> {
  const build = path.join(path.dirname(sketch), 'build');
  const words = ['-s', '-C', path.join(ROOT, 'firmware-echo'), `SKETCH=${sketch}`, `BUILD=${build}`];
  expect(execFileSync('make', words, { encoding: 'utf8' })).toBe('');
  const { device, port } = await PtyDevice.open();
  const image = readFileSync(path.join(build, `${path.parse(sketch).name}.hex`), 'utf8');
  connect(device.pty, new SimulatedBoard({ path: port, image }), damageEvery).catch(() => {});
  return port;
}

/** Carries the bytes between a pty and a board until the test ends. The board starts when the host opens the port. */
async function connect(pty: Pty, board: SimulatedBoard, damageEvery: number): Promise<void> {
  const newWire = () => {
    let carried = 0;
    return (bytes: Buffer) => bytes.map((byte) => (++carried % damageEvery === 0 ? byte ^ 0x10 : byte));
  };
  const [toBoard, toPty] = [newWire(), newWire()];
  let isOver = false;
  onTestFinished(() => {
    isOver = true;
  });
  const fromHost = async () => {
    const bytes = await pty.read().catch(() => Buffer.alloc(0));
    await sleep(bytes.length === 0 ? 1 : 0);
    return bytes;
  };
  let bytes = await fromHost();
  while (bytes.length === 0 && !isOver) {
    bytes = await fromHost();
  }
  const port = await openPort(board);
  const toHost = async () => {
    const buffer = Buffer.alloc(256);
    for (;;) {
      const { bytesRead } = await port.read(buffer, 0, buffer.length);
      await pty.write(Buffer.from(toPty(buffer.subarray(0, bytesRead))));
    }
  };
  const carried = toHost().catch(() => {});
  for (; !isOver; bytes = await fromHost()) {
    await port.write(Buffer.from(toBoard(bytes)));
  }
  await port.close();
  await carried;
}
