import { expect, onTestFinished } from 'vitest';
import { type Binding, ConnectionError, SerialCommunicator, type SerialConnection } from '../../../src/index.js';
import { MockDevice, type MockDeviceOptions, mockBinding } from '../../../src/testing/index.js';
import { FAST } from '../../support/mock-connection.js';

export const packet = (...bytes: number[]) => Uint8Array.from(bytes);

/** The error of a promise that rejects. */
export async function errorOf(promise: Promise<unknown>): Promise<ConnectionError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectionError);
  return error as ConnectionError;
}

/** The names of the events. Frames of a session that has ended may still arrive, and are rejected. */
export function names(events: readonly { event: string }[]): string[] {
  return events.map(({ event }) => event).filter((event) => event !== 'rejectedFrame');
}

const EVENTS = ['sessionStarted', 'peerReset', 'sessionFailed', 'peerSilent', 'rejectedFrame', 'disconnected'] as const;

/** A started communicator whose connection "arm" has acknowledged delivery, its mock device, and its events. */
export async function startAcknowledged(
  settings: Partial<SerialConnection> = {},
  deviceOptions: Partial<MockDeviceOptions> = {},
  shutdownTimeoutMs = 2_000,
) {
  const device = new MockDevice({ path: '/dev/mock', delivery: 'acknowledged', ...deviceOptions });
  return { device, ...(await startHost(mockBinding(device), settings, shutdownTimeoutMs)) };
}

/** A started communicator whose connection "arm" has acknowledged delivery, and its events. */
export async function startHost(binding: Binding, settings: Partial<SerialConnection> = {}, shutdownTimeoutMs = 2_000) {
  const serial = new SerialCommunicator({ binding, shutdownTimeoutMs });
  const events: { event: string; [field: string]: unknown }[] = [];
  for (const event of EVENTS) {
    serial.on(event, (payload) => events.push({ event, ...payload }));
  }
  serial.addConnection('arm', {
    path: '/dev/mock',
    baudRate: 115_200,
    delivery: 'acknowledged',
    reconnect: FAST,
    ...settings,
  });
  onTestFinished(() => serial[Symbol.asyncDispose]());
  await serial.initialize();
  return { serial, events };
}
