import { SerialPort, SerialPortMock } from 'serialport';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Binding, directBinding } from '../../src/index.js';
import {
  FaultyLine,
  MockDevice,
  mockBinding,
  SimulatedBoard,
  serialPortBinding,
  simulatedBinding,
} from '../../src/testing/index.js';
import { someTurns } from '../contract/harness.js';
import { type KernelPort, kernelBinding } from '../support/kernel-port.js';
import { Pty } from '../support/pty.js';
import { openRaw, readRaw } from '../support/raw-port.js';
import { has } from '../support/tools.js';
import { fixtureImage } from './fixtures/board.js';

const PATH = '/dev/ttyTEST0';

/** A binding with one port whose device sends every byte back. */
interface EchoRig {
  readonly binding: Binding;
  readonly path?: string;
  /** Absent if the device cannot be unplugged. */
  unplug?(): void | Promise<void>;
}

const RIGS: [string, boolean, () => EchoRig | Promise<EchoRig>][] = [
  [
    'mockBinding',
    true,
    () => {
      const device = new MockDevice({ path: PATH, echo: true });
      return { binding: mockBinding(device), unplug: () => device.unplug() };
    },
  ],
  [
    'simulatedBinding',
    true,
    () => {
      const board = new SimulatedBoard({ path: PATH, image: fixtureImage('echo-interrupt') });
      return { binding: simulatedBinding(board), unplug: () => board.unplug() };
    },
  ],
  [
    'a FaultyLine',
    true,
    () => {
      const line = new FaultyLine(mockBinding(new MockDevice({ path: PATH, echo: true })), { path: PATH });
      return { binding: line.binding, unplug: () => line.unplug() };
    },
  ],
  [
    'directBinding (needs python3, Linux)',
    process.platform === 'linux' && has('python3'),
    async () => {
      const device = new Pty();
      onTestFinished(() => device.end());
      const path = await device.open();
      await device.echo(true);
      return { binding: directBinding, path, unplug: () => device.close() };
    },
  ],
  [
    "serialport's mock binding, whose ports are read already",
    true,
    () => {
      const path = '/dev/serialport-binding-test';
      SerialPortMock.binding.createPort(path, { echo: true });
      return { binding: SerialPortMock.binding, path };
    },
  ],
];

describe('a plain SerialPort', () => {
  for (const [name, canRun, makeRig] of RIGS) {
    test.runIf(canRun)(`works with ${name}`, async () => {
      const { binding, path = PATH, unplug } = await makeRig();
      const options = { binding: serialPortBinding(binding), path, baudRate: 115_200 };
      const port = new SerialPort(options);
      const closed = new Promise<{ disconnected?: boolean } | null>((resolve) => port.once('close', resolve));
      const sent = Buffer.from([2, 7, 0]);
      let received = Buffer.alloc(0);
      const echoed = new Promise<void>((resolve) => {
        port.on('data', (chunk: Buffer) => {
          received = Buffer.concat([received, chunk]);
          if (received.length >= sent.length) resolve();
        });
      });
      port.write(sent);
      await echoed;
      expect(received).toEqual(sent);
      if (unplug === undefined) {
        port.close();
        expect(await closed).toBeNull();
      } else {
        await unplug();
        expect(await closed).toMatchObject({ disconnected: true });
      }
    });
  }
});

describe('open', () => {
  const BINDINGS: [string, () => Binding][] = [
    ['mockBinding', () => mockBinding(new MockDevice({ path: PATH }))],
    ['simulatedBinding', () => simulatedBinding(new SimulatedBoard({ path: PATH, image: new Uint8Array(2) }))],
    ['FaultyLine', () => new FaultyLine(mockBinding(new MockDevice({ path: PATH })), { path: PATH }).binding],
    ['directBinding', () => directBinding],
  ];

  test.each(BINDINGS)('of %s rejects wrong options with the errors of serialport', async (_name, make) => {
    const openWith = (binding: Binding, options: unknown) =>
      serialPortBinding(binding)
        .open(options as never)
        .catch((error) => error);
    for (const options of [
      undefined,
      null,
      'text',
      [],
      {},
      { path: '' },
      { path: undefined, baudRate: 9_600 },
      { path: PATH },
      { path: PATH, baudRate: 0 },
      { path: '/dev/other' },
    ]) {
      const expected = await openWith(SerialPort.binding, options);
      expect(expected).toBeInstanceOf(TypeError);
      const error = await openWith(make(), options);
      expect([error.constructor, error.message]).toEqual([TypeError, expected.message]);
    }
  });
});

describe('a port that is read', () => {
  async function openKernel() {
    const { binding, ports } = kernelBinding();
    const port = await openRaw(binding, PATH);
    return { port, kernel: ports[0] as KernelPort };
  }

  test('returns the received bytes, at most as many as asked for', async () => {
    const { port, kernel } = await openKernel();
    const buffer = Buffer.alloc(6, 0xee);
    const reading = port.read(buffer, 1, 3);
    kernel.give(Buffer.of(1, 2, 3, 4, 5));
    expect(await reading).toEqual({ buffer, bytesRead: 3 });
    expect(buffer).toEqual(Buffer.of(0xee, 1, 2, 3, 0xee, 0xee));
    expect(await readRaw(port)).toEqual(Buffer.of(4, 5));
  });

  test('asks for a chunk only when a read needs one', async () => {
    const { port, kernel } = await openKernel();
    kernel.give(Buffer.of(1, 2));
    await someTurns();
    expect(kernel.unreadBytes).toBe(2);
    expect(await readRaw(port, 1)).toEqual(Buffer.of(1));
    kernel.give(Buffer.of(3));
    expect(await readRaw(port)).toEqual(Buffer.of(2));
    expect(kernel.unreadBytes).toBe(1);
    expect(await readRaw(port)).toEqual(Buffer.of(3));
  });

  test('rejects a pending read as canceled when it is closed, and every later call', async () => {
    const { port } = await openKernel();
    const reading = expect(readRaw(port)).rejects.toMatchObject({ canceled: true });
    await port.close();
    await reading;
    await expect(readRaw(port)).rejects.toThrow('Port is not open');
    await expect(port.write(Buffer.of(1))).rejects.toThrow('Port is not open');
    await expect(port.close()).rejects.toThrow('Port is not open');
  });

  test('rejects a pending read and later ones with disconnect when the device is gone', async () => {
    const { port, kernel } = await openKernel();
    const reading = expect(readRaw(port)).rejects.toMatchObject({ disconnect: true });
    kernel.hangUp();
    await reading;
    await expect(readRaw(port)).rejects.toMatchObject({ disconnect: true });
    expect(port.isOpen).toBe(true);
    await port.close();
  });

  test('returns bytes received before the device was gone', async () => {
    const { port, kernel } = await openKernel();
    kernel.give(Buffer.of(1, 2));
    expect(await readRaw(port, 1)).toEqual(Buffer.of(1));
    kernel.hangUp();
    await someTurns(1);
    expect(await readRaw(port)).toEqual(Buffer.of(2));
    await expect(readRaw(port)).rejects.toMatchObject({ disconnect: true });
  });

  test('discards unread bytes on flush', async () => {
    const { port, kernel } = await openKernel();
    kernel.give(Buffer.of(1, 2));
    expect(await readRaw(port, 1)).toEqual(Buffer.of(1));
    await port.flush();
    kernel.give(Buffer.of(3));
    expect(await readRaw(port)).toEqual(Buffer.of(3));
  });

  test('accepts one read and one write at a time', async () => {
    const { port, kernel } = await openKernel();
    const reading = readRaw(port);
    const writing = port.write(Buffer.of(1));
    await expect(readRaw(port)).rejects.toThrow('a read is already pending');
    await expect(port.write(Buffer.of(2))).rejects.toThrow('a write is already pending');
    kernel.give(Buffer.of(5));
    kernel.take(1);
    await writing;
    expect(await reading).toEqual(Buffer.of(5));
  });

  test('passes on control lines, settings and drain', async () => {
    const { port, kernel } = await openKernel();
    const set = vi.spyOn(kernel, 'set');
    const update = vi.spyOn(kernel, 'update');
    const drain = vi.spyOn(kernel, 'drain');
    await port.set({ dtr: false });
    await port.update({ baudRate: 300 });
    await port.drain();
    expect(set).toHaveBeenCalledWith({ dtr: false });
    expect(update).toHaveBeenCalledWith({ baudRate: 300 });
    expect(drain).toHaveBeenCalledOnce();
    expect(await port.get()).toEqual({ cts: true, dsr: true, dcd: true });
    expect(await port.getBaudRate()).toEqual({ baudRate: 9_600 });
    expect(port.openOptions).toMatchObject({ path: PATH, baudRate: 9_600 });
  });

  test.each([
    ['"buffer" is not a Buffer', new Uint8Array(1), 0, 1],
    ['"offset" is not a valid integer, got -1', Buffer.alloc(1), -1, 1],
    ['"length" is not a positive integer, got 0', Buffer.alloc(1), 0, 0],
    ['"buffer" is not a Buffer', undefined, 0, 5],
    ['buffer is too small', Buffer.alloc(5), 0, 100],
  ])('rejects a read whose %s, and stays usable', async (message, buffer, offset, length) => {
    const { port, kernel } = await openKernel();
    const error = await port.read(buffer as Buffer, offset, length).catch((error) => error);
    expect(error).toBeInstanceOf(message === 'buffer is too small' ? RangeError : TypeError);
    expect(error.message).toBe(message);
    kernel.give(Buffer.of(1));
    expect(await readRaw(port)).toEqual(Buffer.of(1));
  });

  test('rejects other invalid arguments', async () => {
    const { port } = await openKernel();
    await expect(port.write('a' as unknown as Buffer)).rejects.toThrow('"buffer" is not a Buffer');
    await expect(port.update({ baudRate: 0 })).rejects.toThrow('"options.baudRate" is not a positive number');
    await expect(port.set(undefined as never)).rejects.toThrow('"options" is not an object');
  });
});
