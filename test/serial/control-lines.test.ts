import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Binding, SerialCommunicator } from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { startReconnecting } from '../support/mock-connection.js';
import { Pty } from '../support/pty.js';
import { has } from '../support/tools.js';

const hasPty = process.platform !== 'win32' && has('python3');

/** A binding whose port fails to set its control lines. */
function withoutLines(device: MockDevice, text: string): Binding {
  const { list, open } = mockBinding(device);
  const set = () => Promise.reject(new Error(text));
  return { list, open: async (options) => Object.assign(await open(options), { set }) };
}

describe('control lines', () => {
  test('are set after opening if the connection has them, otherwise not', async () => {
    const { device } = await startReconnecting({ dtr: false });
    expect(device.signals).toEqual([{ dtr: false, rts: true, brk: false }]);
    expect((await startReconnecting()).device.signals).toEqual([]);
  });

  test('change together in one call, after earlier calls, and the others do not change', async () => {
    const { serial, device } = await startReconnecting();
    await Promise.all([
      serial.setSignals('arm', { rts: false, dtr: false }),
      serial.setSignals('arm', { dtr: true, brk: true }),
    ]);
    expect(device.signals).toEqual([
      { dtr: false, rts: false, brk: false },
      { dtr: true, rts: false, brk: true },
    ]);
    expect(await serial.signals('arm')).toEqual({ cts: true, dsr: false, dcd: false });
  });

  test('rejects unknown lines and values that are not boolean', async () => {
    const { serial } = await startReconnecting();
    for (const [signals, words] of [
      [{ DTR: false }, 'unknown option "DTR"; expected one of dtr, rts, brk'],
      [{ dtr: 'off' }, 'dtr is "off"; expected true or false'],
      [undefined, 'got undefined; expected an object with dtr, rts, brk'],
    ] as const) {
      await expect(serial.setSignals('arm', signals as never)).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringContaining(words),
      });
    }
  });

  test('reject with KEY_ERROR, CONNECTION_LOST and ILLEGAL_STATE', async () => {
    const { serial, device, events } = await startReconnecting();
    await expect(serial.setSignals('leg', {})).rejects.toMatchObject({ code: 'KEY_ERROR' });
    device.unplug();
    await vi.waitFor(() => expect(events).toContain('disconnected true'));
    await expect(serial.setSignals('arm', { dtr: true })).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await expect(serial.signals('arm')).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await serial.shutdown();
    await expect(serial.signals('arm')).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  });

  test.each([
    ['cannot set', 'cannot set'],
    [
      'Error: Operation not supported, cannot set',
      'Operation not supported, cannot set (the driver does not support break, and serialport then sets no line)',
    ],
  ])('reject with SIGNALS_ERROR when the port fails: %s', async (text, reason) => {
    const device = new MockDevice({ path: '/dev/mock' });
    const serial = new SerialCommunicator({ binding: withoutLines(device, text) });
    serial.addConnection('arm', { path: '/dev/mock', baudRate: 9_600 });
    await serial.initialize();
    await expect(serial.setSignals('arm', { dtr: false })).rejects.toMatchObject({
      code: 'SIGNALS_ERROR',
      message: `connection "arm" (/dev/mock): the control lines do not work: ${reason}`,
    });
    await serial.shutdown();
  });

  test('fail to open with SIGNALS_ERROR when the driver does not support break', async () => {
    const device = new MockDevice({ path: '/dev/mock' });
    const serial = new SerialCommunicator({
      binding: withoutLines(device, 'Error: Operation not supported, cannot set'),
    });
    serial.addConnection('arm', { path: '/dev/mock', baudRate: 9_600, dtr: false });
    await expect(serial.initialize()).rejects.toMatchObject({
      errors: [
        {
          code: 'SIGNALS_ERROR',
          message:
            'connection "arm" (/dev/mock): the control lines do not work: Operation not supported, cannot set (the ' +
            'driver does not support break, and serialport then sets no line); omit dtr and rts',
        },
      ],
    });
    expect(device.openOptions).toBeUndefined();
  });

  test.skipIf(!hasPty)('say that a port has none (needs python3)', async () => {
    const pty = new Pty();
    onTestFinished(() => pty.end());
    const path = await pty.open();
    const serial = new SerialCommunicator();
    serial.addConnection('arm', { path, baudRate: 9_600 });
    await serial.initialize();
    onTestFinished(() => serial[Symbol.asyncDispose]());
    const none = { code: 'SIGNALS_ERROR', message: `connection "arm" (${path}): this port has no control lines` };
    await expect(serial.setSignals('arm', { dtr: false, rts: true })).rejects.toMatchObject(none);
    await expect(serial.signals('arm')).rejects.toMatchObject(none);
    await serial.shutdown();

    const other = new SerialCommunicator();
    other.addConnection('arm', { path, baudRate: 9_600, dtr: false });
    await expect(other.initialize()).rejects.toMatchObject({
      errors: [{ code: 'SIGNALS_ERROR', message: `${none.message}; omit dtr and rts` }],
    });
  });
});
