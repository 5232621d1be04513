import { once } from 'node:events';
import { constants, openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { onTestFinished } from 'vitest';
import { openPtyPair } from '../../../test/support/pty-pair.js';

/** A port, and the device behind it as a stream of bytes: what stands on the wire is spelled out here. */
export interface TestPort {
  path: string;
  device: ReadStream;
  /** Everything that has arrived at the device, once that is so many bytes. The first byte tells that the port is open. */
  arrived(bytes: number): Promise<string>;
  unplug(): Promise<void>;
}

/** Opens one with `socat`; it is gone when the test ends. */
export async function openTestPort(): Promise<TestPort> {
  const { hostPath, devicePath, close } = await openPtyPair();
  const device = new ReadStream(openSync(devicePath, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK));
  device.on('error', () => {
    // EIO: the pair has ended.
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

/** Writes bytes that are given in hex. */
export function write(device: ReadStream, hex: string): void {
  device.write(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}
