import type { Binding, ReadPort } from '../../src/index.js';
import { serialPortBinding } from '../../src/testing/index.js';

/** Opens a port of a binding, to be read as `serialport` does. */
export function openRaw(binding: Binding, path: string): Promise<ReadPort> {
  return serialPortBinding(binding).open({ path, baudRate: 9_600 });
}

/** Reads once, at most this many bytes. */
export async function readRaw(port: ReadPort, atMostBytes = 65_536): Promise<Buffer> {
  const buffer = Buffer.alloc(atMostBytes);
  const { bytesRead } = await port.read(buffer, 0, buffer.length);
  return buffer.subarray(0, bytesRead);
}

/** Reads until this many bytes have arrived. */
export async function readAll(port: ReadPort, bytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let left = bytes; left > 0; left -= parts.at(-1)!.length) {
    parts.push(await readRaw(port, left));
  }
  return Buffer.concat(parts);
}
