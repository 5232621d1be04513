import { readdirSync, readlinkSync } from 'node:fs';
import { expect, onTestFinished } from 'vitest';
import type { Port, PushBinding } from '../../src/index.js';
import { PortRecorder } from './port-recorder.js';
import { Pty } from './pty.js';
import { has } from './tools.js';

export const needsPty = process.platform !== 'linux' || !has('python3');
export const isRoot = process.getuid?.() === 0;

export function openPort(binding: PushBinding, portPath: string): Promise<Port> {
  return binding.open({ path: portPath, baudRate: 115_200 });
}

export async function openPty(binding: PushBinding) {
  const device = new Pty();
  const port = await openPort(binding, await device.open());
  onTestFinished(async () => {
    if (port.isOpen) {
      await port.close();
    }
    device.end();
  });
  return { device, port };
}

/** Opens a pty whose port is read, and whose listener has received "x" and wants no more. */
export async function openPaused(binding: PushBinding) {
  const { device, port } = await openPty(binding);
  const recorder = new PortRecorder(port);
  recorder.resume();
  recorder.wantsMore = false;
  await device.write(Buffer.from('x'));
  await recorder.receives('x');
  return { device, port, recorder };
}

/** Writes; also an error that is thrown at once rejects. */
export async function write(port: Port, bytes: Uint8Array): Promise<void> {
  await port.write(bytes);
}

/** Writes until the pty accepts no more. Returns the pending write. */
export async function stallWrite(port: Port): Promise<{ pending: Promise<void> }> {
  const pending = write(port, Buffer.alloc(200_000, 0x55));
  pending.catch(() => undefined);
  expect(await Promise.race([pending, turns(20)])).toBe('still pending');
  return { pending };
}

export async function turns(count: number): Promise<string> {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return 'still pending';
}

export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Share of one core that this process uses. The least of three stretches counts, because other work only adds. */
export async function cpuShare(ms: number): Promise<number> {
  const shares: number[] = [];
  for (let stretch = 0; stretch < 3; stretch++) {
    const before = process.cpuUsage();
    const startedAt = performance.now();
    await sleep(ms / 3);
    const { user, system } = process.cpuUsage(before);
    shares.push((user + system) / 1_000 / (performance.now() - startedAt));
  }
  return Math.min(...shares);
}

/** Number of descriptors of this process that refer to the terminal, even if its other end was closed. */
export function descriptorsOf(terminal: string): number {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).replace(' (deleted)', '') === terminal;
    } catch {
      // The descriptor of the directory itself.
      return false;
    }
  }).length;
}

export async function errorOf(
  promise: Promise<unknown>,
): Promise<Error & { disconnect?: boolean; canceled?: boolean }> {
  return promise.then(
    () => expect.unreachable('it resolved'),
    (error) => error,
  );
}
