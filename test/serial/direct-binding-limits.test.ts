import { EventEmitter } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { SerialPort } from 'serialport';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { directBinding, SerialCommunicator } from '../../src/index.js';
import { descriptorsOf, errorOf, needsPty, openPort, sleep, turns } from '../support/direct-ports.js';
import { Pty } from '../support/pty.js';

describe.skipIf(needsPty)('a busy handler on a pty (needs python3, Linux)', () => {
  /** Starts a communicator whose handler is busy with the first packet until it is released. */
  async function startBusy() {
    const device = new Pty();
    const serial = new SerialCommunicator({ defaults: { reconnect: false }, shutdownTimeoutMs: 400 });
    onTestFinished(async () => {
      await serial[Symbol.asyncDispose]();
      device.end();
    });
    serial.addConnection('arm', { path: await device.open(), baudRate: 115_200 });
    const handled: number[] = [];
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const isBusy = new Promise<void>((resolve) =>
      serial.setReceiveHandler((_, packet) => {
        handled.push(packet[0]!);
        resolve();
        return released;
      }),
    );
    await serial.initialize();
    await device.write(Buffer.of(2, 1, 0));
    await isBusy;
    return { device, serial, handled, release };
  }

  test('gets the packets received meanwhile in order, after few were read ahead', async () => {
    const { device, serial, handled, release } = await startBusy();
    for (let value = 2; value <= 100; value++) {
      await device.write(Buffer.of(2, value, 0));
    }
    expect(handled).toEqual([1]);
    expect(serial.stats('arm').bytesRead).toBeLessThan(300);
    release();
    await vi.waitFor(() => expect(handled).toHaveLength(100));
    expect(handled).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  });

  test('gets what was read before a hang-up; the kernel drops the rest', async () => {
    const { device, serial, handled, release } = await startBusy();
    const lost = new Promise((resolve) => serial.on('disconnected', resolve));
    await device.write(Buffer.of(2, 2, 0, 2, 3, 0, 2));
    // A chunk that was read ahead is not in the stats yet.
    await device.isRead();
    await device.write(Buffer.of(4, 0, 2, 5, 0));
    await device.close();
    await lost;
    expect(handled).toEqual([1]);
    release();
    await vi.waitFor(() => expect(handled).toEqual([1, 2, 3]));
    await turns(2);
    const stats = serial.stats('arm');
    expect(stats).toMatchObject({ packetsReceived: 3, packetsDelivered: 3, bytesRead: 10, unfinishedBytes: 1 });
  });

  test.each(['no', 'a stalled'])(
    'gets nothing after a shutdown with %s write; what was read is counted',
    async (how) => {
      const { device, serial, handled, release } = await startBusy();
      await device.write(Buffer.of(2, 2, 0, 2, 3, 0));
      await device.isRead();
      const sent = how === 'no' ? undefined : errorOf(serial.send('arm', new Uint8Array(60_000)));
      await serial.shutdown();
      if (sent !== undefined) {
        expect(await sent).toMatchObject({ code: 'SHUTDOWN_TIMEOUT' });
      }
      release();
      await turns(2);
      expect(handled).toEqual([1]);
      expect(serial.stats('arm')).toMatchObject({
        packetsReceived: 3,
        packetsDelivered: 1,
        packetsDropped: 2,
        bytesRead: 9,
      });
    },
  );
});

test.skipIf(needsPty)(
  'does not open a port that opens slowly a second time on the thread of the event loop (needs python3, Linux)',
  async () => {
    const device = new Pty();
    const portPath = await device.open();
    const nativeOpen = SerialPort.binding.open.bind(SerialPort.binding);
    const nativeOpenSpy = vi.spyOn(SerialPort.binding, 'open');
    onTestFinished(() => {
      nativeOpenSpy.mockRestore();
      device.end();
    });
    const descriptorsIfOpenedIn = async (openingMs: number) => {
      const slowly = async (options: never) => {
        await sleep(openingMs);
        return nativeOpen(options);
      };
      nativeOpenSpy.mockImplementation(slowly as never);
      const port = await openPort(directBinding, portPath);
      const descriptors = descriptorsOf(realpathSync(portPath));
      await port.close();
      return descriptors;
    };
    expect(await descriptorsIfOpenedIn(0)).toBe(2);
    expect(await descriptorsIfOpenedIn(300)).toBe(1);
  },
);

test.skipIf(process.platform !== 'linux')('fails to open a port in a worker thread', async () => {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData).then(async ({ SerialCommunicator }) => {
      const serial = new SerialCommunicator();
      serial.addConnection('arm', { path: '/dev/null', baudRate: 9600 });
      await serial.initialize().catch((error) => parentPort.postMessage([error.errors[0].code, error.message]));
    });`;
  const worker = new Worker(code, { eval: true, workerData: new URL('../../dist/index.js', import.meta.url).href });
  const [errorCode, message] = await new Promise<[string, string]>((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
  });
  expect(errorCode).toBe('WORKER_UNSUPPORTED');
  expect(message).toContain('main thread');
  await worker.terminate();
});

test.skipIf(process.platform !== 'linux')(
  'closes a port that cannot be read, and leaves no descriptor open',
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'not-a-tty-'));
    const file = path.join(folder, 'file');
    const fd = openSync(file, 'w+');
    const poller = Object.assign(new EventEmitter(), { poll: vi.fn() });
    const close = vi.fn(async () => {
      // As the native poller does when its port is closed.
      for (const event of ['readable', 'writable', 'disconnect']) {
        poller.emit(event, new Error('Canceled'));
      }
      closeSync(fd);
    });
    const nativeOpen = vi.spyOn(SerialPort.binding, 'open').mockResolvedValue({ fd, poller, close } as never);
    onTestFinished(() => {
      nativeOpen.mockRestore();
      rmSync(folder, { recursive: true });
    });
    await expect(openPort(directBinding, file)).rejects.toThrow();
    expect(close).toHaveBeenCalledTimes(1);
    expect(poller.poll).not.toHaveBeenCalled();
    expect(descriptorsOf(file)).toBe(0);
  },
);

test.skipIf(needsPty)(
  'does not use the poller again after a hang-up listener has closed the port (needs python3, Linux)',
  async () => {
    // Closing frees the memory of a native poller. A later call of it crashes the process now and then.
    const poller = Object.assign(new EventEmitter(), { poll: vi.fn() });
    const close = vi.fn(async () => {});
    const device = new Pty();
    const fd = openSync(await device.open(), constants.O_RDWR | constants.O_NOCTTY);
    const nativeOpen = vi.spyOn(SerialPort.binding, 'open').mockResolvedValue({ fd, poller, close } as never);
    onTestFinished(() => {
      nativeOpen.mockRestore();
      closeSync(fd);
      device.end();
    });
    const port = await openPort(directBinding, '/dev/ttyUSB0');
    const closing = new Promise<void>((resolve) => {
      port.start({ received: () => true, writeProgressed() {}, hungUp: () => resolve(port.close()) });
    });
    const polls = poller.poll.mock.calls.length;
    // The kernel takes a pty down in two steps. Between them, the poller reports a disconnect without an error.
    poller.emit('disconnect', null);
    await closing;
    expect(close).toHaveBeenCalledTimes(1);
    // Only the call that ended all polling, before the port was closed.
    expect(poller.poll.mock.calls.slice(polls)).toEqual([[0]]);
  },
);
