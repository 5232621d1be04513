import { describe, expect, onTestFailed, onTestFinished, test, vi } from 'vitest';
import {
  type BindingPort,
  directBinding,
  SerialCommunicator,
  type SerialConnection,
  type WatchfulPort,
} from '../../../src/index.js';
import {
  FaultyLine,
  type FaultyLineOptions,
  type LineFaults,
  type LineStats,
  MockDevice,
  mockBinding,
  SimulatedBoard,
  simulatedBinding,
  unoEchoImage,
} from '../../../src/testing/index.js';
import { Inbox } from '../../support/inbox.js';
import { invalidOption } from '../../support/invalid-option.js';
import { KernelPort, kernelBinding } from '../../support/kernel-port.js';
import { Pty } from '../../support/pty.js';
import { randomBytes, randomNumbers, runSeed } from '../../support/random.js';
import { openRaw, readAll, readRaw } from '../../support/raw-port.js';
import { expectNothingUncounted } from '../../support/stats.js';
import { has } from '../../support/tools.js';

const PATH = '/dev/mock';
const BYTES = Buffer.from(randomBytes(20_000, randomNumbers(7)));

/** An open port with a line to a kernel of the test's. */
async function openKernel(options: Omit<FaultyLineOptions, 'path'> = {}) {
  const { binding, ports } = kernelBinding();
  const line = new FaultyLine(binding, { path: PATH, ...options });
  onTestFailed(() => console.log(`FaultyLine seed ${line.seed}`));
  const port: WatchfulPort = await openRaw(line.binding, PATH);
  return { line, port, kernel: ports[0]! };
}

/** An open port with a line to a mock device. */
async function openMock(options: Omit<FaultyLineOptions, 'path'> = {}) {
  const device = new MockDevice({ path: PATH, vendorId: '2341', historyLength: 100_000 });
  const line = new FaultyLine(mockBinding(device), { path: PATH, ...options });
  onTestFailed(() => console.log(`FaultyLine seed ${line.seed}`));
  const port: WatchfulPort = await openRaw(line.binding, PATH);
  return { device, line, port };
}

/** What becomes of the bytes when they are written in writes of that length. */
async function written(options: Omit<FaultyLineOptions, 'path'>, bytes: Buffer, writeBytes = bytes.length) {
  const { line, port, device } = await openMock(options);
  for (let at = 0; at < bytes.length; at += writeBytes) {
    await port.write(bytes.subarray(at, at + writeBytes));
  }
  return { line, writes: device.writes, output: Buffer.concat(device.writes) };
}

/** What becomes of the bytes when they come from the device in chunks of that length, and are read so. */
async function received(options: Omit<FaultyLineOptions, 'path'>, bytes: Buffer, chunkBytes = bytes.length) {
  const { line, port, kernel } = await openKernel(options);
  const chunks: Buffer[] = [];
  const end = errorOf(
    (async () => {
      for (;;) {
        chunks.push(await readRaw(port, chunkBytes));
      }
    })(),
  );
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    kernel.give(bytes.subarray(at, at + chunkBytes));
    for (let before = -1; before !== chunks.length; ) {
      before = chunks.length;
      await turns(2);
    }
  }
  await port.close();
  await end;
  return { line, chunks, output: Buffer.concat(chunks) };
}

function expectEquation(stats: LineStats): void {
  const { bytesIn, droppedBytes, insertedBytes, duplicatedBytes, lostBytes } = stats;
  expect(stats.bytesOut).toBe(bytesIn - droppedBytes + insertedBytes + duplicatedBytes - lostBytes);
}

function errorOf(promise: Promise<unknown>): Promise<Error & { disconnect?: boolean; canceled?: boolean }> {
  return promise.then(
    () => expect.unreachable('it resolved'),
    (error) => error,
  );
}

async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const NOISE = { dropRate: 0.02, flipRate: 0.02, insertRate: 0.02, duplicateRate: 0.02, cutRate: 0.01 };

describe('faults', () => {
  test('without any, the line is clean', async () => {
    expect((await written({}, BYTES)).output).toEqual(BYTES);
    expect((await received({}, BYTES, 999)).output).toEqual(BYTES);
  });

  test.each([
    ['drop', { dropRate: 1 }, 'droppedBytes', () => []],
    ['insert', { insertRate: 1 }, 'insertedBytes', (byte: number) => [expect.any(Number), byte]],
    ['duplicate', { duplicateRate: 1 }, 'duplicatedBytes', (byte: number) => [byte, byte]],
  ] as const)('%s', async (_, faults, count, becomes) => {
    const bytes = BYTES.subarray(0, 500);
    const { line, output } = await written({ toDevice: faults }, bytes);
    expect([...output]).toEqual([...bytes].flatMap((byte): unknown[] => [...becomes(byte)]));
    expect(line.stats.toDevice[count]).toBe(500);
    expectEquation(line.stats.toDevice);
  });

  test('flip: one bit, any of the eight', async () => {
    const { line, output } = await written({ toDevice: { flipRate: 1 } }, BYTES);
    const flips = [...output].map((byte, index) => byte ^ BYTES[index]!);
    expect(new Set(flips)).toEqual(new Set([1, 2, 4, 8, 16, 32, 64, 128]));
    expect(line.stats.toDevice.flippedBytes).toBe(BYTES.length);
  });

  test('insert: any byte', async () => {
    const { output } = await written({ toDevice: { insertRate: 1 } }, BYTES);
    expect(new Set(output.filter((_, index) => index % 2 === 0)).size).toBe(256);
  });

  test('cut: every byte is a chunk of its own', async () => {
    const bytes = BYTES.subarray(0, 100);
    const out = await written({ toDevice: { cutRate: 1 } }, bytes);
    expect(out.writes).toEqual([...bytes].map((byte) => Buffer.of(byte)));
    expect(out.line.stats.toDevice).toMatchObject({ cuts: 99, bytesIn: 100, bytesOut: 100 });
    const into = await received({ toHost: { cutRate: 1 } }, bytes);
    expect(into.chunks).toEqual([...bytes].map((byte) => Buffer.of(byte)));
    expect(into.output).toEqual(bytes);
  });

  test('a rate is kept to', async () => {
    const { line } = await written({ seed: 11, toDevice: NOISE }, BYTES);
    const { droppedBytes, flippedBytes, insertedBytes, duplicatedBytes, cuts } = line.stats.toDevice;
    for (const count of [droppedBytes, flippedBytes, insertedBytes, duplicatedBytes, 2 * cuts]) {
      // 400 expected; six standard deviations are 120.
      expect(count).toBeGreaterThan(280);
      expect(count).toBeLessThan(520);
    }
  });

  test('the two ways have faults of their own, at places of their own', async () => {
    const faults = { flipRate: 0.1 };
    const there = await written({ seed: 5, toDevice: faults }, BYTES);
    const back = await received({ seed: 5, toHost: faults }, BYTES);
    expect(there.line.stats.toHost.bytesIn).toBe(0);
    expect(back.line.stats.toDevice.bytesIn).toBe(0);
    expect(there.output).not.toEqual(back.output);
  });

  test('delay: a chunk is held back, for no longer than said', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const faults = { maxDelayMs: 50 };
    const { port, kernel } = await openKernel({ seed: 1, toDevice: faults, toHost: faults });
    kernel.give(Buffer.of(1));
    const reading = readRaw(port);
    const writing = port.write(Buffer.of(2));
    await turns();
    kernel.take(100);
    expect(vi.getTimerCount()).toBe(2);
    expect(kernel.taken).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(50);
    expect(await reading).toEqual(Buffer.of(1));
    kernel.take(100);
    await writing;
    expect(kernel.taken).toEqual(Buffer.of(2));
  });

  test.each([
    [{ dropRate: 1.1 }, 'dropRate is 1.1; expected a number from 0 to 1'],
    [{ cutRate: -1 }, 'cutRate is -1; expected a number from 0 to 1'],
    [{ flipRate: Number.NaN }, 'flipRate is NaN; expected a number from 0 to 1'],
    [{ insertRate: '0.2' }, 'insertRate is "0.2"; expected a number from 0 to 1'],
    [
      { dropRate: 0.6, flipRate: 0.6 },
      'dropRate, flipRate, insertRate and duplicateRate add up to 1.2; expected a sum of at most 1',
    ],
    [{ maxDelayMs: -1 }, 'maxDelayMs is -1; expected an integer from 0 to 2147483647'],
    [
      { droprate: 0.2 },
      'unknown option "droprate"; expected one of dropRate, flipRate, insertRate, duplicateRate, cutRate, maxDelayMs',
    ],
  ])('%j is refused', async (given, message) => {
    const faults = given as LineFaults;
    const { binding } = kernelBinding();
    const toDevice = invalidOption(`FaultyLine: toDevice: ${message}`);
    const toHost = invalidOption(`FaultyLine: toHost: ${message}`);
    expect(() => new FaultyLine(binding, { path: PATH, toDevice: faults })).toThrow(toDevice);
    expect(() => new FaultyLine(binding, { path: PATH, toHost: faults })).toThrow(toHost);
    expect(() => new FaultyLine(binding, { path: PATH }).setFaults({ toDevice: faults })).toThrow(toDevice);
    expect(() => new FaultyLine(binding, { path: PATH }).setFaults({ toHost: faults })).toThrow(toHost);
  });

  test('that are refused change nothing', async () => {
    const { line, port, device } = await openMock({ toDevice: { dropRate: 1 } });
    expect(() => line.setFaults({ toDevice: {}, toHost: { dropRate: 2 } })).toThrow('dropRate is 2');
    await port.write(Buffer.of(1));
    expect(device.writes).toEqual([]);
  });
});

describe('the seed', () => {
  test('decides what happens, however the bytes are cut into writes and reads', async () => {
    const seed = runSeed();
    const bytes = BYTES.subarray(0, 9_000);
    const { output: sent } = await written({ seed, toDevice: NOISE }, bytes);
    const { output: got } = await received({ seed, toHost: NOISE }, bytes);
    for (const pieceBytes of [7, 4_096, 5_000]) {
      expect((await written({ seed, toDevice: NOISE }, bytes, pieceBytes)).output).toEqual(sent);
      expect((await received({ seed, toHost: NOISE }, bytes, pieceBytes)).output).toEqual(got);
    }
    expect((await written({ seed: seed + 1, toDevice: NOISE }, bytes)).output).not.toEqual(sent);
  });

  test('can be read, and given again', async () => {
    const first = await written({ toDevice: NOISE }, BYTES);
    const second = await written({ toDevice: NOISE, seed: first.line.seed }, BYTES);
    expect(second.output).toEqual(first.output);
    expect((await written({ toDevice: NOISE }, BYTES)).line.seed).not.toBe(first.line.seed);
  });

  test('is that of TEST_SEED, where none is given', () => {
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv('TEST_SEED', '-3');
    const { binding } = kernelBinding();
    expect(new FaultyLine(binding, { path: PATH }).seed).toBe(4_294_967_293);
    expect(new FaultyLine(binding, { path: PATH, seed: 4 }).seed).toBe(4);
    vi.stubEnv('TEST_SEED', 'new');
    expect(() => new FaultyLine(binding, { path: PATH })).toThrow(
      invalidOption('FaultyLine: the seed in TEST_SEED is "new"; expected an integer'),
    );
  });
});

describe('a stall', () => {
  test('holds writes back until it is over; reading goes on', async () => {
    const { line, port, device } = await openMock();
    line.stall();
    line.stall();
    const writing = port.write(Buffer.of(1, 2, 3));
    await device.sendRaw(Uint8Array.of(9));
    expect(await readRaw(port)).toEqual(Buffer.of(9));
    await turns();
    expect(device.writes).toEqual([]);
    line.resume();
    await writing;
    expect(device.writes).toEqual([Buffer.of(1, 2, 3)]);
    expect(line.stats.stalls).toBe(1);
  });

  test('comes between two pieces of a long write', async () => {
    const { line, port, kernel } = await openKernel();
    const writing = port.write(BYTES);
    kernel.take(100);
    line.stall();
    while (kernel.isWriting) {
      kernel.take(1_000);
      await turns(1);
    }
    await turns();
    expect(kernel.isWriting).toBe(false);
    expect(kernel.taken.length).toBeLessThan(5_000);
    line.resume();
    while (kernel.taken.length < BYTES.length) {
      kernel.take(1_000);
      await turns(1);
    }
    await writing;
    expect(kernel.taken).toEqual(BYTES);
  });

  test('makes sends time out; what was begun is finished', async () => {
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
    await turns();
    kernel.take(100);
    await next;
    expect(kernel.taken).toEqual(Buffer.of(4, 1, 2, 3, 0, 2, 5, 0));
    line.stall();
    expect(await errorOf(serial.send('arm', Uint8Array.of(6)))).toMatchObject({ code: 'SEND_TIMEOUT' });
    line.resume();
    await turns();
    expect(kernel.isWriting).toBe(false);
  });
});

describe('unplugging', () => {
  test('rejects what is pending, and everything later', async () => {
    const { line, port } = await openMock();
    const onHangUp = vi.fn();
    port.onHangUp = onHangUp;
    line.stall();
    const reading = errorOf(readRaw(port));
    const writing = errorOf(port.write(Buffer.of(1)));
    line.unplug();
    line.unplug();
    expect(await reading).toMatchObject({ disconnect: true, message: expect.stringContaining(`seed ${line.seed}`) });
    expect(await writing).toMatchObject({ disconnect: true, code: 'ENXIO' });
    for (const call of [() => readRaw(port), () => port.write(Buffer.of(1)), () => port.get(), () => port.flush()]) {
      expect(await errorOf(call())).toMatchObject({ disconnect: true });
    }
    expect(onHangUp).not.toHaveBeenCalled();
    expect(line.stats.unplugs).toBe(1);
    await port.close();
    expect(port.isOpen).toBe(false);
  });

  test('is told by onHangUp, once, when nothing is pending', async () => {
    const { line, port } = await openMock();
    const onHangUp = vi.fn();
    port.onHangUp = onHangUp;
    line.unplug();
    line.plug();
    line.unplug();
    expect(onHangUp.mock.calls).toMatchObject([[{ disconnect: true }]]);
  });

  test('takes the path away, and lets go of the device at once', async () => {
    const { line, device } = await openMock();
    expect(await line.binding.list()).toMatchObject([{ path: PATH, vendorId: '2341' }]);
    line.unplug();
    expect(line.isPlugged).toBe(false);
    expect(await line.binding.list()).toEqual([]);
    const error = await errorOf(openRaw(line.binding, PATH));
    expect(error.message).toBe(`Error: No such file or directory, cannot open ${PATH}`);
    await vi.waitFor(() => expect(device.openOptions).toBeUndefined(), { interval: 1 });
  });

  test('and back, under the same path or another', async () => {
    const { line, device } = await openMock();
    line.unplug();
    line.plug();
    const second = await openRaw(line.binding, PATH);
    line.unplug();
    line.plug('/dev/other');
    expect(line.path).toBe('/dev/other');
    expect(await line.binding.list()).toMatchObject([{ path: '/dev/other', vendorId: '2341' }]);
    await errorOf(openRaw(line.binding, PATH));
    const third = await openRaw(line.binding, '/dev/other');
    expect(third.openOptions.path).toBe('/dev/other');
    expect(device.openOptions?.path).toBe(PATH);
    await third.write(Buffer.of(1));
    expect(device.writes).toEqual([Buffer.of(1)]);
    expect(() => line.plug(PATH)).toThrow(
      `FaultyLine: cannot plug it in as ${PATH}, it is plugged in as /dev/other; unplug it first`,
    );
    expect(() => line.plug()).not.toThrow();
    await second.close();
  });

  test('while the port is being opened', async () => {
    const device = new MockDevice({ path: PATH });
    const line = new FaultyLine(mockBinding(device), { path: PATH });
    const opening = errorOf(openRaw(line.binding, PATH));
    line.unplug();
    expect((await opening).message).toMatch('No such file or directory');
    expect(device.openOptions).toBeUndefined();
  });

  test('the loss of the device itself is told as without the line', async () => {
    const idle = await openMock();
    const onHangUp = vi.fn();
    idle.port.onHangUp = onHangUp;
    idle.device.unplug();
    expect(onHangUp.mock.calls).toMatchObject([[{ disconnect: true }]]);
    expect(await errorOf(readRaw(idle.port))).toMatchObject({ disconnect: true });

    const busy = await openMock();
    busy.port.onHangUp = onHangUp;
    busy.line.stall();
    const reading = errorOf(readRaw(busy.port));
    const writing = errorOf(busy.port.write(Buffer.of(1)));
    busy.device.unplug();
    expect(await reading).toMatchObject({ disconnect: true });
    expect(await writing).toMatchObject({ disconnect: true });
    expect(onHangUp).toHaveBeenCalledTimes(1);
  });
});

describe('a port', () => {
  test('that is closed cancels what is pending, and leaves no timer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const faults = { maxDelayMs: 1_000 };
    const { line, port, kernel } = await openKernel({ toDevice: faults, toHost: faults });
    kernel.give(Buffer.of(1, 2, 3));
    const reading = errorOf(readRaw(port));
    const writing = errorOf(port.write(Buffer.of(1)));
    await turns();
    expect(vi.getTimerCount()).toBe(2);
    await port.close();
    expect(await reading).toMatchObject({ canceled: true });
    expect(await writing).toMatchObject({ canceled: true });
    expect(kernel.isOpen).toBe(false);
    await turns();
    expect(vi.getTimerCount()).toBe(0);
    expect(line.stats.toHost).toMatchObject({ bytesIn: 3, bytesOut: 0, lostBytes: 3 });
    await expect(port.close()).rejects.toThrow('Port is not open');
    await expect(port.write(Buffer.of(1))).rejects.toThrow('Port is not open');
  });

  test('that is flushed loses what is on the line', async () => {
    const { line, port, kernel } = await openKernel({ toHost: { cutRate: 1 } });
    kernel.give(Buffer.of(1, 2, 3));
    expect(await readRaw(port)).toEqual(Buffer.of(1));
    await port.flush();
    kernel.give(Buffer.of(4));
    expect(await readRaw(port)).toEqual(Buffer.of(4));
    expect(line.stats.toHost).toMatchObject({ bytesIn: 4, bytesOut: 2, lostBytes: 2 });
    expectEquation(line.stats.toHost);
  });

  test('takes one read and one write at a time', async () => {
    const { port, kernel } = await openKernel();
    const reading = readRaw(port);
    const writing = port.write(Buffer.of(1));
    await expect(readRaw(port)).rejects.toThrow('the call before is still pending');
    await expect(port.write(Buffer.of(2))).rejects.toThrow('the call before is still pending');
    kernel.give(Buffer.of(5));
    kernel.take(1);
    await writing;
    expect(await reading).toEqual(Buffer.of(5));
  });

  test('passes on settings and control lines', async () => {
    const { port, device } = await openMock();
    await port.set({ dtr: false, rts: true });
    expect(device.signals).toEqual([{ dtr: false, rts: true }]);
    expect(await port.get()).toEqual({ cts: true, dsr: false, dcd: false });
    await port.update({ baudRate: 300 });
    expect(await port.getBaudRate()).toEqual({ baudRate: 300 });
    await port.write(Buffer.of(1));
    await port.drain();
  });

  test('tells how far a write is only where the port behind the line does', async () => {
    const mock = (await openMock()).port;
    expect('writtenBytes' in mock).toBe(false);
    expect(mock.shortenWrite).toBeUndefined();
    const { port, kernel } = await openKernel({ toDevice: { duplicateRate: 1 } });
    const progress: (number | undefined)[] = [];
    port.onWriteProgress = () => progress.push(port.writtenBytes);
    expect(port.writtenBytes).toBe(0);
    const writing = port.write(BYTES.subarray(0, 5_000));
    await turns(1);
    kernel.take(3);
    expect(port.writtenBytes).toBe(2);
    kernel.take(10_000);
    await turns(1);
    kernel.take(10_000);
    await writing;
    expect(port.writtenBytes).toBe(5_000);
    expect(progress).toEqual([2, 4_096]);
  });

  test('a write that is shortened ends there, whatever the line does with its bytes', async () => {
    const seed = runSeed();
    onTestFailed(() => console.log(`TEST_SEED=${seed}`));
    const random = randomNumbers(seed);
    const { output: whole } = await written({ seed, toDevice: NOISE }, BYTES);
    const { line, port, kernel } = await openKernel({ seed, toDevice: NOISE });
    for (let at = 0; at < BYTES.length; ) {
      const bytes = BYTES.subarray(at, at + random(9_000));
      const writing = port.write(bytes);
      let endsAt = bytes.length;
      while (kernel.isWriting || port.writtenBytes! < endsAt) {
        kernel.take(random(2_000));
        if (random(4) === 0) {
          endsAt = Math.min(endsAt, port.writtenBytes! + random(500));
          port.shortenWrite!(endsAt);
        }
        await turns(1);
      }
      await writing;
      expect(port.writtenBytes).toBe(endsAt);
      at += endsAt;
    }
    // What was not written was written later: the device has got the same bytes as in one write.
    expect(kernel.taken).toEqual(whole);
    expectEquation(line.stats.toDevice);
    expect(line.stats.toDevice).toMatchObject({ bytesIn: BYTES.length, bytesOut: whole.length, lostBytes: 0 });
  });

  test('a write that was lost tells how many of its bytes the device has got', async () => {
    for (const end of ['unplug', 'hangUp', 'close'] as const) {
      const { line, port, kernel } = await openKernel({ toDevice: { insertRate: 1 } });
      const writing = errorOf(port.write(BYTES));
      await turns(1);
      kernel.take(101);
      if (end === 'unplug') {
        line.unplug();
      } else if (end === 'hangUp') {
        kernel.hangUp();
      } else {
        await port.close();
      }
      expect(port.writtenBytes).toBe(51);
      await writing;
      expect(kernel.taken).toHaveLength(101);
      await vi.waitFor(() => expect(line.stats.toDevice).toMatchObject({ bytesIn: 51, bytesOut: 101, lostBytes: 1 }));
      expectEquation(line.stats.toDevice);
    }
  });
});

test('the other ports of the binding are left as they are, and can have lines of their own', async () => {
  const devices = ['/dev/a', '/dev/b', '/dev/c'].map((path) => new MockDevice({ path }));
  const a = new FaultyLine(mockBinding(...devices), { path: '/dev/a', toDevice: { dropRate: 1 } });
  const b = new FaultyLine(a.binding, { path: '/dev/b' });
  const ports = await Promise.all(devices.map(({ path }) => openRaw(b.binding, path)));
  await Promise.all(ports.map((port) => port.write(Buffer.of(7))));
  expect(devices.map((device) => device.writes)).toEqual([[], [Buffer.of(7)], [Buffer.of(7)]]);
  a.unplug();
  b.unplug();
  expect((await b.binding.list()).map(({ path }) => path)).toEqual(['/dev/c']);
  await Promise.all(ports.map((port: BindingPort) => port.close()));
});

describe('a communicator on a faulty line', () => {
  async function start(options: Omit<FaultyLineOptions, 'path'>, settings: Partial<SerialConnection> = {}) {
    const device = new MockDevice({ path: PATH, echo: true, checksum: 'crc32', serialNumber: 'A1' });
    const line = new FaultyLine(mockBinding(device), { path: PATH, ...options });
    onTestFailed(() => console.log(`FaultyLine seed ${line.seed}`));
    const serial = new SerialCommunicator({ binding: line.binding });
    serial.addConnection('arm', {
      baudRate: 9_600,
      checksum: 'crc32',
      reconnect: { minDelayMs: 2, maxDelayMs: 4 },
      ...(settings.device ? {} : { path: PATH }),
      ...settings,
    });
    const inbox = new Inbox();
    serial.setReceiveHandler(inbox.handler);
    onTestFinished(() => serial[Symbol.asyncDispose]());
    await serial.initialize();
    return { device, line, serial, inbox };
  }

  test('gets packets as they were sent, or not at all; every byte is counted at both ends', async () => {
    const faults = { ...NOISE, cutRate: 0.05 };
    const { line, serial, inbox } = await start({ toDevice: faults, toHost: faults });
    const sent = Array.from({ length: 2_000 }, (_, index) => Buffer.from(`packet ${index}`));
    await Promise.all(sent.map((packet) => serial.send('arm', packet)));
    // A clean line again, the first delimiter of which ends what noise has left open.
    line.setFaults({});
    await serial.send('arm', new Uint8Array(0));
    const last = new Uint8Array(Buffer.from('last'));
    await serial.send('arm', last);
    await vi.waitFor(() => expect(String(inbox.packets('arm').at(-1))).toBe(String(last)), { timeout: 10_000 });
    await serial.shutdown();

    const got = inbox.packets('arm').map((packet) => Buffer.from(packet).toString());
    const all = [...sent.map(String), '', 'last'];
    let from = 0;
    for (const packet of got) {
      const index = all.indexOf(packet, from);
      expect(index, `"${packet}" was sent, and in this order`).toBeGreaterThanOrEqual(0);
      from = index + 1;
    }
    expect(got.length).toBeGreaterThan(50);
    expect(got.length).toBeLessThan(all.length);
    const stats = serial.stats('arm');
    expectNothingUncounted(stats);
    expect(stats.checksumFrames + stats.malformedFrames).toBeGreaterThan(0);
    const { toDevice, toHost } = line.stats;
    expect(stats.bytesRead).toBe(toHost.bytesOut);
    expect(stats.bytesWritten).toBe(toDevice.bytesIn);
    expectEquation(toDevice);
    expectEquation(toHost);
  });

  test('finds its device again under another path', async () => {
    const { line, serial, device } = await start({}, { device: { serialNumber: 'A1' }, whenDisconnected: 'wait' });
    const paths: string[] = [];
    serial.on('connected', ({ path }) => paths.push(path));
    for (const path of ['/dev/mock1', '/dev/mock2', PATH]) {
      const lost = new Promise((resolve) => serial.once('disconnected', resolve));
      line.unplug();
      await lost;
      line.plug(path);
      await serial.send('arm', Buffer.from(path));
      expect(await device.nextPacket()).toEqual(new Uint8Array(Buffer.from(path)));
    }
    expect(paths).toEqual(['/dev/mock1', '/dev/mock2', PATH]);
    expect(serial.stats('arm')).toMatchObject({ opens: 4, losses: 3 });
    expect(line.stats.unplugs).toBe(3);
  });

  test('reaches a simulated board through it', async () => {
    const board = new SimulatedBoard({ path: PATH, image: await unoEchoImage() });
    const line = new FaultyLine(simulatedBinding(board), { path: PATH, toHost: { cutRate: 0.2, maxDelayMs: 1 } });
    await using serial = new SerialCommunicator({ binding: line.binding });
    serial.addConnection('uno', {
      path: PATH,
      baudRate: 115_200,
      settleMs: 5,
      reconnect: { minDelayMs: 2, maxDelayMs: 4 },
      whenDisconnected: 'wait',
    });
    const inbox = new Inbox();
    serial.setReceiveHandler(inbox.handler);
    await serial.initialize();
    for (const value of [1, 2]) {
      await serial.send('uno', Uint8Array.of(value, value, value));
      expect((await inbox.next()).packet).toEqual(Uint8Array.of(value, value, value));
      const lost = new Promise((resolve) => serial.once('disconnected', resolve));
      line.unplug();
      await lost;
      line.plug();
    }
    await vi.waitFor(() => expect(serial.connectionState('uno')).toBe('connected'));
    expect(board.stats.resets).toBe(3);
  });
});

describe.skipIf(process.platform !== 'linux' || !has('python3'))('on a pty (needs python3, Linux)', () => {
  test('echoes come back, also after the line was unplugged in the middle of a frame', async () => {
    const device = new Pty();
    onTestFinished(() => device.end());
    const line = new FaultyLine(directBinding, { path: await device.open(), toDevice: { cutRate: 0.01 } });
    onTestFailed(() => console.log(`FaultyLine seed ${line.seed}`));
    await using serial = new SerialCommunicator({ binding: line.binding });
    serial.addConnection('arm', { path: line.path, baudRate: 115_200, reconnect: { minDelayMs: 2, maxDelayMs: 4 } });
    const inbox = new Inbox();
    serial.setReceiveHandler(inbox.handler);
    await serial.initialize();
    const long = errorOf(serial.send('arm', new Uint8Array(60_000).fill(1)));
    await vi.waitFor(() => expect(line.stats.toDevice.bytesOut).toBeGreaterThan(1_000), { interval: 1 });
    const again = new Promise((resolve) => serial.on('connected', resolve));
    line.unplug();
    expect(await long).toMatchObject({ code: 'CONNECTION_LOST' });
    line.plug();
    await again;
    await device.echo(true);
    await serial.send('arm', Uint8Array.of(1, 2, 3));
    // What the pty still had of the frame comes back, too, and does not decode.
    expect((await inbox.next()).packet).toEqual(Uint8Array.of(1, 2, 3));
    expect(serial.stats('arm')).toMatchObject({ losses: 1, framesTruncated: 1 });
    expectEquation(line.stats.toDevice);
  });
});

test('a kernel port of the tests is a port like others', async () => {
  const port = new KernelPort({ path: PATH, baudRate: 9_600 });
  const reading = readAll(port, 4);
  port.give(Buffer.of(1, 2));
  await turns(1);
  port.give(Buffer.of(3, 4));
  expect(await reading).toEqual(Buffer.of(1, 2, 3, 4));
});
