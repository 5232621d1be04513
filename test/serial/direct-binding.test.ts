import { execFileSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { SerialPort } from 'serialport';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { directBinding, type Port, type PushBinding, SerialCommunicator } from '../../src/index.js';
import { polledBinding } from '../support/native-bindings.js';
import { PortRecorder } from '../support/port-recorder.js';
import { Pty } from '../support/pty.js';
import { has } from '../support/tools.js';

const needsPty = process.platform !== 'linux' || !has('python3');
const isRoot = process.getuid?.() === 0;

function openPort(binding: PushBinding, portPath: string): Promise<Port> {
  return binding.open({ path: portPath, baudRate: 115_200 });
}

async function openPty(binding: PushBinding) {
  const device = new Pty();
  const port = await openPort(binding, await device.open());
  onTestFinished(async () => {
    if (port.isOpen) {
      await port.close();
    }
    device.end();
  });
  return { device, port };
}

/** Opens a pty whose port is read, and whose listener has received "x" and wants no more. */
async function openPaused(binding: PushBinding) {
  const { device, port } = await openPty(binding);
  const recorder = new PortRecorder(port);
  recorder.resume();
  recorder.wantsMore = false;
  await device.write(Buffer.from('x'));
  await recorder.receives('x');
  return { device, port, recorder };
}

/** Writes; also an error that is thrown at once rejects. */
async function write(port: Port, bytes: Uint8Array): Promise<void> {
  await port.write(bytes);
}

/** Writes until the pty accepts no more. Returns the pending write. */
async function stallWrite(port: Port): Promise<{ pending: Promise<void> }> {
  const pending = write(port, Buffer.alloc(200_000, 0x55));
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

/** Share of one core that this process uses. The least of three stretches counts, because other work only adds. */
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

/** Number of descriptors of this process that refer to the terminal, even if its other end was closed. */
function descriptorsOf(terminal: string): number {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).replace(' (deleted)', '') === terminal;
    } catch {
      // The descriptor of the directory itself.
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

describe.skipIf(needsPty).each([
  ['directBinding', directBinding],
  ['directBinding with its poller', polledBinding],
])('%s on a pty (needs python3, Linux)', (_, binding) => {
  test('passes on received bytes and writes bytes', async () => {
    const { device, port } = await openPty(binding);
    const recorder = new PortRecorder(port);
    recorder.resume();
    await device.write(Buffer.from('hello'));
    await recorder.receives('hello');
    await write(port, Buffer.from('world'));
    expect((await device.read()).toString()).toBe('world');
    await write(port, Buffer.alloc(0));
  });

  test('continues a write that the kernel accepts only in part', async () => {
    const { device, port } = await openPty(binding);
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7) % 251));
    const written = write(port, bytes);
    const chunks: Buffer[] = [];
    for (let got = 0; got < bytes.length; ) {
      const chunk = await device.read();
      chunks.push(chunk);
      got += chunk.length;
    }
    await written;
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  test('receives while a write is stalled', async () => {
    const { device, port } = await openPty(binding);
    const recorder = new PortRecorder(port);
    recorder.resume();
    const { pending } = await stallWrite(port);
    for (const text of ['a', 'ab', 'abc', 'abcd', 'abcde']) {
      await device.write(Buffer.from(text.at(-1)!));
      await recorder.receives(text);
    }
    let drained = 0;
    while (drained < 200_000) {
      drained += (await device.read()).length;
    }
    await pending;
  });

  test('uses less than 1 % CPU for a paused port with unread bytes, also after a stalled write', async () => {
    const { device, port, recorder } = await openPaused(binding);
    const { pending } = await stallWrite(port);
    while ((await device.read()).length > 0) {
      // Until the write has ended.
    }
    await pending;
    await device.write(Buffer.alloc(1_000, 1));
    await sleep(20);
    expect(await cpuShare(500)).toBeLessThan(0.01);
    expect(recorder.text).toBe('x');
  });

  test('uses less than 1 % CPU for a port whose write is stalled', async () => {
    const { port } = await openPty(binding);
    await stallWrite(port);
    expect(await cpuShare(500)).toBeLessThan(0.01);
  });

  describe.each(['close', 'vhangup'] as const)('after a hang-up (%s)', (how) => {
    test.skipIf(how === 'vhangup' && !isRoot)('reports it, and refuses writes (vhangup needs root)', async () => {
      const { device, port } = await openPty(binding);
      const recorder = new PortRecorder(port);
      recorder.resume();
      await write(port, Buffer.alloc(10));
      expect(port.writtenBytes).toBe(10);
      await device[how]();
      await recorder.hangsUp();
      expect(recorder.hangUps).toMatchObject([{ disconnect: true }]);
      expect(await errorOf(write(port, Buffer.alloc(10)))).toMatchObject({ disconnect: true });
      expect(port.writtenBytes).toBe(0);
      expect(await cpuShare(300)).toBeLessThan(0.01);
      expect(recorder.hangUps).toHaveLength(1);
    });

    test.skipIf(how === 'vhangup' && !isRoot)('rejects a stalled write (vhangup needs root)', async () => {
      const { device, port } = await openPty(binding);
      const recorder = new PortRecorder(port);
      const failed = errorOf((await stallWrite(port)).pending);
      await device[how]();
      expect(await failed).toMatchObject({ disconnect: true });
      await recorder.hangsUp();
      expect(await cpuShare(300)).toBeLessThan(0.01);
      expect(recorder.hangUps).toHaveLength(1);
    });

    test.skipIf(how === 'vhangup' && !isRoot)(
      'reports it once to a paused listener, with and without unread bytes (vhangup needs root)',
      async () => {
        for (const unread of [0, 100]) {
          const { device, recorder } = await openPaused(binding);
          if (unread > 0) {
            await device.write(Buffer.alloc(unread, 1));
            await sleep(10);
          }
          await device[how]();
          await recorder.hangsUp();
          expect(await cpuShare(200)).toBeLessThan(0.01);
          expect(recorder.hangUps).toMatchObject([{ disconnect: true }]);
        }
      },
    );

    test.skipIf(how === 'vhangup' && !isRoot)(
      'reports it to a listener that has never asked for a chunk, and passes on none (vhangup needs root)',
      async () => {
        const { device, port } = await openPty(binding);
        const recorder = new PortRecorder(port);
        await device.write(Buffer.from('unread'));
        await device[how]();
        await recorder.hangsUp();
        expect(recorder.hangUps).toMatchObject([{ disconnect: true }]);
        expect(recorder.text).toBe('');
      },
    );
  });

  test('passes on nothing that was received before a flush after it', async () => {
    const { device, port, recorder } = await openPaused(binding);
    await device.write(Buffer.from('ef'));
    await turns(20);
    await port.flush();
    const flushed = recorder.text;
    recorder.resume();
    await device.write(Buffer.from('gh'));
    await recorder.receives(`${flushed}gh`);
  });

  test('keeps its lock, and leaves no descriptor open', async () => {
    const device = new Pty();
    onTestFinished(() => device.end());
    const portPath = await device.open();
    const port = await openPort(binding, portPath);
    expect(descriptorsOf(portPath)).toBeGreaterThan(0);
    await expect(openPort(binding, portPath)).rejects.toThrow('lock');
    await port.close();
    expect(descriptorsOf(portPath)).toBe(0);
    const again = await openPort(binding, portPath);
    const recorder = new PortRecorder(again);
    await device.close();
    await recorder.hangsUp();
    await again.close();
    expect(descriptorsOf(portPath)).toBe(0);
  });

  test('treats an end of file as a hang-up (needs stty)', async () => {
    const { device, port } = await openPty(binding);
    const recorder = new PortRecorder(port);
    recorder.resume();
    execFileSync('stty', ['-F', port.openOptions.path, 'icanon']);
    // Ctrl-D ends a line of input, so the pty stays open but a read returns no bytes.
    await device.write(Buffer.of(4));
    await recorder.hangsUp();
    expect(recorder.hangUps).toMatchObject([{ disconnect: true }]);
    expect(await errorOf(write(port, Buffer.of(1)))).toMatchObject({ disconnect: true });
    expect(await cpuShare(200)).toBeLessThan(0.01);
  });

  test('passes on no chunk until the listener asks, then one at a time, and reports a hang-up once', async () => {
    const { device, port } = await openPty(binding);
    const recorder = new PortRecorder(port);
    await device.write(Buffer.from('a'));
    await turns(20);
    expect(recorder.text).toBe('');
    recorder.resume();
    await recorder.receives('a');
    await device.write(Buffer.from('b'));
    await recorder.receives('ab');
    recorder.wantsMore = false;
    await device.write(Buffer.from('c'));
    await recorder.receives('abc');
    await device.write(Buffer.from('d'));
    await turns(20);
    expect(recorder.text).toBe('abc');
    recorder.resume();
    await recorder.receives('abcd');
    await device.close();
    await recorder.hangsUp();
    port.start(recorder);
    await turns(2);
    expect(recorder.hangUps).toHaveLength(1);
  });

  test('reports a hang-up that happened before the listener was set', async () => {
    const { device, port } = await openPty(binding);
    await device.close();
    await vi.waitFor(() => expect(() => port.write(Buffer.alloc(0))).toThrow());
    const recorder = new PortRecorder(port);
    await recorder.hangsUp();
    expect(recorder.hangUps).toMatchObject([{ disconnect: true }]);
  });

  test('closing cancels the pending write, and uses the descriptor no more', async () => {
    const { device, port } = await openPty(binding);
    const recorder = new PortRecorder(port);
    recorder.resume();
    const writing = errorOf((await stallWrite(port)).pending);
    const closing = port.close();
    expect(port.isOpen).toBe(false);
    await closing;
    // The next file opened gets the number of the descriptor. It must not get our bytes, or lose any to us.
    const reused = openSync('/dev/null', 'r+');
    onTestFinished(() => closeSync(reused));
    await device.write(Buffer.from('late'));
    expect(await writing).toMatchObject({ canceled: true });
    await expect(write(port, Buffer.alloc(1))).rejects.toThrow('Port is not open');
    await expect(port.close()).rejects.toThrow('Port is not open');
    expect(recorder).toMatchObject({ text: '', hangUps: [] });
  });

  test('refuses a write while one is pending', async () => {
    const { port } = await openPty(binding);
    await stallWrite(port);
    const { writtenBytes } = port;
    await expect(write(port, Buffer.alloc(1))).rejects.toThrow('a write is already pending');
    expect(port.writtenBytes).toBe(writtenBytes);
  });

  test('lets the event loop run while a caller writes again and again', async () => {
    const { port, device } = await openPty(binding);
    await device.echo(true);
    const recorder = new PortRecorder(port);
    recorder.resume();
    let stop = false;
    const timer = sleep(50).then(() => {
      stop = true;
    });
    let writes = 0;
    while (!stop) {
      await write(port, Buffer.from([1]));
      writes++;
    }
    await timer;
    expect(writes).toBeGreaterThan(16);
  });

  test('reads and writes while all four threads of the pool are blocked', async () => {
    const { device, port } = await openPty(binding);
    await device.echo(true);
    const folder = mkdtempSync(path.join(tmpdir(), 'fifo-'));
    const fifos = ['a', 'b', 'c', 'd'].map((name) => path.join(folder, name));
    execFileSync('mkfifo', fifos);
    // Each blocks a thread of the pool until the other end is opened.
    const blocked = fifos.map((fifo) => open(fifo, 'r'));
    let isPoolFree = false;
    const looked = stat(folder).then(() => {
      isPoolFree = true;
    });
    const recorder = new PortRecorder(port);
    recorder.resume();
    let sent = '';
    for (let i = 0; i < 100; i++) {
      sent += String.fromCharCode(i);
      await write(port, Buffer.of(i));
      await recorder.receives(sent);
    }
    expect(isPoolFree).toBe(false);
    for (const fifo of fifos) {
      closeSync(openSync(fifo, 'r+'));
    }
    await Promise.all(blocked.map(async (file) => (await file).close()));
    await looked;
    rmSync(folder, { recursive: true });
  });
});

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

  test.each(['no', 'a stalled'])(
    'gets nothing after a shutdown with %s write; what was read is counted',
    async (how) => {
      const { device, serial, handled, release } = await startBusy();
      await device.write(Buffer.of(2, 2, 0, 2, 3, 0));
      await sleep(50);
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
      const descriptors = descriptorsOf(portPath);
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
