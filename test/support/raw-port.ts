import type { Binding } from '../../src/index.js';

type Port = Awaited<ReturnType<Binding['open']>>;

/** Opens a port of a binding, with nothing of ours in between. */
export function openRaw(binding: Binding, path: string): Promise<Port> {
  return binding.open({ path, baudRate: 9_600 });
}

/** One read, of at most so many bytes. */
export async function readRaw(port: Port, atMostBytes = 65_536): Promise<Buffer> {
  const buffer = Buffer.alloc(atMostBytes);
  const { bytesRead } = await port.read(buffer, 0, buffer.length);
  return buffer.subarray(0, bytesRead);
}

/** Reads until so many bytes have come. */
export async function readAll(port: Port, bytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let left = bytes; left > 0; left -= parts.at(-1)!.length) {
    parts.push(await readRaw(port, left));
  }
  return Buffer.concat(parts);
}
