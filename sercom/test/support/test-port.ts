import { once } from 'node:events';
import { constants, openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { onTestFinished } from 'vitest';
import { openPtyPair } from '../../../test/support/pty-pair.js';

/** A port and its device as a stream of bytes, so that tests state the bytes on the wire. */
export interface TestPort {
  path: string;
  device: ReadStream;
  /** Resolves, with all bytes received by the device in hex, once it has this many. One byte means that the port is open. */
  arrived(bytes: number): Promise<string>;
  unplug(): Promise<void>;
}

/** Opens a port with `socat`. It is closed when the test ends. */
export async function openTestPort(): Promise<TestPort> {
  const { hostPath, devicePath, close } = await openPtyPair();
  const device = new ReadStream(openSync(devicePath, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK));
  device.on('error', () => {
    // EIO: the pair of pseudo-terminals has been closed.
  });
  let closing: Promise<void> | undefined;
  const unplug = () => {
    closing ??= close();
    return closing;
  };
  onTestFinished(async () => {
    device.destroy();
    await unplug();
  });
  let hex = '';
  device.on('data', (chunk: Buffer) => {
    hex += chunk.toString('hex');
  });
  const arrived = async (bytes: number) => {
    while (hex.length < 2 * bytes) {
      await once(device, 'data');
    }
    return hex;
  };
  return { path: hostPath, device, arrived, unplug };
}

/** Writes bytes given in hex. */
export function write(device: ReadStream, hex: string): void {
  device.write(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}
