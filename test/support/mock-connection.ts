import { onTestFinished } from 'vitest';
import { type PortInfo, SerialCommunicator, type SerialConnection } from '../../src/index.js';
import { MockDevice, type MockDeviceOptions, mockBinding } from '../../src/testing/index.js';
import { expectNothingUncounted } from './stats.js';

/** A started communicator with the connection "arm" to one mock device, and the events that report something wrong. */
export async function start(
  settings: Partial<SerialConnection> = {},
  deviceOptions: Partial<MockDeviceOptions> = {},
  shutdownTimeoutMs = 2_000,
) {
  const device = new MockDevice({ path: '/dev/mock', ...deviceOptions });
  const serial = new SerialCommunicator({ binding: mockBinding(device), shutdownTimeoutMs });
  const events: { event: string; [field: string]: unknown }[] = [];
  for (const event of ['rejectedFrame', 'handlerError', 'disconnected'] as const) {
    serial.on(event, (payload) => events.push({ event, ...payload }));
  }
  serial.addConnection('arm', { path: '/dev/mock', baudRate: 115_200, ...settings });
  onTestFinished(() => serial[Symbol.asyncDispose]());
  await serial.initialize();
  return { serial, device, events };
}

/** Delays between attempts that a test can wait for. */
export const FAST = { minDelayMs: 2, maxDelayMs: 4 };

/** A started communicator whose connection "arm" reconnects fast, and its `connected` and `disconnected` events. */
export async function startReconnecting(
  settings: Partial<SerialConnection> = {},
  device = new MockDevice({ path: '/dev/mock' }),
) {
  const serial = new SerialCommunicator({ binding: mockBinding(device), shutdownTimeoutMs: 200 });
  const events: string[] = [];
  serial.on('connected', ({ path }) => events.push(`connected ${path}`));
  serial.on('disconnected', ({ willReconnect }) => events.push(`disconnected ${willReconnect}`));
  serial.addConnection('arm', { path: '/dev/mock', baudRate: 9_600, reconnect: FAST, ...settings });
  onTestFinished(async () => {
    await serial[Symbol.asyncDispose]();
    expectNothingUncounted(serial.stats('arm'));
  });
  await serial.initialize();
  return { serial, device, events };
}

/** Resolves at the next `connected` event. */
export function connected(serial: SerialCommunicator): Promise<{ name: string; path: string; info: PortInfo }> {
  return new Promise((resolve) => serial.once('connected', resolve));
}

/** Resolves with the first packets, as soon as this many have arrived. */
export function nextPackets(serial: SerialCommunicator, count: number): Promise<Uint8Array[]> {
  const packets: Uint8Array[] = [];
  return new Promise((resolve) =>
    serial.setReceiveHandler((_, packet) => {
      packets.push(packet);
      if (packets.length === count) {
        resolve(packets);
      }
    }),
  );
}

/** How a promise settles: `resolved`, or the code of the error. */
export function settled(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'resolved',
    (error) => error.code ?? String(error),
  );
}
