import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FrameEncoder } from 'serial-communicator';
import { onTestFinished } from 'vitest';
import { Pty } from '../../../../test/support/pty.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** Packets that are written at once, at most. */
const BURST = 100;

/** A device that sends so many packets a second. If the host is slow, it catches up; it loses none. */
export class PacedDevice {
  readonly path: string;
  readonly #pty: Pty;
  readonly #packet: (index: number) => Uint8Array;
  readonly #encoder = new FrameEncoder();
  /** Packets of which every byte was written. */
  sent = 0;

  private constructor(link: string, pty: Pty, packet: (index: number) => Uint8Array) {
    this.path = link;
    this.#pty = pty;
    this.#packet = packet;
  }

  static async plug(packet: (index: number) => Uint8Array): Promise<PacedDevice> {
    const pty = new Pty();
    onTestFinished(() => pty.end());
    const link = path.join(await temporaryFolder(), 'ttyACM0');
    await pty.open(link);
    return new PacedDevice(link, pty, packet);
  }

  /** Begins with a delimiter, so that the host skips nothing. */
  async begin(): Promise<void> {
    await this.#write(Uint8Array.of(0));
  }

  /** Sends for some time. */
  async send(perSecond: number, seconds: number): Promise<void> {
    const startedMs = performance.now();
    const wanted = this.sent + Math.round(perSecond * seconds);
    const before = this.sent;
    while (this.sent < wanted) {
      const elapsedS = (performance.now() - startedMs) / 1e3;
      const due = Math.min(wanted, before + Math.floor(elapsedS * perSecond)) - this.sent;
      if (due === 0) {
        // The rate is what this run is about, so here time itself is waited for.
        await delay(5);
        continue;
      }
      const count = Math.min(due, BURST);
      const frames = Array.from({ length: count }, (_, index) => this.#encoder.encode(this.#packet(this.sent + index)));
      await this.#write(Buffer.concat(frames));
      this.sent += count;
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      const accepted = await this.#pty.write(bytes.subarray(written));
      written += accepted;
      if (accepted === 0) {
        // The host is still to read what was written before.
        await delay(1);
      }
    }
  }
}
