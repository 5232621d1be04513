import { SerialPort } from 'serialport';
import { describe, expect, test } from 'vitest';
import { SerialCommunicator } from '../../../src/index.js';
import { MockDevice, mockBinding, serialPortBinding } from '../../../src/testing/index.js';
import { outcome, someTurns } from '../../contract/harness.js';
import { openRaw, readRaw } from '../../support/raw-port.js';

const path = '/dev/ttyMOCK0';
const other = '/dev/ttyMOCK1';
const bytes = (...values: number[]) => Uint8Array.from(values);

/** Expects a rejection as from a port whose USB device was unplugged. */
async function expectLost(promise: Promise<unknown>): Promise<void> {
  const result = await outcome(promise);
  expect(result).toMatchObject({ error: { disconnect: true } });
  expect((result as { error: { canceled?: boolean } }).error.canceled ?? false).toBe(false);
}

describe('list', () => {
  test('shows the identity of each device', async () => {
    const arm = new MockDevice({
      path,
      manufacturer: 'Arduino (www.arduino.cc)',
      vendorId: '2341',
      productId: '0043',
      serialNumber: '7583530',
      locationId: '1-2.3',
      interface: 2,
      interfaceName: 'CDC2',
      portNumber: 0,
    });
    const leg = new MockDevice({ path: other });
    expect(await mockBinding(arm, leg).list()).toEqual([
      {
        path,
        manufacturer: 'Arduino (www.arduino.cc)',
        vendorId: '2341',
        productId: '0043',
        serialNumber: '7583530',
        pnpId: undefined,
        locationId: '1-2.3',
        interface: 2,
        interfaceName: 'CDC2',
        portNumber: 0,
      },
      expect.objectContaining({ path: other, vendorId: undefined }),
    ]);
    expect(await mockBinding().list()).toEqual([]);
  });
});

describe('open', () => {
  test('fails if the port does not exist, and names it', async () => {
    const binding = mockBinding(new MockDevice({ path }));
    await expect(openRaw(binding, other)).rejects.toThrow(/No such file or directory, cannot open \/dev\/ttyMOCK1/);
  });

  test('fails while the port is open or opened by another call, and succeeds when it is closed', async () => {
    const binding = mockBinding(new MockDevice({ path }));
    const both = await Promise.allSettled([openRaw(binding, path), openRaw(binding, path)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find((result) => result.status === 'rejected')?.reason.message).toMatch(/Cannot lock port/);
    await expect(binding.open({ path, baudRate: 9_600, lock: false })).rejects.toThrow(/Cannot lock port/);
    const port = both.find((result) => result.status === 'fulfilled')!.value;
    await port.close();
    expect((await openRaw(binding, path)).isOpen).toBe(true);
  });

  test('fails without a baud rate, like the binding of serialport', async () => {
    const binding = mockBinding(new MockDevice({ path }));
    await expect(binding.open({ path } as Parameters<typeof binding.open>[0])).rejects.toThrow(TypeError);
    expect((await openRaw(binding, path)).isOpen).toBe(true);
  });

  test('fails with the codes of a real port', async () => {
    const device = new MockDevice({ path });
    const binding = mockBinding(device);
    const port = await openRaw(binding, path);
    const communicator = new SerialCommunicator({ binding });
    communicator.addConnection('busy', { path, baudRate: 9_600 });
    communicator.addConnection('absent', { path: other, baudRate: 9_600 });
    await expect(communicator.initialize()).rejects.toMatchObject({
      errors: [
        { code: 'PORT_BUSY', connection: 'busy' },
        { code: 'PORT_NOT_FOUND', connection: 'absent' },
      ],
    });
    await port.close();
  });
});

describe('bindings in one process', () => {
  test('reject two devices with the same path', () => {
    expect(() => mockBinding(new MockDevice({ path }), new MockDevice({ path }))).toThrow(
      `two devices have the path "${path}"`,
    );
  });

  test('share nothing, even if the paths are the same', async () => {
    const devices = [new MockDevice({ path }), new MockDevice({ path })];
    const ports = await Promise.all(devices.map((device) => openRaw(mockBinding(device), path)));
    await ports[0]!.write(Buffer.of(2, 1, 0));
    await devices[1]!.sendRaw(bytes(7));
    expect(devices.map((device) => device.received)).toEqual([[bytes(1)], []]);
    expect(await readRaw(ports[1]!)).toEqual(Buffer.of(7));
    await ports[0]!.close();
    expect(ports.map((port) => port.isOpen)).toEqual([false, true]);
  });

  test('share a device that both were given', async () => {
    const device = new MockDevice({ path });
    const port = await openRaw(mockBinding(device), path);
    await expect(openRaw(mockBinding(device), path)).rejects.toThrow(/Cannot lock port/);
    await port.close();
    expect((await openRaw(mockBinding(device), path)).isOpen).toBe(true);
  });
});

describe('a port', () => {
  test('rejects a pending read as canceled when it is closed, even if bytes have just arrived', async () => {
    for (const haveArrived of [false, true]) {
      const device = new MockDevice({ path });
      const port = await openRaw(mockBinding(device), path);
      const rejected = expect(readRaw(port)).rejects.toMatchObject({ canceled: true });
      await someTurns(1);
      if (haveArrived) {
        await device.sendRaw(bytes(1));
      }
      await port.close();
      await rejected;
      expect(port.isOpen).toBe(false);
    }
  });

  test('rejects every call after it was closed', async () => {
    const port = await openRaw(mockBinding(new MockDevice({ path })), path);
    await port.close();
    for (const call of [
      () => port.close(),
      () => readRaw(port),
      () => port.write(Buffer.of(1)),
      () => port.set({ dtr: true }),
      () => port.get(),
      () => port.getBaudRate(),
      () => port.update({ baudRate: 1_200 }),
      () => port.flush(),
      () => port.drain(),
    ]) {
      await expect(call()).rejects.toThrow('Port is not open');
    }
  });

  test('rejects overlapping writes', async () => {
    const device = new MockDevice({ path });
    const port = await openRaw(mockBinding(device), path);
    device.stall();
    const first = port.write(Buffer.of(2, 1, 0));
    await expect(port.write(Buffer.of(2, 2, 0))).rejects.toThrow('a write is already pending');
    device.resume();
    await first;
    await port.write(Buffer.of(2, 3, 0));
    expect(device.received).toEqual([bytes(1), bytes(3)]);
  });

  test('has a baud rate and control lines', async () => {
    const port = await openRaw(mockBinding(new MockDevice({ path })), path);
    expect(await port.getBaudRate()).toEqual({ baudRate: 9_600 });
    await port.update({ baudRate: 1_200 });
    expect(await port.getBaudRate()).toEqual({ baudRate: 1_200 });
    expect(await port.get()).toEqual({ cts: true, dsr: false, dcd: false });
    expect(port.openOptions).toMatchObject({ path, baudRate: 9_600, lock: true });
  });

  test('works under a plain SerialPort', async () => {
    const device = new MockDevice({ path, echo: true });
    const options = { binding: serialPortBinding(mockBinding(device)), path, baudRate: 9_600 };
    const stream = new SerialPort(options);
    const echoed = new Promise<Buffer>((resolve) => stream.once('data', resolve));
    stream.write(Buffer.of(2, 7, 0));
    expect(await echoed).toEqual(Buffer.of(2, 7, 0));
    const gone = new Promise<Error & { disconnected?: boolean }>((resolve) => stream.once('close', resolve));
    device.unplug();
    expect((await gone).disconnected).toBe(true);
  });
});

describe('unplug and plug', () => {
  test('reject pending reads and writes, and every later call', async () => {
    const device = new MockDevice({ path });
    const port = await openRaw(mockBinding(device), path);
    device.stall();
    const pending = [expectLost(readRaw(port)), expectLost(port.write(Buffer.of(2, 1, 0)))];
    await someTurns(1);
    device.unplug();
    await Promise.all(pending);
    for (const call of [
      () => readRaw(port),
      () => port.write(Buffer.of(1)),
      () => port.set({ dtr: true }),
      () => port.get(),
      () => port.getBaudRate(),
      () => port.update({ baudRate: 1_200 }),
      () => port.flush(),
      () => port.drain(),
    ]) {
      await expectLost(call());
    }
    expect(port.isOpen).toBe(true);
    await port.close();
    expect(port.isOpen).toBe(false);
    device.resume();
    await someTurns();
    expect(device.received).toEqual([]);
  });

  test('discard a pending write: nothing of it arrives', async () => {
    const device = new MockDevice({ path });
    const port = await openRaw(mockBinding(device), path);
    device.stall();
    const lost = expectLost(port.write(Buffer.of(2, 1, 0)));
    device.unplug();
    await lost;
    device.resume();
    device.plug();
    await someTurns();
    expect(device.received).toEqual([]);
  });

  test('remove the port from the list, and add it again', async () => {
    const device = new MockDevice({ path });
    const binding = mockBinding(device);
    device.unplug();
    device.unplug();
    expect(device.isPlugged).toBe(false);
    expect(await binding.list()).toEqual([]);
    await expect(openRaw(binding, path)).rejects.toThrow(/No such file or directory/);
    device.plug();
    device.plug();
    expect(device.isPlugged).toBe(true);
    expect(await binding.list()).toHaveLength(1);
    expect((await openRaw(binding, path)).isOpen).toBe(true);
  });

  test('make a pending open fail as for a port that does not exist', async () => {
    const device = new MockDevice({ path });
    const opening = openRaw(mockBinding(device), path);
    device.unplug();
    await expect(opening).rejects.toThrow(/No such file or directory/);
  });

  test('allow a new port before the lost one is closed, and closing that one does not disturb it', async () => {
    const device = new MockDevice({ path });
    const binding = mockBinding(device);
    const lost = await openRaw(binding, path);
    await device.sendRaw(bytes(1, 2, 3));
    device.unplug();
    device.plug();
    const port = await openRaw(binding, path);
    await device.sendRaw(bytes(7));
    await lost.close();
    expect(await readRaw(port)).toEqual(Buffer.of(7));
    await port.write(Buffer.of(2, 1, 0));
    expect(device.received).toEqual([bytes(1)]);
    expect(device.discardedBytes).toBe(3);
  });

  test('reject pending sends of the device', async () => {
    const device = new MockDevice({ path });
    await openRaw(mockBinding(device), path);
    await device.sendRaw(new Uint8Array(4_096));
    const waiting = expect(device.sendRaw(bytes(1))).rejects.toThrow('cannot send, it was unplugged');
    device.unplug();
    await waiting;
    expect(device.discardedBytes).toBe(4_097);
    await expect(device.sendRaw(bytes(1))).rejects.toThrow('its port is not open');
  });

  test('make a communicator report it once, and its sends reject', async () => {
    const device = new MockDevice({ path });
    await using communicator = new SerialCommunicator({ binding: mockBinding(device) });
    communicator.addConnection('a', { path, baudRate: 9_600 });
    await communicator.initialize();
    const events: unknown[] = [];
    const reported = new Promise<void>((resolve) => {
      communicator.on('disconnected', (event) => {
        events.push(event);
        resolve();
      });
    });
    device.stall();
    const sending = communicator.send('a', bytes(1));
    const lost = expect(sending).rejects.toMatchObject({ code: 'CONNECTION_LOST', connection: 'a' });
    device.unplug();
    await Promise.all([reported, lost]);
    await expect(communicator.send('a', bytes(1))).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await someTurns();
    expect(events).toMatchObject([{ name: 'a', error: { code: 'CONNECTION_LOST' } }]);
  });
});
