import { onTestFinished } from 'vitest';
import { type Codec, SerialCommunicator, type SerialEvents } from '../../src/index.js';
import { MockDevice, type MockDeviceOptions, mockBinding } from '../../src/testing/index.js';

/** A packet of a text. */
export const bytes = (text: string) => new Uint8Array(Buffer.from(text));
/** The text of a packet. */
export const text = (packet: Uint8Array) => Buffer.from(packet).toString();

export type Message = { [key: string]: unknown };

export const json: Codec<Message> = {
  encode: (message) => bytes(JSON.stringify(message)),
  decode: (packet) => JSON.parse(text(packet)),
};

export const ids = { requestIds: { bytes: 1 } } as const;

/** Starts a communicator with one connection, `arm`, to a mock device. Both use the same ids. */
export async function connect(options: Partial<MockDeviceOptions> = {}) {
  const device = new MockDevice({ path: '/dev/ttyACM0', ...options });
  const serial = new SerialCommunicator({ binding: mockBinding(device) });
  const { requestIds } = options;
  serial.addConnection('arm', { path: '/dev/ttyACM0', baudRate: 115_200, ...(requestIds && { requestIds }) });
  const undecoded: SerialEvents['undecodedPacket'][] = [];
  serial.on('undecodedPacket', (event) => undecoded.push(event));
  await serial.initialize();
  onTestFinished(() => serial[Symbol.asyncDispose]());
  return { device, serial, undecoded, arm: serial.channel('arm', json) };
}

/** Resolves with the next event of this name. */
export function next<Name extends keyof SerialEvents>(serial: SerialCommunicator, name: Name) {
  return new Promise<SerialEvents[Name]>((resolve) => serial.once(name, resolve));
}
