import { describe, expect, onTestFinished, test } from 'vitest';
import { type Binding, directBinding, SerialCommunicator, type SerialConnection } from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { connected } from '../support/mock-connection.js';

/** A communicator whose driver reports a baud rate of its own. */
function withDriver(getBaudRate: () => Promise<{ baudRate: number }>, settings: Partial<SerialConnection> = {}) {
  const device = new MockDevice({ path: '/dev/mock' });
  const inner = mockBinding(device);
  const binding: Binding = {
    list: inner.list,
    open: async (options) => Object.assign(await inner.open(options), { getBaudRate }),
  };
  const serial = new SerialCommunicator({ binding });
  serial.addConnection('arm', { path: '/dev/mock', baudRate: 250_000, ...settings });
  onTestFinished(() => serial[Symbol.asyncDispose]());
  return { serial, device };
}

describe('the baud rate that the driver has set', () => {
  test('rejects with BAUD_RATE_UNSUPPORTED if it differs by more than 3 %, and closes the port', async () => {
    for (const baudRate of [9_600, 242_499, 257_501]) {
      const { serial, device } = withDriver(async () => ({ baudRate }));
      await expect(serial.initialize()).rejects.toMatchObject({
        errors: [
          {
            code: 'BAUD_RATE_UNSUPPORTED',
            message:
              `connection "arm" (/dev/mock): the driver cannot do 250000 bit/s, and has set ${baudRate} bit/s; ` +
              'use a baud rate that both ends can do',
          },
        ],
      });
      expect(device.openOptions).toBeUndefined();
    }
  });

  test.each([250_000, 242_500, 257_500])('is part of the connected event: %i', async (baudRate) => {
    const { serial } = withDriver(async () => ({ baudRate }));
    const event = connected(serial);
    await serial.initialize();
    expect(await event).toMatchObject({ name: 'arm', baudRate });
  });

  test.each([
    ['does not report one', () => Promise.reject(new Error('not implemented on this platform'))],
    ['reports none', () => Promise.resolve({ baudRate: 0 })],
    ['never answers', () => new Promise<never>(() => {})],
  ])('is assumed to be the requested one if the driver %s', async (_, getBaudRate) => {
    const { serial } = withDriver(getBaudRate, { openTimeoutMs: 300 });
    const event = connected(serial);
    await serial.initialize();
    expect(await event).toMatchObject({ baudRate: 250_000 });
  });
});

describe.skipIf(process.platform === 'win32')('settings that only Windows can do (needs another platform)', () => {
  const connection = { path: '/dev/absent', baudRate: 9_600 };

  test.each([
    [{ parity: 'mark' }, /^connection "arm": parity is "mark", which works on Windows only; on \w+ use "none", "even"/],
    [{ parity: 'space' }, /^connection "arm": parity is "space", which works on Windows only/],
    [{ stopBits: 1.5 }, /^connection "arm": stopBits is 1.5, which works on Windows only; on \w+ use 1 or 2$/],
  ] as const)('%j: addConnection throws, with the binding of this machine', (settings, message) => {
    for (const options of [{}, { binding: directBinding }, { defaults: settings }]) {
      const serial = new SerialCommunicator(options);
      const add = () => serial.addConnection('arm', { ...connection, ...settings });
      expect(add).toThrow(message);
      expect(add).toThrow(expect.objectContaining({ code: 'INVALID_CONNECTION' }));
    }
  });

  test('are passed on to other bindings, whose error is put in plain words', async () => {
    const device = new MockDevice({ path: '/dev/mock' });
    const serial = new SerialCommunicator({ binding: mockBinding(device) });
    serial.addConnection('arm', { path: '/dev/mock', baudRate: 9_600, parity: 'mark' });
    await serial.initialize();
    expect(device.openOptions?.parity).toBe('mark');
    await serial.shutdown();

    const binding: Binding = {
      list: async () => [],
      open: () => Promise.reject(new Error('Invalid stop bits setting 2')),
    };
    const other = new SerialCommunicator({ binding });
    other.addConnection('arm', { ...connection, stopBits: 1.5 });
    await expect(other.initialize()).rejects.toMatchObject({
      errors: [
        {
          code: 'PORT_OPEN_FAILED',
          message: expect.stringMatching(
            /^connection "arm" \(\/dev\/absent\): stopBits is 1.5, which works on Windows only/,
          ),
        },
      ],
    });
  });
});
