import path from 'node:path';
import { FrameEncoder } from 'serial-communicator';
import { onTestFinished } from 'vitest';
import { Pty } from '../../../../../test/support/pty.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

/** A device whose packets the test sends, on a pty that can be unplugged. Needs python3. */
export class ScriptedDevice {
  /** Of its port. */
  readonly path: string;
  readonly #pty: Pty;
  readonly #encoder = new FrameEncoder();
  #isFresh = true;

  private constructor(link: string, pty: Pty) {
    this.path = link;
    this.#pty = pty;
  }

  static async plug(): Promise<ScriptedDevice> {
    const pty = new Pty();
    onTestFinished(() => pty.end());
    const device = new ScriptedDevice(path.join(await temporaryFolder(), 'ttyACM0'), pty);
    await device.plugIn();
    return device;
  }

  /** Sends packets. */
  async send(...packets: readonly (Uint8Array | string)[]): Promise<void> {
    // As firmware should: whoever begins to listen skips everything before the first delimiter.
    const start = this.#isFresh ? [Buffer.alloc(1)] : [];
    this.#isFresh = false;
    const frames = packets.map((packet) => this.#encoder.encode(Buffer.from(packet)));
    await this.sendBytes(Buffer.concat([...start, ...frames]));
  }

  /** Sends bytes that need not be frames. Waits until they are in the buffer of the pty. */
  async sendBytes(bytes: Uint8Array): Promise<void> {
    for (let left = bytes; left.length > 0; ) {
      // The host is still to read what is in the buffer.
      left = left.subarray(await this.#pty.write(left));
    }
  }

  async unplug(): Promise<void> {
    await this.#pty.unlink();
    await this.#pty.close();
  }

  /** Plugs it in, or in again. */
  async plugIn(): Promise<void> {
    await this.#pty.open(this.path);
    this.#isFresh = true;
  }
}
