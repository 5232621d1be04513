import { SerialPortMock } from 'serialport';
import { describe, expect, test, vi } from 'vitest';
import { SerialCommunicator } from '../../../src/index.js';
import { FaultyLine, MockDevice, mockBinding } from '../../../src/testing/index.js';
import { someTurns } from '../../contract/harness.js';
import { kernelBinding } from '../../support/kernel-port.js';
import { PortRecorder } from '../../support/port-recorder.js';
import { openRaw, readAll } from '../../support/raw-port.js';
import { BYTES, errorOf, expectEquation, openKernel, openMock, PATH } from './rig.js';

describe('stall', () => {
  test('keeps writes pending until resume, while chunks still arrive', async () => {
    const { line, port, device } = await openMock();
    const recorder = new PortRecorder(port);
    port.resume();
    line.stall();
    line.stall();
    const writing = port.write(Buffer.of(1, 2, 3));
    await device.sendRaw(Uint8Array.of(9));
    await recorder.until(() => recorder.chunks.length > 0);
    expect(recorder.bytes).toEqual(Buffer.of(9));
    await someTurns();
    expect(device.writes).toEqual([]);
    line.resume();
    await writing;
    expect(device.writes).toEqual([Buffer.of(1, 2, 3)]);
    expect(line.stats.stalls).toBe(1);
  });

  test('takes effect in the middle of a long write', async () => {
    const { line, port, kernel } = await openKernel();
    const writing = port.write(BYTES);
    kernel.take(100);
    line.stall();
    while (kernel.isWriting) {
      kernel.take(1_000);
      await someTurns(1);
    }
    await someTurns();
    expect(kernel.isWriting).toBe(false);
    expect(kernel.taken.length).toBeLessThan(5_000);
    line.resume();
    while (kernel.taken.length < BYTES.length) {
      kernel.take(1_000);
      await someTurns(1);
    }
    await writing;
    expect(kernel.taken).toEqual(BYTES);
  });

  test('makes sends time out, and a begun frame is finished later', async () => {
    const { binding, ports } = kernelBinding();
    const line = new FaultyLine(binding, { path: PATH });
    await using serial = new SerialCommunicator({ binding: line.binding, shutdownTimeoutMs: 50 });
    serial.addConnection('arm', { path: PATH, baudRate: 9_600, sendTimeoutMs: 100, syncOnOpen: false });
    await serial.initialize();
    const kernel = ports[0]!;
    const begun = errorOf(serial.send('arm', Uint8Array.of(1, 2, 3)));
    const withdrawn = errorOf(serial.send('arm', Uint8Array.of(4)));
    await vi.waitFor(() => expect(kernel.isWriting).toBe(true), { interval: 1 });
    kernel.take(2);
    expect(await begun).toMatchObject({ code: 'SEND_TIMEOUT', message: expect.stringContaining('partly written') });
    expect(await withdrawn).toMatchObject({ code: 'SEND_TIMEOUT', message: expect.stringContaining('nothing of') });
    kernel.take(100);
    const next = serial.send('arm', Uint8Array.of(5));
    await someTurns();
    kernel.take(100);
    await next;
    expect(kernel.taken).toEqual(Buffer.of(4, 1, 2, 3, 0, 2, 5, 0));
    line.stall();
    expect(await errorOf(serial.send('arm', Uint8Array.of(6)))).toMatchObject({ code: 'SEND_TIMEOUT' });
    line.resume();
    await someTurns();
    expect(kernel.isWriting).toBe(false);
  });
});

describe('unplug', () => {
  test('rejects pending and later calls, and reports one hang-up', async () => {
    const { line, port } = await openMock();
    const recorder = new PortRecorder(port);
    line.stall();
    const writing = errorOf(Promise.resolve(port.write(Buffer.of(1))));
    line.unplug();
    line.plug();
    line.unplug();
    const { seed } = line;
    expect(await writing).toMatchObject({
      code: 'ENXIO',
      disconnect: true,
      message: expect.stringContaining(`${PATH} was unplugged (FaultyLine seed ${seed})`),
    });
    for (const call of [
      () => port.write(Buffer.of(1)),
      () => port.set({ dtr: true }),
      () => port.get(),
      () => port.getBaudRate(),
      () => port.update({ baudRate: 300 }),
      () => port.flush(),
      () => port.drain(),
    ]) {
      expect(await errorOf(call)).toMatchObject({ disconnect: true });
    }
    expect(recorder.hangUps).toEqual([await writing]);
    expect(line.stats.unplugs).toBe(2);
    await port.close();
    expect(port.isOpen).toBe(false);
  });

  test('removes the path, and releases the device at once', async () => {
    const { line, device } = await openMock();
    expect(await line.binding.list()).toMatchObject([{ path: PATH, vendorId: '2341' }]);
    line.unplug();
    expect(line.isPlugged).toBe(false);
    expect(await line.binding.list()).toEqual([]);
    const error = await errorOf(openRaw(line.binding, PATH));
    expect(error.message).toBe(`Error: No such file or directory, cannot open ${PATH}`);
    await vi.waitFor(() => expect(device.openOptions).toBeUndefined(), { interval: 1 });
  });

  test('can be followed by plug, under the same path or another', async () => {
    const { line, device } = await openMock();
    line.unplug();
    line.plug();
    const second = await openRaw(line.binding, PATH);
    line.unplug();
    line.plug('/dev/other');
    expect(line.path).toBe('/dev/other');
    expect(await line.binding.list()).toMatchObject([{ path: '/dev/other', vendorId: '2341', interface: 2 }]);
    await errorOf(openRaw(line.binding, PATH));
    const third = await openRaw(line.binding, '/dev/other');
    expect(third.openOptions.path).toBe('/dev/other');
    expect(device.openOptions?.path).toBe(PATH);
    await third.write(Buffer.of(1));
    expect(device.writes).toEqual([Buffer.of(1)]);
    expect(() => line.plug(PATH)).toThrow(
      `FaultyLine: cannot plug in as ${PATH}: plugged in as /dev/other; unplug it first`,
    );
    expect(() => line.plug()).not.toThrow();
    await second.close();
  });

  test('makes a pending open fail', async () => {
    const device = new MockDevice({ path: PATH });
    const line = new FaultyLine(mockBinding(device), { path: PATH });
    const opening = errorOf(openRaw(line.binding, PATH));
    line.unplug();
    expect((await opening).message).toMatch('No such file or directory');
    expect(device.openOptions).toBeUndefined();
  });

  test('of the device itself is reported like an unplug of the line', async () => {
    const { line, port, device } = await openMock();
    const recorder = new PortRecorder(port);
    line.stall();
    const writing = errorOf(Promise.resolve(port.write(Buffer.of(1))));
    device.unplug();
    expect(await writing).toMatchObject({ disconnect: true });
    await someTurns();
    expect(recorder.hangUps).toEqual([await writing]);
    expect(await errorOf(() => port.write(Buffer.of(1)))).toBe(await writing);
  });
});

describe('the binding', () => {
  test('leaves other ports alone, which can have lines of their own', async () => {
    const devices = ['/dev/a', '/dev/b', '/dev/c'].map((path) => new MockDevice({ path }));
    const a = new FaultyLine(mockBinding(...devices), { path: '/dev/a', toDevice: { dropRate: 1 } });
    const b = new FaultyLine(a.binding, { path: '/dev/b' });
    const ports = await Promise.all(devices.map(({ path }) => openRaw(b.binding, path)));
    await Promise.all(ports.map((port) => port.write(Buffer.of(7))));
    expect(devices.map((device) => device.writes)).toEqual([[], [Buffer.of(7)], [Buffer.of(7)]]);
    a.unplug();
    b.unplug();
    expect((await b.binding.list()).map(({ path }) => path)).toEqual(['/dev/c']);
    await Promise.all(ports.map((port) => port.close()));
  });

  test('may wrap a binding whose ports are read', async () => {
    const path = '/dev/faulty-line-test';
    SerialPortMock.binding.createPort(path, { echo: true });
    const line = new FaultyLine(SerialPortMock.binding, {
      path,
      toDevice: { duplicateRate: 1 },
      toHost: { cutRate: 1 },
    });
    const port = await openRaw(line.binding, path);
    await port.write(Buffer.of(1, 2));
    expect(await readAll(port, 4)).toEqual(Buffer.of(1, 1, 2, 2));
    expect(line.stats).toMatchObject({
      toDevice: { bytesIn: 2, duplicatedBytes: 2, bytesOut: 4 },
      toHost: { bytesIn: 4, cuts: 3, bytesOut: 4 },
    });
    await port.close();
    expectEquation(line.stats.toHost);
  });
});
