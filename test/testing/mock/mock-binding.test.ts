import { SerialPortMock } from 'serialport';
import { describe, expect, test } from 'vitest';
import { SerialCommunicator } from '../../../src/index.js';
import { mockBinding } from '../../../src/testing/mock/mock-binding.js';
import { MockDevice } from '../../../src/testing/mock/mock-device.js';
import { outcome, someTurns } from '../../contract/harness.js';
import { openRaw, readRaw } from '../../support/raw-port.js';

const path = '/dev/ttyMOCK0';
const other = '/dev/ttyMOCK1';
const bytes = (...values: number[]) => Uint8Array.from(values);

/** Lost, and not canceled: as the binding of a USB device that was pulled. */
async function expectLost(promise: Promise<unknown>): Promise<void> {
  const result = await outcome(promise);
  expect(result).toMatchObject({ error: { disconnect: true } });
  expect((result as { error: { canceled?: boolean } }).error.canceled ?? false).toBe(false);
}

describe('list', () => {
  test('shows what the devices say of themselves', async () => {
    const arm = new MockDevice({
      path,
      manufacturer: 'Arduino (www.arduino.cc)',
      vendorId: '2341',
      productId: '0043',
      serialNumber: '7583530',
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
        locationId: undefined,
      },
      expect.objectContaining({ path: other, vendorId: undefined }),
    ]);
    expect(await mockBinding().list()).toEqual([]);
  });
});

describe('open', () => {
  test('fails where there is no such port, and names it', async () => {
    const binding = mockBinding(new MockDevice({ path }));
    await expect(openRaw(binding, other)).rejects.toThrow(/No such file or directory, cannot open \/dev\/ttyMOCK1/);
  });

  test('fails while the port is open, also for two at once, and succeeds when it is closed', async () => {
    const binding = mockBinding(new MockDevice({ path }));
    const both = await Promise.allSettled([openRaw(binding, path), openRaw(binding, path)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find((result) => result.status === 'rejected')?.reason.message).toMatch(/Cannot lock port/);
    await expect(binding.open({ path, baudRate: 9_600, lock: false })).rejects.toThrow(/Cannot lock port/);
    const port = both.find((result) => result.status === 'fulfilled')!.value;
    await port.close();
    expect((await openRaw(binding, path)).isOpen).toBe(true);
  });

  test('fails without a baud rate, as the binding of serialport does', async () => {
    const binding = mockBinding(new MockDevice({ path }));
    await expect(binding.open({ path } as Parameters<typeof binding.open>[0])).rejects.toThrow(TypeError);
    expect((await openRaw(binding, path)).isOpen).toBe(true);
  });

  test('gives codes that an application can act on', async () => {
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
  test('refuse two devices with the same path', () => {
    expect(() => mockBinding(new MockDevice({ path }), new MockDevice({ path }))).toThrow(
      'two devices have the same path',
    );
  });

  test('do not meet, even where the paths are the same', async () => {
    const devices = [new MockDevice({ path }), new MockDevice({ path })];
    const ports = await Promise.all(devices.map((device) => openRaw(mockBinding(device), path)));
    await ports[0]!.write(Buffer.of(2, 1, 0));
    await devices[1]!.sendRaw(bytes(7));
    expect(devices.map((device) => device.received)).toEqual([[bytes(1)], []]);
    expect(await readRaw(ports[1]!)).toEqual(Buffer.of(7));
    await ports[0]!.close();
    expect(ports.map((port) => port.isOpen)).toEqual([false, true]);
  });

  test('leave the mock ports of others alone', async () => {
    SerialPortMock.binding.createPort(path, { echo: true });
    const device = new MockDevice({ path });
    const [theirs, ours] = await Promise.all([
      SerialPortMock.binding.open({ path, baudRate: 9_600 }),
      openRaw(mockBinding(device), path),
    ]);
    await theirs.write(Buffer.of(5));
    expect(await readRaw(theirs)).toEqual(Buffer.of(5));
    expect(device.writes).toEqual([]);
    await Promise.all([theirs.close(), ours.close()]);
  });

  test('see the same device where they are given the same', async () => {
    const device = new MockDevice({ path });
    const port = await openRaw(mockBinding(device), path);
    await expect(openRaw(mockBinding(device), path)).rejects.toThrow(/Cannot lock port/);
    await port.close();
    expect((await openRaw(mockBinding(device), path)).isOpen).toBe(true);
  });
});

describe('a port', () => {
  test('closed: a pending read rejects as canceled, also when bytes have just come', async () => {
    for (const justCome of [false, true]) {
      const device = new MockDevice({ path });
      const port = await openRaw(mockBinding(device), path);
      const rejected = expect(readRaw(port)).rejects.toMatchObject({ canceled: true });
      await someTurns(1);
      if (justCome) {
        await device.sendRaw(bytes(1));
      }
      await port.close();
      await rejected;
      expect(port.isOpen).toBe(false);
    }
  });

  test('closed: every call rejects', async () => {
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

  test('refuses overlapping writes', async () => {
    const device = new MockDevice({ path });
    const port = await openRaw(mockBinding(device), path);
    const first = port.write(Buffer.of(2, 1, 0));
    await expect(port.write(Buffer.of(2, 2, 0))).rejects.toThrow('Overlapping writes');
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

  test('serves the streams of serialport', async () => {
    const device = new MockDevice({ path, echo: true });
    const options = { binding: mockBinding(device), path, baudRate: 9_600 };
    const stream = new SerialPortMock(options as ConstructorParameters<typeof SerialPortMock>[0]);
    const echoed = new Promise<Buffer>((resolve) => stream.once('data', resolve));
    stream.write(Buffer.of(2, 7, 0));
    expect(await echoed).toEqual(Buffer.of(2, 7, 0));
    const gone = new Promise<Error & { disconnected?: boolean }>((resolve) => stream.once('close', resolve));
    device.unplug();
    expect((await gone).disconnected).toBe(true);
  });
});

describe('unplug and plug', () => {
  test('pending reads and writes are lost, and every call after them', async () => {
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

  test('a write that has begun is lost, and nothing of it arrives', async () => {
    const device = new MockDevice({ path });
    const port = await openRaw(mockBinding(device), path);
    const lost = expectLost(port.write(Buffer.of(2, 1, 0)));
    device.unplug();
    await lost;
    await someTurns();
    expect(device.received).toEqual([]);
  });

  test('the port is not in the list, cannot be opened, and is back when plugged in', async () => {
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

  test('unplugged while it is being opened: there is no such port', async () => {
    const device = new MockDevice({ path });
    const opening = openRaw(mockBinding(device), path);
    device.unplug();
    await expect(opening).rejects.toThrow(/No such file or directory/);
  });

  test('a new port works while the lost one is not closed yet, and is not disturbed by its closing', async () => {
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

  test('sends of the device that wait reject', async () => {
    const device = new MockDevice({ path });
    await openRaw(mockBinding(device), path);
    await device.sendRaw(new Uint8Array(4_096));
    const waiting = expect(device.sendRaw(bytes(1))).rejects.toThrow('cannot send, it was unplugged');
    device.unplug();
    await waiting;
    expect(device.discardedBytes).toBe(4_097);
    await expect(device.sendRaw(bytes(1))).rejects.toThrow('its port is not open');
  });

  test('a communicator tells it once, and its sends reject', async () => {
    const device = new MockDevice({ path });
    await using communicator = new SerialCommunicator({ binding: mockBinding(device) });
    communicator.addConnection('a', { path, baudRate: 9_600 });
    await communicator.initialize();
    const events: unknown[] = [];
    const told = new Promise<void>((resolve) => {
      communicator.on('disconnected', (event) => {
        events.push(event);
        resolve();
      });
    });
    device.stall();
    const sending = communicator.send('a', bytes(1));
    const lost = expect(sending).rejects.toMatchObject({ code: 'CONNECTION_LOST', connection: 'a' });
    device.unplug();
    await Promise.all([told, lost]);
    await expect(communicator.send('a', bytes(1))).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await someTurns();
    expect(events).toMatchObject([{ name: 'a', error: { code: 'CONNECTION_LOST' } }]);
  });
});
