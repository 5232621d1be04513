import { setTimeout as sleep } from 'node:timers/promises';
import cobs from 'cobs';
import { onTestFinished } from 'vitest';
import { Pty } from '../support/pty.js';

export const frame = (packet: string | Uint8Array) => Buffer.concat([cobs.encode(Buffer.from(packet)), Buffer.of(0)]);

/** The packets of the frames in a byte stream, without the empty ones that idle delimiters are. */
export function packetsIn(stream: Buffer): Buffer[] {
  const ends = [...stream.keys()].filter((index) => stream[index] === 0);
  return ends
    .map((end, index) => stream.subarray(index === 0 ? 0 : ends[index - 1]! + 1, end))
    .filter(({ length }) => length > 0)
    .map((encoded) => cobs.decode(encoded));
}

/** The device's end of a port that a program opens. */
export class PtyDevice {
  readonly pty = new Pty();
  /** All bytes that the host has sent, as far as they were read. */
  received = Buffer.alloc(0);
  #isOver = false;

  /** Opens a new port. It ends with the test. */
  static async open(): Promise<{ device: PtyDevice; port: string }> {
    const device = new PtyDevice();
    onTestFinished(() => {
      device.#isOver = true;
      return device.pty.end();
    });
    return { device, port: await device.pty.open() };
  }

  /** Waits until the host has sent `count` packets, and returns them. */
  async packets(count: number): Promise<string[]> {
    while (packetsIn(this.received).length < count) {
      await this.#poll();
    }
    return packetsIn(this.received).map(String);
  }

  /** Waits until the host has sent anything: its port is then open. */
  async opened(): Promise<void> {
    while (this.received.length === 0) {
      await this.#poll();
    }
  }

  /** Waits for the packet with this index, counted from 0, and sends what `answer` returns for it. */
  async answer(index: number, answer: (packet: Buffer) => Uint8Array[]): Promise<void> {
    await this.packets(index + 1);
    await this.send(answer(packetsIn(this.received)[index]!));
  }

  async send(packets: Uint8Array[]): Promise<void> {
    await this.pty.write(Buffer.concat(packets.map(frame)));
  }

  async #poll(): Promise<void> {
    if (this.#isOver) {
      throw new Error('the test is over');
    }
    const bytes = await this.pty.read().catch(() => Buffer.alloc(0));
    this.received = Buffer.concat([this.received, bytes]);
    if (bytes.length === 0) {
      await sleep(1);
    }
  }
}
