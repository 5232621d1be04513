import { expect, onTestFinished, test, vi } from 'vitest';
import {
  type Binding,
  type Port,
  type PortListener,
  type PortOpenOptions,
  SerialCommunicator,
} from '../../src/index.js';
import { PortState } from '../../src/serial/port-state.js';
import { expectNothingUncounted } from '../support/stats.js';

/** A port that pushes what the test gives it, and accepts every write at once until writes fail. */
class PushPort implements Port {
  readonly openOptions: Required<PortOpenOptions>;
  readonly state = new PortState();
  failsWrites = false;
  writes = 0;

  constructor(options: PortOpenOptions) {
    this.openOptions = options as Required<PortOpenOptions>;
  }

  get isOpen(): boolean {
    return this.state.isOpen;
  }

  start(listener: PortListener): void {
    this.state.start(listener);
  }

  resume(): void {
    this.state.resume();
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    this.state.assertCanWrite(bytes);
    this.writes++;
    if (!this.failsWrites) {
      return undefined;
    }
    const written = this.state.beginWrite();
    this.state.fail(new Error('EIO, write'));
    return written;
  }

  async close(): Promise<void> {
    this.state.close();
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

/** Starts a communicator whose handler keeps the packet 1 until it is released. */
async function start(handle: (packet: number) => void = () => {}) {
  const ports: PushPort[] = [];
  const binding: Binding = {
    list: async () => [],
    async open(options) {
      ports.push(new PushPort(options));
      return ports.at(-1)!;
    },
  };
  const serial = new SerialCommunicator({ binding, shutdownTimeoutMs: 100 });
  const reconnect = { minDelayMs: 1, maxDelayMs: 2 };
  serial.addConnection('arm', { path: '/dev/push', baudRate: 9_600, syncOnOpen: false, reconnect });
  const handled: number[] = [];
  let release = () => {};
  serial.setReceiveHandler((_, packet) => {
    handled.push(packet[0]!);
    handle(packet[0]!);
    if (packet[0] === 1) {
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    }
    return undefined;
  });
  await serial.initialize();
  onTestFinished(async () => {
    await serial[Symbol.asyncDispose]();
    expectNothingUncounted(serial.stats('arm'));
  });
  return { serial, ports, handled, release: () => release() };
}

const frames = (...packets: number[]) => Buffer.concat(packets.map((packet) => Buffer.of(2, packet, 0)));

test('handles the packets of a lost port before those of the next', async () => {
  const { ports, handled, release } = await start();
  ports[0]!.state.receive(frames(1, 2));
  ports[0]!.state.receive(frames(3));
  ports[0]!.state.fail(new Error('EIO, read'));
  await vi.waitFor(() => expect(ports).toHaveLength(2));
  expect(handled).toEqual([1]);
  expect(ports[1]!.state.isReady).toBe(false);
  release();
  await vi.waitFor(() => expect(ports[1]!.state.isReady).toBe(true));
  ports[1]!.state.receive(frames(4));
  expect(handled).toEqual([1, 2, 3, 4]);
});

test.each(['before', 'after'])('does so too if a reply fails to be written %s the handler returns', async (when) => {
  const { serial, ports, handled, release } = await start((packet) => {
    if (packet === 1) {
      ports[0]!.failsWrites = true;
      const send = () => void serial.send('arm', Uint8Array.of(9)).catch(() => undefined);
      if (when === 'before') {
        send();
      } else {
        queueMicrotask(send);
      }
    }
  });
  ports[0]!.state.receive(frames(1, 2));
  await vi.waitFor(() => expect(ports).toHaveLength(2));
  expect(handled).toEqual([1]);
  expect(ports[1]!.state.isReady).toBe(false);
  release();
  await vi.waitFor(() => expect(ports[1]!.state.isReady).toBe(true));
  expect(handled).toEqual([1, 2]);
});

test('handles everything received when a handler that does not wait loses its port', async () => {
  const { ports, handled } = await start((packet) => {
    if (packet === 5) {
      ports[0]!.state.receive(frames(7));
      ports[0]!.state.fail(new Error('EIO, read'));
    }
  });
  ports[0]!.state.receive(frames(5, 6));
  expect(handled).toEqual([5, 6, 7]);
  await vi.waitFor(() => expect(ports[1]?.state.isReady).toBe(true));
});

test('sends all replies to one chunk in one write', async () => {
  const { serial, ports } = await start((packet) => void serial.send('arm', Uint8Array.of(packet)));
  ports[0]!.state.receive(frames(5, 6, 7));
  expect(ports[0]!.writes).toBe(1);
  await vi.waitFor(() => expect(serial.stats('arm').packetsSent).toBe(3));
});
