import { type ReadPort, SerialCommunicator, type SerialConnection } from '../../../src/index.js';
import { MockDevice, type MockDeviceOptions, mockBinding } from '../../../src/testing/index.js';
import { Inbox } from '../../support/inbox.js';
import { openRaw } from '../../support/raw-port.js';

export const path = '/dev/ttyMOCK0';
export const bytes = (...values: number[]) => Uint8Array.from(values);
export const hex = (text: string) => Buffer.from(text, 'hex');

/** A device whose port is open, to be read as `serialport` does. */
export async function opened(
  options: Partial<MockDeviceOptions> = {},
): Promise<{ device: MockDevice; port: ReadPort }> {
  const device = new MockDevice({ path, ...options });
  const port = await openRaw(mockBinding(device), path);
  return { device, port };
}

/** A device and a started communicator with one connection, `a`, to it. */
export async function connected(
  options: Partial<MockDeviceOptions> = {},
  settings: Partial<SerialConnection> = {},
): Promise<{ device: MockDevice; communicator: SerialCommunicator; inbox: Inbox }> {
  const device = new MockDevice({ path, ...options });
  const communicator = new SerialCommunicator({ binding: mockBinding(device) });
  communicator.addConnection('a', { path, baudRate: 9_600, ...settings });
  const inbox = new Inbox();
  communicator.setReceiveHandler(inbox.handler);
  await communicator.initialize();
  return { device, communicator, inbox };
}
