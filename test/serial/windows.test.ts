import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type Binding,
  type InitializeError,
  type PortOpenOptions,
  SerialCommunicator,
  type SerialConnection,
} from '../../src/index.js';
import { bindingFor } from '../../src/serial/default-binding.js';
import { KernelPort } from '../support/kernel-port.js';

/** Stands in for what `serialport` does on Windows. */
function windows(open?: (path: string) => string | undefined) {
  const opened: PortOpenOptions[] = [];
  const lines: unknown[] = [];
  class WindowsPort extends KernelPort {
    override async set(settings?: object) {
      lines.push(settings);
    }
  }
  const serialport: Binding = {
    list: async () => [],
    async open(options) {
      const failure = open?.(options.path);
      if (failure !== undefined) {
        throw new Error(`Opening ${options.path}: ${failure}`);
      }
      opened.push(options);
      return new WindowsPort(options);
    },
  };
  return { binding: bindingFor('win32', async () => serialport), opened, lines };
}

async function connect(binding: Binding, settings: Partial<SerialConnection> = {}) {
  const serial = new SerialCommunicator({ binding });
  serial.addConnection('arm', { path: 'COM3', baudRate: 115_200, ...settings } as SerialConnection);
  serial.setReceiveHandler(() => {});
  onTestFinished(() => serial[Symbol.asyncDispose]());
  await serial.initialize();
  return serial;
}

describe('ports of Windows', () => {
  test.each([
    ['with DTR on', {}, true],
    ['with DTR on when hupcl is false, so that boards that wait for DTR send', { hupcl: false }, true],
    ['with DTR off when dtr is false, so that opening resets no board', { dtr: false }, false],
  ])('open %s', async (_, settings, dtr) => {
    const { binding, opened } = windows();
    await connect(binding, settings);
    // `serialport` sets DTR to hupcl.
    expect(opened).toMatchObject([{ path: 'COM3', hupcl: dtr }]);
  });

  test('keep RTS off when only DTR is set: RTS without DTR holds an ESP32 in reset', async () => {
    const { binding, lines } = windows();
    const serial = await connect(binding, { dtr: false });
    await serial.setSignals('arm', { dtr: true });
    await serial.setSignals('arm', { rts: true });
    expect(lines).toEqual([
      { dtr: false, rts: false, brk: false },
      { dtr: true, rts: false, brk: false },
      { dtr: true, rts: true, brk: false },
    ]);
  });

  test('are found under the names that start with \\\\.\\', async () => {
    const { binding, opened } = windows();
    await connect(binding, { path: '\\\\.\\COM10' });
    expect(opened).toMatchObject([{ path: 'COM10' }]);
  });

  test('need other options than those of other systems', async () => {
    const { binding, opened } = windows();
    const macOs = bindingFor('darwin', async () => ({ list: binding.list, open: binding.open }));
    await connect(macOs, { dtr: false });
    expect(opened).toMatchObject([{ hupcl: true }]);
  });
});

describe('errors of Windows', () => {
  test.each([
    [2, 'File not found', 'PORT_NOT_FOUND'],
    [3, 'Unknown error code 3', 'PORT_NOT_FOUND'],
    [123, 'Unknown error code 123', 'PORT_NOT_FOUND'],
    [1167, 'Unknown error code 1167', 'PORT_NOT_FOUND'],
    [5, 'Access denied', 'PORT_BUSY'],
    [32, 'Unknown error code 32', 'PORT_BUSY'],
    [31, 'Unknown error code 31', 'PORT_OPEN_FAILED'],
    [30, 'Unknown error code 30', 'PORT_OPEN_FAILED'],
  ])('%i gets the code that it has on other systems', async (_, text, code) => {
    const { binding } = windows(() => text);
    const error: InitializeError = await connect(binding).catch((reason) => reason);
    expect(error.errors).toMatchObject([{ code }]);
  });
});
