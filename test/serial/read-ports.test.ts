import { expect, onTestFinished, test, vi } from 'vitest';
import {
  type Binding,
  type PortOpenOptions,
  type ReadPort,
  SerialCommunicator,
  type SerialConnection,
} from '../../src/index.js';
import { expectNothingUncounted } from '../support/stats.js';

interface Read {
  buffer: Buffer;
  resolve(result: { buffer: Buffer; bytesRead: number }): void;
  reject(error: Error): void;
}

/** A port that has to be read, as `serialport` opens them. The test ends its reads and writes. */
class ScriptedPort implements ReadPort {
  readonly openOptions: Required<PortOpenOptions>;
  isOpen = true;
  /** The sizes of all reads so far. */
  readonly readBytes: number[] = [];
  /** Whether closing cancels the pending read, as it should. */
  cancelsRead = true;
  failWrite = (_error: Error): void => undefined;
  #read: Read | undefined;

  constructor(options: PortOpenOptions) {
    this.openOptions = options as Required<PortOpenOptions>;
  }

  get isReading(): boolean {
    return this.#read !== undefined;
  }

  /** Ends the pending read with these bytes. */
  give(bytes: Uint8Array): void {
    const { buffer, resolve } = this.#read!;
    this.#read = undefined;
    buffer.set(bytes);
    resolve({ buffer, bytesRead: bytes.length });
  }

  failRead(error: Error): void {
    this.#read?.reject(error);
    this.#read = undefined;
  }

  read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    expect(this.isReading).toBe(false);
    this.readBytes.push(length);
    return new Promise((resolve, reject) => {
      this.#read = { buffer: buffer.subarray(offset, offset + length), resolve, reject };
    });
  }

  write(): Promise<void> {
    return new Promise((_, reject) => {
      this.failWrite = reject;
    });
  }

  async close(): Promise<void> {
    this.isOpen = false;
    if (this.cancelsRead) {
      this.failRead(Object.assign(new Error('Port is closed'), { canceled: true }));
    }
  }

  async flush(): Promise<void> {}
  async drain(): Promise<void> {}
  async update(): Promise<void> {}
  async set(): Promise<void> {}

  async get(): Promise<{ cts: boolean; dsr: boolean; dcd: boolean }> {
    return { cts: true, dsr: true, dcd: true };
  }

  async getBaudRate(): Promise<{ baudRate: number }> {
    return { baudRate: 9_600 };
  }
}

async function start(settings: Partial<SerialConnection> = {}) {
  const ports: ScriptedPort[] = [];
  const binding: Binding = {
    list: async () => [],
    async open(options) {
      ports.push(new ScriptedPort(options));
      return ports.at(-1)!;
    },
  };
  const serial = new SerialCommunicator({ binding, shutdownTimeoutMs: 100 });
  serial.addConnection('arm', { path: '/dev/read', baudRate: 9_600, reconnect: false, syncOnOpen: false, ...settings });
  const disconnected = vi.fn();
  serial.on('disconnected', ({ error }) => disconnected(error.message));
  await serial.initialize();
  const port = ports[0]!;
  await vi.waitFor(() => expect(port.isReading).toBe(true));
  onTestFinished(async () => {
    await serial[Symbol.asyncDispose]();
    expectNothingUncounted(serial.stats('arm'));
  });
  return { serial, port, disconnected };
}

/** Gives the port bytes, and waits for its next read. */
async function give(port: ScriptedPort, bytes: Uint8Array): Promise<void> {
  port.give(bytes);
  await vi.waitFor(() => expect(port.isReading).toBe(true));
}

const FRAME = Uint8Array.of(2, 1, 0);

test('reads 256 bytes at first, and up to 16 KiB while reads fill the buffer', async () => {
  const { serial, port } = await start();
  await give(port, new Uint8Array(255).fill(1));
  await give(port, new Uint8Array(256).fill(1));
  await give(port, new Uint8Array(2_048).fill(1));
  await give(port, new Uint8Array(16_384).fill(1));
  expect(port.readBytes).toEqual([256, 256, 2_048, 16_384, 16_384]);
  expect(serial.stats('arm').bytesRead).toBe(255 + 256 + 2_048 + 16_384);
});

test('does not read while a handler is busy', async () => {
  const { serial, port } = await start();
  let release = () => {};
  serial.setReceiveHandler(
    () =>
      new Promise<void>((resolve) => {
        release = resolve;
      }),
  );
  port.give(FRAME);
  await vi.waitFor(() => expect(serial.stats('arm').packetsDelivered).toBe(1));
  await new Promise((resolve) => setImmediate(resolve));
  expect(port.isReading).toBe(false);
  release();
  await vi.waitFor(() => expect(port.isReading).toBe(true));
});

test('reports a read of no bytes as a hang-up, once, and closes the port', async () => {
  const { serial, port, disconnected } = await start();
  const sent = serial.send('arm', Uint8Array.of(1)).catch((error) => error.code);
  port.give(new Uint8Array(0));
  expect(await sent).toBe('CONNECTION_LOST');
  await vi.waitFor(() => expect(port.isOpen).toBe(false));
  expect(disconnected.mock.calls).toEqual([[expect.stringContaining('the port hung up')]]);
});

test('reports a hang-up once when a read and a write fail', async () => {
  const { serial, port, disconnected } = await start();
  const sent = serial.send('arm', Uint8Array.of(1)).catch((error) => error.code);
  await new Promise((resolve) => setImmediate(resolve));
  port.failWrite(new Error('EIO, write'));
  port.failRead(new Error('EIO, read'));
  expect(await sent).toBe('CONNECTION_LOST');
  await serial.shutdown();
  expect(disconnected).toHaveBeenCalledTimes(1);
});

test.each(['shutdown', 'a failed write'])('counts and drops what a read returns after %s', async (how) => {
  const { serial, port, disconnected } = await start();
  const handler = vi.fn();
  serial.setReceiveHandler(handler);
  port.cancelsRead = false;
  if (how === 'shutdown') {
    await serial.shutdown();
  } else {
    const sent = serial.send('arm', Uint8Array.of(1)).catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    port.failWrite(new Error('EIO, write'));
    await sent;
    expect(disconnected).toHaveBeenCalledTimes(1);
  }
  port.give(FRAME);
  await vi.waitFor(() => expect(serial.stats('arm')).toMatchObject({ bytesRead: 3, packetsDropped: 1 }));
  expect(handler).not.toHaveBeenCalled();
  expect(port.isReading).toBe(false);
});
