import { MockDevice, type MockDeviceOptions, mockBinding } from '../../../src/testing/index.js';
import { outcome } from '../../contract/harness.js';
import { openRaw } from '../../support/raw-port.js';
import { HandMadeHost } from './hand-made-host.js';
import { path } from './rig.js';

export const text = (packet: Uint8Array) => Buffer.from(packet).toString();
export const packet = (content: string) => Buffer.from(content);

/** A device whose port is open. */
export async function plugged(options: Partial<MockDeviceOptions> = {}) {
  const device = new MockDevice({ path, delivery: 'acknowledged', ...options });
  const binding = mockBinding(device);
  const port = await openRaw(binding, path);
  return { device, binding, port, host: new HandMadeHost(port) };
}

/** The same, in a session that the device knows. */
export async function inSession(options: Partial<MockDeviceOptions> = {}) {
  const parts = await plugged(options);
  await parts.host.open(1);
  await parts.host.poll(0);
  await parts.host.next();
  return parts;
}

/** The message of the error that a promise rejects with. */
export function errorOf(promise: Promise<unknown>) {
  return outcome(promise).then((result) => ('error' in result ? (result.error as Error).message : 'resolved'));
}
