import { execFileSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { SerialPort } from 'serialport';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Binding, directBinding, SerialCommunicator } from '../../src/index.js';
import type { WatchfulPort } from '../../src/serial/binding.js';
import type { ReadPort } from '../../src/serial/port.js';
import { asPort } from '../../src/serial/read-port-adapter.js';
import { polledBinding } from '../support/native-bindings.js';
import { Pty } from '../support/pty.js';
import { has } from '../support/tools.js';

const isRoot = process.getuid?.() === 0;

async function openPty(binding: Binding = directBinding) {
  const device = new Pty();
  const port = (await binding.open({ path: await device.open(), baudRate: 115_200 })) as WatchfulPort;
  onTestFinished(async () => {
    if (port.isOpen) {
      await port.close();
    }
    device.end();
  });
  return { device, port };
}

/** Writes until the pty takes no more; gives the pending write. */
async function stallWrite(port: ReadPort): Promise<{ pending: Promise<void> }> {
  const pending = port.write(Buffer.alloc(200_000, 0x55));
  pending.catch(() => undefined);
  expect(await Promise.race([pending, turns(20)])).toBe('still pending');
  return { pending };
}

async function turns(count: number): Promise<string> {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return 'still pending';
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Share of one core that this process used meanwhile: in the least of three stretches, as other work only adds. */
async function cpuShare(ms: number): Promise<number> {
  const shares: number[] = [];
  for (let stretch = 0; stretch < 3; stretch++) {
    const before = process.cpuUsage();
    const startedAt = performance.now();
    await sleep(ms / 3);
    const { user, system } = process.cpuUsage(before);
    shares.push((user + system) / 1_000 / (performance.now() - startedAt));
  }
  return Math.min(...shares);
}

/** How many descriptors of this process are of the terminal, also when that has been closed at the other end. */
function descriptorsOf(terminal: string): number {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).replace(' (deleted)', '') === terminal;
    } catch {
      // That of the folder itself.
      return false;
    }
  }).length;
}

async function errorOf(promise: Promise<unknown>): Promise<Error & { disconnect?: boolean; canceled?: boolean }> {
  return promise.then(
    () => expect.unreachable('it resolved'),
    (error) => error,
  );
}

describe.skipIf(process.platform !== 'linux' || !has('python3')).each([
  ['the direct binding', directBinding],
  ['the direct binding with its poller', polledBinding],
])('%s on a pty (needs python3, Linux)', (_, binding) => {
  test('reads what comes and writes what is given', async () => {
    const { device, port } = await openPty(binding);
    const buffer = Buffer.alloc(100);
    const reading = port.read(buffer, 10, 90);
    await device.write(Buffer.from('hello'));
    expect((await reading).bytesRead).toBe(5);
    expect(buffer.toString('latin1', 10, 15)).toBe('hello');
    await port.write(Buffer.from('world'));
    expect((await device.read()).toString()).toBe('world');
    await port.write(Buffer.alloc(0));
  });

  test('a write that the kernel takes only in part goes on when the port is writable', async () => {
    const { device, port } = await openPty(binding);
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7) % 251));
    const written = port.write(bytes);
    const chunks: Buffer[] = [];
    for (let got = 0; got < bytes.length; ) {
      const chunk = await device.read();
      chunks.push(chunk);
      got += chunk.length;
    }
    await written;
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  test('receiving goes on while a write is stalled', async () => {
    const { device, port } = await openPty(binding);
    const { pending } = await stallWrite(port);
    const buffer = Buffer.alloc(100);
    for (let i = 0; i < 5; i++) {
      await device.write(Buffer.from([i]));
      expect((await port.read(buffer, 0, 100)).bytesRead).toBe(1);
      expect(buffer[0]).toBe(i);
    }
    let drained = 0;
    while (drained < 200_000) {
      drained += (await device.read()).length;
    }
    await pending;
  });

  test('a paused port with unread bytes costs under 1 % CPU, also after a wait for writable', async () => {
    const { device, port } = await openPty(binding);
    const buffer = Buffer.alloc(100);
    const reading = port.read(buffer, 0, 100);
    await device.write(Buffer.from('x'));
    await reading;
    const { pending } = await stallWrite(port);
    while ((await device.read()).length > 0) {
      // Until the write is through.
    }
    await pending;
    await device.write(Buffer.alloc(1_000, 1));
    await sleep(20);
    expect(await cpuShare(500)).toBeLessThan(0.01);
  });

  test('a port whose write is stalled costs next to nothing', async () => {
    const { port } = await openPty(binding);
    await stallWrite(port);
    expect(await cpuShare(500)).toBeLessThan(0.01);
  });

  describe.each(['close', 'vhangup'] as const)('a hang-up (%s)', (how) => {
    test.skipIf(how === 'vhangup' && !isRoot)(
      'rejects a pending read, and what follows (vhangup needs root)',
      async () => {
        const { device, port } = await openPty(binding);
        const reading = errorOf(port.read(Buffer.alloc(10), 0, 10));
        await port.write(Buffer.alloc(10));
        expect(port).toMatchObject({ writtenBytes: 10 });
        await device[how]();
        expect(await reading).toMatchObject({ disconnect: true });
        expect(await errorOf(port.read(Buffer.alloc(10), 0, 10))).toMatchObject({ disconnect: true });
        expect(await errorOf(port.write(Buffer.alloc(10)))).toMatchObject({ disconnect: true });
        expect(port).toMatchObject({ writtenBytes: 0 });
        expect(await cpuShare(300)).toBeLessThan(0.01);
      },
    );

    test.skipIf(how === 'vhangup' && !isRoot)('rejects a stalled write (vhangup needs root)', async () => {
      const { device, port } = await openPty(binding);
      const failed = errorOf((await stallWrite(port)).pending);
      await device[how]();
      expect(await failed).toMatchObject({ disconnect: true });
      expect(await cpuShare(300)).toBeLessThan(0.01);
    });

    test.skipIf(how === 'vhangup' && !isRoot)(
      'is told while nobody reads, also with unread bytes (vhangup needs root)',
      async () => {
        for (const unread of [0, 100]) {
          const { device, port } = await openPty(binding);
          const buffer = Buffer.alloc(100);
          const reading = port.read(buffer, 0, 100);
          await device.write(Buffer.from('x'));
          await reading;
          const told: Error[] = [];
          const hungUp = new Promise<void>((resolve) => {
            (port as unknown as { onHangUp(error: Error): void }).onHangUp = (error) => {
              told.push(error);
              resolve();
            };
          });
          if (unread > 0) {
            await device.write(Buffer.alloc(unread, 1));
            await sleep(10);
          }
          await device[how]();
          await hungUp;
          expect(await cpuShare(200)).toBeLessThan(0.01);
          expect(told).toMatchObject([{ disconnect: true }]);
        }
      },
    );
  });

  test('a read that asks for less than there is leaves the rest to the next', async () => {
    const { device, port } = await openPty(binding);
    const buffer = Buffer.alloc(4);
    const first = port.read(buffer, 0, 4);
    await device.write(Buffer.from('abcdefghij'));
    let text = '';
    for (let read = await first; ; read = await port.read(buffer, 0, 4)) {
      text += buffer.toString('latin1', 0, read.bytesRead);
      if (text.length === 10) {
        break;
      }
    }
    expect(text).toBe('abcdefghij');
  });

  test('what was read before a hang-up is given before the error', async () => {
    const { device, port } = await openPty(binding);
    const buffer = Buffer.alloc(4);
    const first = port.read(buffer, 0, 4);
    await device.write(Buffer.from('abcdef'));
    await first;
    await device.close();
    await turns(20);
    expect((await port.read(buffer, 0, 4)).bytesRead).toBe(2);
    expect(buffer.toString('latin1', 0, 2)).toBe('ef');
    expect(await errorOf(port.read(buffer, 0, 4))).toMatchObject({ disconnect: true });
  });

  test('flush drops what was read and nobody has asked for', async () => {
    const { device, port } = await openPty(binding);
    const buffer = Buffer.alloc(4);
    const first = port.read(buffer, 0, 4);
    await device.write(Buffer.from('abcdef'));
    await first;
    await port.flush();
    const next = port.read(buffer, 0, 4);
    await device.write(Buffer.from('gh'));
    expect((await next).bytesRead).toBe(2);
    expect(buffer.toString('latin1', 0, 2)).toBe('gh');
  });

  test('keeps its lock, and leaves no descriptor behind', async () => {
    const device = new Pty();
    onTestFinished(() => device.end());
    const portPath = await device.open();
    const port = await binding.open({ path: portPath, baudRate: 115_200 });
    expect(descriptorsOf(portPath)).toBeGreaterThan(0);
    await expect(binding.open({ path: portPath, baudRate: 115_200 })).rejects.toThrow('lock');
    await port.close();
    expect(descriptorsOf(portPath)).toBe(0);
    const again: WatchfulPort = await binding.open({ path: portPath, baudRate: 115_200 });
    const hungUp = new Promise((resolve) => {
      again.onHangUp = resolve;
    });
    await device.close();
    await hungUp;
    await again.close();
    expect(descriptorsOf(portPath)).toBe(0);
  });

  test('an end of file that is no hang-up is one all the same (needs stty)', async () => {
    const { device, port } = await openPty(binding);
    const reading = errorOf(port.read(Buffer.alloc(10), 0, 10));
    execFileSync('stty', ['-F', port.openOptions.path, 'icanon']);
    await device.write(Buffer.of(4));
    expect(await reading).toMatchObject({ disconnect: true });
    expect(await errorOf(port.read(Buffer.alloc(10), 0, 10))).toMatchObject({ disconnect: true });
  });

  test('pushes what comes to whoever starts it to, waits while that is not ready, and tells the end once', async () => {
    const { device, port } = await openPty(binding);
    const told = vi.fn();
    let text = '';
    let isReady = true;
    const listener = {
      received(chunk: Uint8Array) {
        text += Buffer.from(chunk).toString('latin1');
        return isReady;
      },
      writeProgressed() {},
      hungUp: told,
    };
    const pushing = asPort(port);
    pushing.start(listener);
    pushing.resume();
    await device.write(Buffer.from('ab'));
    await vi.waitFor(() => expect(text).toBe('ab'));
    isReady = false;
    await device.write(Buffer.from('c'));
    await vi.waitFor(() => expect(text).toBe('abc'));
    await device.write(Buffer.from('d'));
    await expect(port.read(Buffer.alloc(10), 0, 10)).rejects.toThrow('a read is pending already');
    await turns(20);
    expect(text).toBe('abc');
    isReady = true;
    pushing.resume();
    await vi.waitFor(() => expect(text).toBe('abcd'));
    await device.close();
    await vi.waitFor(() => expect(told).toHaveBeenCalledOnce());
    pushing.start(listener);
    await turns(2);
    expect(told).toHaveBeenCalledOnce();
  });

  test('tells whoever starts it too late that the port is gone', async () => {
    const late = await openPty(binding);
    await late.device.close();
    await sleep(50);
    const told = new Promise((resolve) => {
      asPort(late.port).start({ received: () => true, writeProgressed() {}, hungUp: resolve });
    });
    expect(await told).toMatchObject({ disconnect: true });
  });

  test('closing cancels what is pending, and makes no further call on the descriptor', async () => {
    const { device, port } = await openPty(binding);
    const reading = errorOf(port.read(Buffer.alloc(10), 0, 10));
    const writing = errorOf((await stallWrite(port)).pending);
    const closing = port.close();
    expect(port.isOpen).toBe(false);
    // Whoever is given the descriptor's number next must not find our bytes in it, or lose some to us.
    await closing;
    const reused = openSync('/dev/null', 'r+');
    onTestFinished(() => closeSync(reused));
    await device.write(Buffer.from('late'));
    expect(await reading).toMatchObject({ canceled: true });
    expect(await writing).toMatchObject({ canceled: true });
    await expect(port.write(Buffer.alloc(1))).rejects.toThrow('Port is not open');
    await expect(port.read(Buffer.alloc(1), 0, 1)).rejects.toThrow('Port is not open');
    await expect(port.close()).rejects.toThrow('Port is not open');
  });

  test('a second read or write while one is pending is refused', async () => {
    const { port } = await openPty(binding);
    port.read(Buffer.alloc(10), 0, 10).catch(() => undefined);
    await expect(port.read(Buffer.alloc(10), 0, 10)).rejects.toThrow('a read is pending already');
    await stallWrite(port);
    await expect(port.write(Buffer.alloc(1))).rejects.toThrow('a write is pending already');
  });

  test('whoever writes without a pause lets the event loop turn', async () => {
    const { port, device } = await openPty(binding);
    await device.echo(true);
    const buffer = Buffer.alloc(4_096);
    let stop = false;
    const reading = (async () => {
      while (!stop) {
        await port.read(buffer, 0, buffer.length);
      }
    })();
    reading.catch(() => undefined);
    const timer = sleep(50).then(() => {
      stop = true;
    });
    let writes = 0;
    while (!stop) {
      await port.write(Buffer.from([1]));
      writes++;
    }
    await timer;
    expect(writes).toBeGreaterThan(16);
  });

  test('four held threads of the pool hold nothing up', async () => {
    const { device, port } = await openPty(binding);
    await device.echo(true);
    const folder = mkdtempSync(path.join(tmpdir(), 'fifo-'));
    const fifos = ['a', 'b', 'c', 'd'].map((name) => path.join(folder, name));
    execFileSync('mkfifo', fifos);
    // Each waits in a thread of the pool until somebody opens the other end.
    const held = fifos.map((fifo) => open(fifo, 'r'));
    let stolen = false;
    const looked = stat(folder).then(() => {
      stolen = true;
    });
    const buffer = Buffer.alloc(16);
    for (let i = 0; i < 100; i++) {
      const reading = port.read(buffer, 0, 16);
      await port.write(Buffer.of(i));
      await reading;
      expect(buffer[0]).toBe(i);
    }
    expect(stolen).toBe(false);
    for (const fifo of fifos) {
      closeSync(openSync(fifo, 'r+'));
    }
    await Promise.all(held.map(async (file) => (await file).close()));
    await looked;
    rmSync(folder, { recursive: true });
  });
});

describe.skipIf(process.platform !== 'linux' || !has('python3'))(
  'a busy handler on a pty (needs python3, Linux)',
  () => {
    /** A communicator whose handler keeps the first packet until it is released. */
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

    test('takes what it sleeps through in order, however it came', async () => {
      const { device, serial, handled, release } = await startBusy();
      for (let value = 2; value <= 100; value++) {
        await device.write(Buffer.of(2, value, 0));
      }
      expect(handled).toEqual([1]);
      // Some was read ahead, but not all.
      expect(serial.stats('arm').bytesRead).toBeLessThan(300);
      release();
      await vi.waitFor(() => expect(handled).toHaveLength(100));
      expect(handled).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    });

    test('is given what was read before a hang-up; what was not, the kernel drops', async () => {
      const { device, serial, handled, release } = await startBusy();
      const lost = new Promise((resolve) => serial.on('disconnected', resolve));
      await device.write(Buffer.of(2, 2, 0, 2, 3, 0, 2));
      // What is read ahead shows nowhere yet.
      await sleep(50);
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

    test('is given nothing after a shutdown with a write that is stalled either; that is counted, too', async () => {
      const { device, serial, handled, release } = await startBusy();
      await device.write(Buffer.of(2, 2, 0, 2, 3, 0));
      await sleep(50);
      const sent = errorOf(serial.send('arm', new Uint8Array(60_000)));
      await serial.shutdown();
      expect(await sent).toMatchObject({ code: 'SHUTDOWN_TIMEOUT' });
      release();
      await turns(2);
      expect(handled).toEqual([1]);
      expect(serial.stats('arm')).toMatchObject({ packetsReceived: 3, packetsDropped: 2, bytesRead: 9 });
    });

    test('is given nothing after a shutdown; what was read by then is counted as dropped', async () => {
      const { device, serial, handled, release } = await startBusy();
      await device.write(Buffer.of(2, 2, 0, 2, 3, 0));
      await sleep(50);
      await serial.shutdown();
      release();
      await turns(2);
      expect(handled).toEqual([1]);
      expect(serial.stats('arm')).toMatchObject({
        packetsReceived: 3,
        packetsDelivered: 1,
        packetsDropped: 2,
        bytesRead: 9,
      });
    });
  },
);

test.skipIf(process.platform !== 'linux' || !has('python3'))(
  'a port that opens slowly is not opened once more on the thread of the event loop (needs python3, Linux)',
  async () => {
    const device = new Pty();
    const portPath = await device.open();
    const nativeOpen = SerialPort.binding.open.bind(SerialPort.binding);
    const open = vi.spyOn(SerialPort.binding, 'open');
    onTestFinished(() => {
      open.mockRestore();
      device.end();
    });
    const takenIfOpenedIn = async (openingMs: number) => {
      const slowly = async (options: never) => {
        await sleep(openingMs);
        return nativeOpen(options);
      };
      open.mockImplementation(slowly as never);
      const port = await directBinding.open({ path: portPath, baudRate: 115_200 });
      const taken = descriptorsOf(portPath);
      await port.close();
      return taken;
    };
    expect(await takenIfOpenedIn(0)).toBe(2);
    expect(await takenIfOpenedIn(300)).toBe(1);
  },
);

test.skipIf(process.platform !== 'linux')('opening in a worker thread fails and says so', async () => {
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

test.skipIf(process.platform !== 'linux' || !has('python3'))(
  'a port that is closed by whoever is told of its hang-up does not use its poller again (needs python3, Linux)',
  async () => {
    // The memory of a poller that was destroyed is freed: a call of it takes the whole process with it, now and then.
    const poller = Object.assign(new EventEmitter(), { poll: vi.fn() });
    const close = vi.fn(async () => {});
    const device = new Pty();
    const fd = openSync(await device.open(), constants.O_RDWR | constants.O_NOCTTY);
    const open = vi.spyOn(SerialPort.binding, 'open').mockResolvedValue({ fd, poller, close } as never);
    onTestFinished(() => {
      open.mockRestore();
      closeSync(fd);
      device.end();
    });
    const port: WatchfulPort = await directBinding.open({ path: '/dev/ttyUSB0', baudRate: 115_200 });
    const closing = new Promise<void>((resolve) => {
      port.onHangUp = () => resolve(port.close());
    });
    const polls = poller.poll.mock.calls.length;
    // Between the two steps in which the kernel takes a pty down, there is an end without an error.
    poller.emit('disconnect', null);
    await closing;
    expect(close).toHaveBeenCalledTimes(1);
    // Just the one that ended all watching, before the closing.
    expect(poller.poll.mock.calls.slice(polls)).toEqual([[0]]);
  },
);
