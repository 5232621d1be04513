import { expect, onTestFailed } from 'vitest';
import {
  FaultyLine,
  type FaultyLineOptions,
  type LineStats,
  MockDevice,
  mockBinding,
} from '../../../src/testing/index.js';
import { someTurns } from '../../contract/harness.js';
import { kernelBinding } from '../../support/kernel-port.js';
import { PortRecorder } from '../../support/port-recorder.js';
import { randomBytes, randomNumbers } from '../../support/random.js';

export const PATH = '/dev/mock';
export const BYTES = Buffer.from(randomBytes(20_000, randomNumbers(7)));
export const NOISE = { dropRate: 0.02, flipRate: 0.02, insertRate: 0.02, duplicateRate: 0.02, cutRate: 0.01 };

export type LineSettings = Omit<FaultyLineOptions, 'path'>;

const OPEN_OPTIONS = { path: PATH, baudRate: 9_600 };

/** Opens a port with a faulty line to a kernel that the test controls. */
export async function openKernel(settings: LineSettings = {}) {
  const { binding, ports } = kernelBinding();
  const line = new FaultyLine(binding, { path: PATH, ...settings });
  onTestFailed(() => console.log(`FaultyLine seed ${line.seed}`));
  const port = await line.binding.open(OPEN_OPTIONS);
  return { line, port, kernel: ports[0]! };
}

/** Opens a port with a faulty line to a mock device. */
export async function openMock(settings: LineSettings = {}) {
  const device = new MockDevice({ path: PATH, vendorId: '2341', interface: 2, historyLength: 100_000 });
  const line = new FaultyLine(mockBinding(device), { path: PATH, ...settings });
  onTestFailed(() => console.log(`FaultyLine seed ${line.seed}`));
  const port = await line.binding.open(OPEN_OPTIONS);
  return { device, line, port };
}

/** Returns what the device receives when the bytes are written in writes of this length. */
export async function written(settings: LineSettings, bytes: Buffer, writeBytes = bytes.length) {
  const { line, port, device } = await openMock(settings);
  for (let at = 0; at < bytes.length; at += writeBytes) {
    await port.write(bytes.subarray(at, at + writeBytes));
  }
  return { line, writes: device.writes, output: Buffer.concat(device.writes) };
}

/** Returns what the host receives when the bytes arrive in chunks of this length. */
export async function received(settings: LineSettings, bytes: Buffer, chunkBytes = bytes.length) {
  const { line, port, kernel } = await openKernel(settings);
  const recorder = new PortRecorder(port);
  port.resume();
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    kernel.give(bytes.subarray(at, at + chunkBytes));
    for (let before = -1; before !== recorder.chunks.length; ) {
      before = recorder.chunks.length;
      await someTurns(2);
    }
  }
  await port.close();
  return { line, chunks: recorder.chunks, output: recorder.bytes };
}

/** Expects every byte of one direction to be counted. */
export function expectEquation(stats: LineStats): void {
  const { bytesIn, droppedBytes, insertedBytes, duplicatedBytes, lostBytes } = stats;
  expect(stats.bytesOut).toBe(bytesIn - droppedBytes + insertedBytes + duplicatedBytes - lostBytes);
}

/** Returns the error of a call, which may throw or reject. */
export async function errorOf(
  call: Promise<unknown> | (() => unknown),
): Promise<Error & { disconnect?: boolean; canceled?: boolean }> {
  try {
    await (typeof call === 'function' ? call() : call);
  } catch (error) {
    return error as Error;
  }
  return expect.unreachable('it did not fail');
}
